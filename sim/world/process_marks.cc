// The rare situations that a node's own events tell of.
#include "sim/marks.h"
#include "sim/world/process.h"

namespace synchrodb::sim {

void Process::mark_event(const TraceEvent& event) {
  switch (event.kind) {
    case TraceKind::kBecameFollower:
      SOMETIMES(leading_, "a leader gave way to another");
      leading_ = false;
      return;
    case TraceKind::kBecamePreCandidate:
      SOMETIMES(true, "a node asked for pre-votes");
      leading_ = false;
      return;
    case TraceKind::kBecameCandidate:
      SOMETIMES(true, "a node campaigned");
      SOMETIMES(campaigned_in_.next() == event.term, "a campaign followed a failed one at once");
      campaigned_in_ = event.term;
      return;
    case TraceKind::kBecameLeader:
      SOMETIMES(true, "a node became leader");
      SOMETIMES(event.term > Term{10}, "a leader's term was above 10");
      SOMETIMES(event.term > Term{30}, "a leader's term was above 30");
      SOMETIMES(life_ > 1, "a restarted node became leader");
      SOMETIMES(paused_, "a paused node became leader when it went on");
      leading_ = true;
      return;
    case TraceKind::kBecameLearner:
      SOMETIMES(true, "a node became a learner");
      return;
    case TraceKind::kVoteGranted:
      SOMETIMES(event.a == 0, "a vote was granted");
      SOMETIMES(event.a == 1, "a pre-vote was granted");
      return;
    case TraceKind::kAppended:
      SOMETIMES(event.a > 4, "more than four entries were appended at once");
      SOMETIMES(event.a > 32, "more than 32 entries were appended at once");
      last_appended_ = event.index;
      return;
    case TraceKind::kTruncated:
      SOMETIMES(true, "a follower truncated its log");
      SOMETIMES(last_appended_.value > event.index.value + 3,
                "a follower truncated more than three entries");
      return;
    case TraceKind::kConfiguration:
      SOMETIMES(event.a == 1, "a joint configuration took effect");
      SOMETIMES(event.a == 0 && event.index > Index{0}, "a simple configuration took effect");
      return;
    case TraceKind::kSnapshotSending:
      SOMETIMES(true, "a leader sent a snapshot");
      return;
    case TraceKind::kSnapshotInstalled:
      SOMETIMES(true, "a follower installed a snapshot");
      SOMETIMES(life_ > 1, "a restarted follower installed a snapshot");
      return;
    case TraceKind::kCompacted:
      SOMETIMES(true, "a log was compacted");
      SOMETIMES(leading_, "a leader compacted its log");
      return;
    case TraceKind::kLeaseServed:
      SOMETIMES(true, "a read was served under a lease");
      return;
    case TraceKind::kTransferStarted:
      SOMETIMES(true, "a leadership transfer began");
      return;
    case TraceKind::kTransferAborted:
      SOMETIMES(true, "a leadership transfer was given up");
      return;
    case TraceKind::kSteppedDown:
      SOMETIMES(event.a == 1, "a leader lost its quorum and resigned");
      SOMETIMES(event.a != 1, "a leader that was removed stepped down");
      return;
    case TraceKind::kRecoveryStarted:
      SOMETIMES(true, "a node with a damaged log waited for its peers");
      return;
    case TraceKind::kRecoveryFinished:
      SOMETIMES(true, "a node with a damaged log was mended");
      return;
    case TraceKind::kCommitted:
      SOMETIMES(event.index > Index{1'000}, "more than 1,000 entries were committed");
      SOMETIMES(commit_reported_.value + 16 < event.index.value,
                "more than 16 entries were committed at once");
      commit_reported_ = event.index;
      return;
  }
}

}  // namespace synchrodb::sim
