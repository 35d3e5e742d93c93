#include "engine/storage/group_recovery.h"

#include <algorithm>

namespace synchrodb::storage {

namespace {

void add_fault(GroupLog& log, const FaultBound& bound) {
  log.fault = log.fault ? join(*log.fault, bound) : bound;
}

// A newer snapshot than the one in use is damaged. Without loss if the log still reaches as far.
void lost_snapshot(GroupLog& log, const SnapshotCandidate& newest, Term term) {
  const FaultBound bound =
      newest.meta ? FaultBound{newest.meta->term, newest.index} : FaultBound{term, Index{}};
  const bool covered = newest.meta ? log.covers(bound) : log.last() >= newest.index;
  if (!covered) add_fault(log, bound);
}

}  // namespace

RecoveredGroup join_log_and_snapshot(ReplayedGroup replayed,
                                     const std::vector<SnapshotCandidate>& candidates, Term term) {
  RecoveredGroup out{std::move(replayed.log), false};
  GroupLog& log = out.log;
  const Index index = replayed.snapshot ? replayed.snapshot->index : Index{};
  const Term snapshot_term = replayed.snapshot ? replayed.snapshot->term : Term{};
  const FaultBound unknown{std::max({term, log.last_term(), snapshot_term}), Index{}};

  if (index < log.base()) {
    // The snapshot that the log follows is gone: what is left of the log hangs in the air.
    add_fault(log, replayed.suspect ? replayed.bound.value_or(unknown)
                                    : FaultBound{log.last_term(), log.last()});
    log.reset(index, snapshot_term);
    out.rewrite = true;
  } else if (log.term_at(index) == snapshot_term) {
    log.trim(index);
  } else {
    // The log is behind the snapshot, or conflicts with it: a crash came between the snapshot's
    // rename and the log's reset (openraft 21684bbd, bug zoo 40). What the snapshot stands for is
    // committed; a log with another term at its index is not.
    log.reset(index, snapshot_term);
    out.rewrite = true;
  }
  if (replayed.suspect) add_fault(log, replayed.bound.value_or(unknown));
  if (!candidates.empty() && candidates.front().index > index) {
    lost_snapshot(log, candidates.front(), unknown.term);
    out.rewrite = true;
  }
  // A group that saw no term has acknowledged nothing.
  if (log.fault && !log.fault->term) log.fault.reset();
  // Also ends a fault of an earlier recovery whose group has caught up since.
  if (log.fault && log.covers(*log.fault)) log.fault.reset();
  return out;
}

}  // namespace synchrodb::storage
