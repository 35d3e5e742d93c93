#include "sim/protocol/behaviour.h"

#include <algorithm>

#include "sim/fault_table.h"

namespace synchrodb::sim {
namespace {

// Why not; empty: it does.
std::string unsuitable(const FaultAction& action) {
  if (action.target == "leader" || action.target == "follower" || action.target == "followers") {
    return "nobody knows who leads in a protocol; name nodes, or random, minority, majority, all";
  }
  switch (find_fault(action.fault).value()) {
    case FaultKind::kPartitionIsolateLeader:
      return "nobody knows who leads in a protocol; there is partition-isolate-one";
    case FaultKind::kMessageTypeLoss:
      return "a protocol's messages are bytes, without types; there is loss";
    case FaultKind::kBitRot:
    case FaultKind::kMisdirectedWrite:
      return "a protocol's storage has no replica to mend it from; there is wiped-under-old-name";
    case FaultKind::kWipeAndRejoin:
    case FaultKind::kMembershipChange:
    case FaultKind::kLeadershipTransfer:
    case FaultKind::kSnapshotNow:
    case FaultKind::kReconfiguredRestart:
    case FaultKind::kMemoryLimit:
      return "it is of the engine's members and log, which a protocol does not have";
    default:
      return "";
  }
}

}  // namespace

bool suits_protocols(const FaultAction& action) {
  return unsuitable(action).empty();
}

Result<> validate_for_protocol(const Plan& plan) {
  for (std::size_t i = 0; i < plan.faults.size(); ++i) {
    const std::string why = unsuitable(plan.faults[i]);
    if (why.empty()) continue;
    return Error{ErrorCode::kInvalid, "faults[" + std::to_string(i) + "]: " + plan.faults[i].fault +
                                          " does not suit a protocol: " + why};
  }
  return {};
}

}  // namespace synchrodb::sim
