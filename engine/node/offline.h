// What may be done to a node's disk while no node runs on it: founding a group from a snapshot, and
// giving a group that lost its quorum for good to the one node that is left.
//
// Both park, as the storage does. `storage` has recovered.
#pragma once

#include <cstdint>
#include <string_view>

#include "consensus/protocol.h"
#include "engine/storage/storage.h"

namespace synchrodb {

// The members as of the end of this log; none if nothing is known.
Configuration latest_configuration(const DurableState& state);

// ---- A group whose log begins with a snapshot.

// Where the state of such a group comes from. Equal on all members that begin with an equal state.
SnapshotMeta founding_snapshot(Index index, const Configuration& members);

// Gives an empty disk a group's first state, piece by piece. A crash before finish() has returned
// leaves a group that has nothing.
class FirstState {
 public:
  // `total`: bytes of the sealed state (engine/replica/snapshot_seal.h).
  FirstState(Storage& storage, GroupId group, SnapshotMeta meta, std::uint64_t total)
      : storage_(storage), group_(group), meta_(std::move(meta)), total_(total) {}

  // The bytes after those added, not empty.
  Result<> add(std::string_view bytes);
  // All bytes are there: the group stands at the snapshot, in its term. kCorrupt if some are
  // missing or the disk does not hold what was written.
  Result<> finish();

 private:
  Storage& storage_;
  GroupId group_;
  SnapshotMeta meta_;
  std::uint64_t total_;
  std::uint64_t added_ = 0;
  bool intact_ = false;
};

// ---- A group without its quorum.

// The entry that made a node its group's only voter.
struct TakenOver {
  Term term;
  Index index;
};

// Appends to the group's log a configuration of which `self` is the only member, in a term of its
// own. When the node starts it elects itself, and all of its log is committed: what no majority had
// acknowledged, too. What only others had is gone, and damage is accepted as loss. `state` is what
// storage recovered; `written` the civil time. kInvalid where there is no log to go on with.
//
// One atomic write: a crash leaves the old log or the new one. Members that come back must not meet
// this node again, for they may elect a leader without it: give the cluster another id first.
Result<TakenOver> make_sole_voter(Storage& storage, GroupId group, const DurableState& state,
                                  NodeId self, const WallInterval& written);

}  // namespace synchrodb
