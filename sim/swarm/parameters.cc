#include "sim/swarm/parameters.h"

#include <algorithm>
#include <array>

#include "sim/options.h"

namespace synchrodb::sim {
namespace {

using Parameters = std::map<std::string, std::int64_t>;

constexpr std::array kProfiles{
    Profile{FaultKind::kDelay, 2, 200, 5'000, 0, Victims::kLinks},
    Profile{FaultKind::kBimodalDelay, 2, 500, 8'000, 20, Victims::kLinks},
    Profile{FaultKind::kLinkBias, 1, 1'000, 10'000, 60, Victims::kLinks},
    Profile{FaultKind::kLoss, 2, 200, 5'000, 10, Victims::kLinks},
    Profile{FaultKind::kDuplication, 2, 500, 10'000, 40, Victims::kLinks},
    Profile{FaultKind::kReordering, 2, 500, 10'000, 30, Victims::kLinks},
    Profile{FaultKind::kBitFlip, 1, 500, 10'000, 20, Victims::kLinks},
    Profile{FaultKind::kClog, 2, 100, 3'000, 0, Victims::kLinks},
    Profile{FaultKind::kBandwidth, 1, 500, 6'000, 5, Victims::kLinks},
    Profile{FaultKind::kOneWayLoss, 3, 200, 5'000, 0, Victims::kOne},
    Profile{FaultKind::kMessageTypeLoss, 2, 200, 3'000, 0, Victims::kLinks},
    Profile{FaultKind::kPartitionHalves, 2, 200, 6'000, 0, Victims::kCluster},
    Profile{FaultKind::kPartitionMajorityMinority, 2, 200, 8'000, 0, Victims::kCluster},
    Profile{FaultKind::kPartitionIsolateOne, 2, 200, 8'000, 0, Victims::kOne},
    Profile{FaultKind::kPartitionIsolateLeader, 4, 500, 10'000, 0, Victims::kCluster},
    Profile{FaultKind::kPartitionBridge, 2, 200, 6'000, 0, Victims::kCluster},
    Profile{FaultKind::kPartitionRing, 2, 200, 6'000, 0, Victims::kCluster},
    Profile{FaultKind::kPartitionRandom, 2, 200, 4'000, 0, Victims::kCluster},
    Profile{FaultKind::kClockOffset, 2, 1'000, 10'000, 30, Victims::kSome},
    Profile{FaultKind::kClockDrift, 2, 2'000, 20'000, 70, Victims::kSome},
    Profile{FaultKind::kClockStep, 2, 500, 10'000, 0, Victims::kSome},
    Profile{FaultKind::kClockStrobe, 1, 500, 5'000, 0, Victims::kSome},
    Profile{FaultKind::kClockFreeze, 1, 200, 5'000, 0, Victims::kSome},
    Profile{FaultKind::kDiskLatency, 2, 200, 5'000, 0, Victims::kSome},
    Profile{FaultKind::kDiskStall, 2, 200, 3'000, 0, Victims::kOne},
    Profile{FaultKind::kLostWrites, 2, 5'000, 20'000, 80, Victims::kMost},
    Profile{FaultKind::kTornWrite, 2, 5'000, 20'000, 80, Victims::kMost},
    Profile{FaultKind::kLostRename, 2, 5'000, 20'000, 80, Victims::kMost},
    Profile{FaultKind::kBitRot, 2, 0, 0, 0, Victims::kDamaged},
    Profile{FaultKind::kMisdirectedWrite, 1, 200, 3'000, 0, Victims::kDamaged},
    Profile{FaultKind::kSyncFailure, 2, 200, 2'000, 0, Victims::kOne},
    Profile{FaultKind::kDiskFull, 1, 200, 2'000, 0, Victims::kOne},
    Profile{FaultKind::kDiskError, 1, 200, 2'000, 0, Victims::kOne},
    Profile{FaultKind::kCrash, 8, 0, 0, 0, Victims::kSome},
    Profile{FaultKind::kRestart, 2, 0, 0, 0, Victims::kOne},
    Profile{FaultKind::kPauseClockRunning, 3, 50, 4'000, 0, Victims::kOne},
    Profile{FaultKind::kPauseClockStopped, 2, 50, 4'000, 0, Victims::kOne},
    Profile{FaultKind::kSlowNode, 2, 500, 6'000, 0, Victims::kOne},
    Profile{FaultKind::kWipeAndRejoin, 1, 0, 0, 0, Victims::kDamaged},
    Profile{FaultKind::kMemoryLimit, 1, 500, 6'000, 0, Victims::kSome},
    Profile{FaultKind::kMembershipChange, 6, 200, 8'000, 0, Victims::kCluster},
    Profile{FaultKind::kLeadershipTransfer, 3, 0, 0, 0, Victims::kCluster},
    Profile{FaultKind::kSnapshotNow, 3, 0, 0, 0, Victims::kSome},
    Profile{FaultKind::kReconfiguredRestart, 1, 0, 0, 0, Victims::kOne},
    Profile{FaultKind::kLyingSync, 3, 2'000, 20'000, 50, Victims::kSome},
    Profile{FaultKind::kClockBoundViolated, 3, 2'000, 20'000, 50, Victims::kOne},
    Profile{FaultKind::kWipedUnderOldName, 3, 0, 0, 0, Victims::kOne},
};

Parameters network_parameters(FaultKind kind, Draw& draw) {
  switch (kind) {
    case FaultKind::kDelay:
      return {{"min-us", draw.between(0, 5'000)}, {"mean-us", draw.doubling(1'000, 60'000)}};
    case FaultKind::kBimodalDelay:
      return {{"ppm", draw.doubling(2'000, 100'000)},
              {"slow-us", draw.doubling(10'000, 1'000'000)}};
    case FaultKind::kLinkBias:
      return {{"max-us", draw.doubling(1'000, 40'000)}};
    case FaultKind::kLoss:
      return {{"ppm", draw.doubling(5'000, 400'000)}};
    case FaultKind::kDuplication:
      return {{"ppm", draw.doubling(10'000, 500'000)},
              {"late-us", draw.doubling(1'000, 3'000'000)}};
    case FaultKind::kReordering:
      return {{"ppm", draw.doubling(10'000, 400'000)},
              {"late-us", draw.doubling(1'000, 2'000'000)}};
    case FaultKind::kBitFlip:
      return {{"ppm", draw.doubling(2'000, 100'000)}};
    case FaultKind::kClog:
      return {{"percent", draw.between(20, 100)}};
    case FaultKind::kBandwidth:
      return {{"bytes-per-second", draw.doubling(20'000, 2'000'000)},
              {"buffer-bytes", draw.doubling(4'096, 262'144)}};
    case FaultKind::kOneWayLoss:
      return {{"ppm", draw.chance(3, 4) ? 1'000'000 : draw.between(300'000, 900'000)},
              {"inbound", draw.between(0, 1)}};
    case FaultKind::kMessageTypeLoss:
      return {{"ppm", draw.chance(3, 4) ? 1'000'000 : draw.between(300'000, 900'000)},
              {"type", -1}};
    case FaultKind::kPartitionIsolateLeader:
      return {{"follow-ms", draw.coin() ? 0 : draw.doubling(1, 1'000)}};
    case FaultKind::kPartitionRandom:
      return {{"percent", draw.between(15, 60)}};
    default:
      return {};
  }
}

Parameters clock_parameters(FaultKind kind, const Plan& plan, Draw& draw) {
  switch (kind) {
    case FaultKind::kClockOffset:
      return {{"offset-ms", draw.either_sign(draw.doubling(50, 60'000))}};
    case FaultKind::kClockDrift: {
      const std::int64_t bound = option_value(plan, "clock-drift-bound-ppm");
      return {{"ppm", draw.either_sign(draw.between(bound / 2, bound))}};
    }
    case FaultKind::kClockStep:
      return {{"step-ms", draw.either_sign(draw.doubling(50, 60'000))}};
    case FaultKind::kClockStrobe:
      return {{"step-ms", draw.either_sign(draw.doubling(1, 10'000))},
              {"period-ms", draw.doubling(20, 1'000)}};
    case FaultKind::kClockBoundViolated:
      return {{"offset-ms", draw.either_sign(draw.doubling(500, 10'000))},
              {"ppm", draw.between(-700'000, 500'000)}};
    default:
      return {};
  }
}

Parameters disk_parameters(FaultKind kind, Draw& draw) {
  switch (kind) {
    case FaultKind::kDiskLatency:
      return {{"sync-min-us", draw.doubling(100, 4'000)},
              {"sync-max-us", draw.doubling(5'000, 80'000)}};
    case FaultKind::kDiskStall:
      return {{"ppm", draw.doubling(10'000, 300'000)}, {"stall-ms", draw.doubling(20, 2'000)}};
    case FaultKind::kLostWrites:
    case FaultKind::kLostRename:
    case FaultKind::kLyingSync:
      return {{"ppm", draw.coin() ? 1'000'000 : draw.between(200'000, 900'000)}};
    case FaultKind::kTornWrite:
      return {{"ppm", draw.coin() ? 1'000'000 : draw.between(200'000, 900'000)},
              {"sector-bytes", draw.chance(3, 4) ? 512 : 4'096}};
    case FaultKind::kBitRot:
      return {{"flips", draw.doubling(1, 16)}};
    case FaultKind::kMisdirectedWrite:
    case FaultKind::kSyncFailure:
      return {{"ppm", draw.doubling(5'000, 200'000)}};
    case FaultKind::kDiskFull:
      return {{"free-bytes", draw.doubling(128, 131'072)}};
    case FaultKind::kDiskError:
      return {{"ppm", draw.doubling(1'000, 50'000)}};
    default:
      return {};
  }
}

Parameters process_parameters(FaultKind kind, const Plan& plan, Draw& draw) {
  switch (kind) {
    case FaultKind::kCrash:
      return {{"down-ms", draw.doubling(5, 3'000)},
              {"while-writing-percent", draw.pick({0, 50, 90, 100})}};
    case FaultKind::kRestart:
      return {{"down-ms", draw.doubling(5, 2'000)}};
    case FaultKind::kSlowNode:
      return {{"extra-us", draw.doubling(200, 40'000)}};
    case FaultKind::kWipeAndRejoin:
    case FaultKind::kWipedUnderOldName:
      return {{"down-ms", draw.doubling(50, 3'000)}};
    case FaultKind::kMemoryLimit:
      return {{"bytes", draw.doubling(2'048, 65'536)}};
    case FaultKind::kMembershipChange:
      return {{"kind", 0}, {"min-voters", smallest_membership(plan.nodes)}};
    case FaultKind::kReconfiguredRestart: {
      // A shorter timeout would elect a leader within the old one's classical lease.
      const bool classical = option_value(plan, "lease") == 2;
      return {{"timeout-percent", draw.between(classical ? 100 : 50, 300)},
              {"down-ms", draw.doubling(5, 2'000)}};
    }
    default:
      return {};
  }
}

}  // namespace

const Profile* profile_of(FaultKind kind) {
  const auto* position = std::find_if(kProfiles.begin(), kProfiles.end(),
                                      [&](const Profile& profile) { return profile.kind == kind; });
  return position == kProfiles.end() ? nullptr : position;
}

std::uint32_t smallest_membership(std::uint32_t nodes) {
  if (nodes >= 5) return nodes - 2;
  return nodes >= 3 ? nodes - 1 : nodes;
}

Parameters draw_parameters(FaultKind kind, const Plan& plan, Draw& draw) {
  if (kind == FaultKind::kClockBoundViolated) return clock_parameters(kind, plan, draw);
  if (kind == FaultKind::kLyingSync) return disk_parameters(kind, draw);
  const std::string_view family = spec_of(kind).family;
  if (family == "network") return network_parameters(kind, draw);
  if (family == "clock") return clock_parameters(kind, plan, draw);
  if (family == "disk") return disk_parameters(kind, draw);
  return process_parameters(kind, plan, draw);
}

Parameters draw_nature(FaultKind kind, Draw& draw) {
  if (kind == FaultKind::kDelay) {
    return {{"min-us", draw.doubling(50, 1'000)}, {"mean-us", draw.doubling(100, 3'000)}};
  }
  return {{"sync-min-us", draw.doubling(50, 400)}, {"sync-max-us", draw.doubling(500, 16'000)}};
}

}  // namespace synchrodb::sim
