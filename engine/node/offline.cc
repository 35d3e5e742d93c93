#include "engine/node/offline.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "consensus/assert.h"

namespace synchrodb {
namespace {

// Of the first entry or vote that members of such a group may see.
constexpr Term kFoundingTerm{1};

Result<> write_one(Storage& storage, GroupId group, AppendBatch batch,
                   std::vector<StagedSnapshot>& staged) {
  std::vector<GroupBatch> batches;
  batches.push_back({group, std::move(batch)});
  return storage.write(batches, staged);
}

Result<> write_one(Storage& storage, GroupId group, AppendBatch batch) {
  std::vector<StagedSnapshot> none;
  return write_one(storage, group, std::move(batch), none);
}

}  // namespace

Configuration latest_configuration(const DurableState& state) {
  for (auto entry = state.entries.rbegin(); entry != state.entries.rend(); ++entry) {
    if ((*entry)->kind() != EntryKind::kConfiguration) continue;
    if (auto decoded = decode_configuration((*entry)->payload())) return *std::move(decoded);
  }
  return state.snapshot ? state.snapshot->configuration : Configuration();
}

SnapshotMeta founding_snapshot(Index index, const Configuration& members) {
  return {index, kFoundingTerm, members, index};
}

Result<> FirstState::add(std::string_view bytes) {
  AppendBatch batch;
  batch.piece = SnapshotPiece{meta_, added_, total_, std::make_shared<const std::string>(bytes)};
  std::vector<StagedSnapshot> staged;
  if (Result<> written = write_one(storage_, group_, std::move(batch), staged); !written) {
    return written;
  }
  added_ += bytes.size();
  if (!staged.empty()) intact_ = staged.back().intact;
  return {};
}

Result<> FirstState::finish() {
  if (!intact_) {
    return Error{ErrorCode::kCorrupt, "the disk holds " + std::to_string(added_) + " of " +
                                          std::to_string(total_) +
                                          " bytes of the state, or not as they were written"};
  }
  // A batch's parts are durable in this order: nothing follows a snapshot that is not there.
  AppendBatch batch;
  batch.hard_state = HardState{meta_.term, NodeId{}};
  batch.install = meta_;
  return write_one(storage_, group_, std::move(batch));
}

Result<TakenOver> make_sole_voter(Storage& storage, GroupId group, const DurableState& state,
                                  NodeId self, const WallInterval& written) {
  SYNCHRODB_ASSERT(static_cast<bool>(self), "node 0 is none");
  Index last;
  Term last_term;
  if (state.snapshot) {
    last = state.snapshot->index;
    last_term = state.snapshot->term;
  }
  if (!state.entries.empty()) {
    last = state.entries.back()->index();
    last_term = state.entries.back()->term();
  }
  if (!last) {
    return Error{ErrorCode::kInvalid,
                 "this node holds nothing of the group: neither log nor snapshot"};
  }
  // Above all that this node may have acknowledged and lost: the log covers the damage then.
  Term before = std::max({state.hard_state.term, state.hard_state.recovery_term, last_term});
  if (state.fault) before = std::max(before, state.fault->lost_term);
  const Term term = before.next();
  Configuration alone;
  alone.voters = {self};
  AppendBatch batch;
  batch.hard_state = HardState{term, self};
  batch.entries = {make_entry(term, last.next(), EntryKind::kConfiguration, written,
                              encode_configuration(alone))};
  if (Result<> r = write_one(storage, group, std::move(batch)); !r) return r.error();
  return TakenOver{term, last.next()};
}

}  // namespace synchrodb
