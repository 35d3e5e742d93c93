#include "consensus/effects.h"

#include "consensus/protocol.h"

namespace synchrodb {

void Effects::clear() {
  append.reset();
  gated.clear();
  send.clear();
  snapshots.clear();
  restore.reset();
  apply.clear();
  reads.clear();
  trace.clear();
  deadline = kNever;
}

const char* name_of(TraceKind kind) {
  switch (kind) {
    case TraceKind::kBecameFollower:
      return "became-follower";
    case TraceKind::kBecamePreCandidate:
      return "became-pre-candidate";
    case TraceKind::kBecameCandidate:
      return "became-candidate";
    case TraceKind::kBecameLeader:
      return "became-leader";
    case TraceKind::kBecameLearner:
      return "became-learner";
    case TraceKind::kVoteGranted:
      return "vote-granted";
    case TraceKind::kAppended:
      return "appended";
    case TraceKind::kTruncated:
      return "truncated";
    case TraceKind::kCommitted:
      return "committed";
    case TraceKind::kConfiguration:
      return "configuration";
    case TraceKind::kSnapshotSending:
      return "snapshot-sending";
    case TraceKind::kSnapshotInstalled:
      return "snapshot-installed";
    case TraceKind::kCompacted:
      return "compacted";
    case TraceKind::kLeaseServed:
      return "lease-served";
    case TraceKind::kTransferStarted:
      return "transfer-started";
    case TraceKind::kTransferAborted:
      return "transfer-aborted";
    case TraceKind::kSteppedDown:
      return "stepped-down";
    case TraceKind::kRecoveryStarted:
      return "recovery-started";
    case TraceKind::kRecoveryFinished:
      return "recovery-finished";
  }
  return "unknown";
}

const char* name_of(Role role) {
  switch (role) {
    case Role::kLearner:
      return "learner";
    case Role::kFollower:
      return "follower";
    case Role::kPreCandidate:
      return "pre-candidate";
    case Role::kCandidate:
      return "candidate";
    case Role::kLeader:
      return "leader";
  }
  return "unknown";
}

}  // namespace synchrodb
