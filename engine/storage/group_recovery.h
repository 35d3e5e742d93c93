// Where a group's replayed log and its snapshots meet.
#pragma once

#include <vector>

#include "engine/storage/replay.h"
#include "engine/storage/snapshot_store.h"

namespace synchrodb::storage {

struct RecoveredGroup {
  GroupLog log;  // follows the snapshot; `fault` is set if anything acknowledged may be missing
  bool rewrite = false;  // differs from what the log's files would replay to
};

// `candidates`: the group's snapshot files, newest first. `term`: the group's term at recovery; an
// unknown bound is at most of this term.
RecoveredGroup join_log_and_snapshot(ReplayedGroup replayed,
                                     const std::vector<SnapshotCandidate>& candidates, Term term);

}  // namespace synchrodb::storage
