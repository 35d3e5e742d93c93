// The fault model as a table (design 6.3): names, parameters, defaults, and the real-world incident
// each stands for.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace synchrodb::sim {

enum class FaultKind : std::uint8_t {
  // network
  kDelay,
  kBimodalDelay,
  kLinkBias,
  kLoss,
  kDuplication,
  kReordering,
  kBitFlip,
  kClog,
  kBandwidth,
  kOneWayLoss,
  kMessageTypeLoss,
  kPartitionHalves,
  kPartitionMajorityMinority,
  kPartitionIsolateOne,
  kPartitionIsolateLeader,
  kPartitionBridge,
  kPartitionRing,
  kPartitionRandom,
  // clock
  kClockOffset,
  kClockDrift,
  kClockStep,
  kClockStrobe,
  kClockFreeze,
  // disk
  kDiskLatency,
  kDiskStall,
  kLostWrites,
  kTornWrite,
  kLostRename,
  kBitRot,
  kMisdirectedWrite,
  kSyncFailure,
  kDiskFull,
  kDiskError,
  // process
  kCrash,
  kRestart,
  kPauseClockRunning,
  kPauseClockStopped,
  kSlowNode,
  kWipeAndRejoin,
  kMemoryLimit,
  // cluster
  kMembershipChange,
  kLeadershipTransfer,
  kSnapshotNow,
  kReconfiguredRestart,
  // code
  kBuggify,
  kKnobs,
  // beyond the budget
  kLyingSync,
  kClockBoundViolated,
  kWipedUnderOldName,
  kCount,
};

struct FaultParameter {
  std::string_view name;  // unit in the name: "mean-us", "ppm"
  std::int64_t standard;
  std::int64_t low;
  std::int64_t high;
};

struct FaultSpec {
  FaultKind kind;
  std::string_view name;    // "partition-ring"
  std::string_view family;  // "network", "clock", "disk", "process", "cluster", "code", "beyond"
  std::string_view description;
  std::string_view incident;
  std::span<const FaultParameter> parameters;
};

// All faults, in the order of FaultKind.
std::span<const FaultSpec> fault_table();
const FaultSpec& spec_of(FaultKind kind);
std::optional<FaultKind> find_fault(std::string_view name);
// The faults that a word of --faults selects: a family, a name, or a name's first word
// ("partition").
std::vector<FaultKind> select_faults(std::string_view word);

}  // namespace synchrodb::sim
