#include "engine/storage/node_storage.h"

#include <algorithm>

#include "consensus/assert.h"

namespace synchrodb::storage {

namespace {
// Copied forward at one rotation, at most: a write must not wait long for others' entries.
constexpr std::uint64_t kMostCopied = 1024 * 1024;
}  // namespace

Result<> NodeStorage::keep(Result<> result) {
  if (!result && !failed_) failed_ = result.error();
  return result;
}

Result<> NodeStorage::refuse() const {
  return Error{ErrorCode::kIo, "storage failed earlier: " + failed_->message};
}

Result<> NodeStorage::write(const std::vector<GroupBatch>& batches,
                            std::vector<StagedSnapshot>& staged) {
  SYNCHRODB_ASSERT(recovered_, "recover() comes first");
  if (failed_) return refuse();
  // A vote or term is durable before any entry that rests on it (bug zoo 2).
  if (Result<> r = keep(write_hard_states(batches)); !r) return r;
  // A snapshot is durable before the log that follows it.
  if (Result<> r = keep(write_snapshots(batches, staged)); !r) return r;
  builder_.clear();
  touched_.clear();
  for (const GroupBatch& batch : batches) encode(batch);
  if (builder_.empty()) return {};
  return keep(commit());
}

Result<> NodeStorage::write_hard_states(const std::vector<GroupBatch>& batches) {
  std::vector<std::pair<GroupId, HardState>> changes;
  for (const GroupBatch& b : batches) {
    if (!b.batch.hard_state) continue;
    changes.emplace_back(b.group, *b.batch.hard_state);
    groups_.try_emplace(b.group);
  }
  if (changes.empty()) return {};
  return hard_states_.write(changes);
}

Result<> NodeStorage::write_snapshots(const std::vector<GroupBatch>& batches,
                                      std::vector<StagedSnapshot>& staged) {
  for (const GroupBatch& b : batches) {
    if (b.batch.piece) {
      Result<std::optional<StagedSnapshot>> done = snapshots_.stage(b.group, *b.batch.piece);
      if (!done) return done.error();
      if (done.value()) staged.push_back(*done.value());
    }
    if (b.batch.install) {
      if (Result<> r = snapshots_.install(b.group, *b.batch.install); !r) return r;
    }
  }
  return {};
}

void NodeStorage::encode(const GroupBatch& b) {
  const AppendBatch& batch = b.batch;
  if (!batch.install && batch.entries.empty() && !batch.hard_state) return;
  GroupLog& log = groups_[b.group];
  if (batch.install) {
    builder_.position(RecordType::kReset, b.group, batch.install->index, batch.install->term);
    log.reset(batch.install->index, batch.install->term);
  }
  if (!batch.entries.empty()) {
    touched_.push_back({b.group, batch.entries.front()->index()});
    for (const EntryRef& entry : batch.entries) encode_entry(b.group, log, entry);
    if (const SnapshotMeta* snapshot = snapshots_.current(b.group)) log.trim(snapshot->index);
  }
  const bool mended = log.fault && log.covers(*log.fault);
  const bool taken_over = log.fault && batch.hard_state && remembers(*batch.hard_state, *log.fault);
  if (mended || taken_over) {
    builder_.position(RecordType::kFaultResolved, b.group, Index{}, Term{});
    log.fault.reset();
  }
}

void NodeStorage::encode_entry(GroupId group, GroupLog& log, const EntryRef& entry) {
  // Lets the payload begin in a sector of its own, so that tearing can part it from its header.
  if (buggify_.buggify("wal.straddle-sectors")) builder_.pad_to_leave(kRecordHeader + kEntryFixed);
  const Index before = entry->index().previous();
  const std::optional<Term> previous = log.term_at(before);
  if (!previous && before < log.base()) log.reset(before, Term{});
  builder_.entry(group, *entry, previous.value_or(Term{}));
  log.append(entry);
}

Result<> NodeStorage::commit() {
  const bool rotate = !wal_.fits(builder_.length()) || buggify_.buggify("wal.early-rotate");
  const std::uint64_t segment = rotate ? wal_.next_segment() : wal_.segment();
  for (const Touched& t : touched_) groups_[t.group].note_run(t.first, segment);
  std::uint64_t head = 0;
  if (rotate) {
    const std::uint64_t budget = std::min(options_.segment_bytes / 8, kMostCopied);
    head = encode_epilogue(segment, choose_copies({}, budget));
    if (Result<> r = wal_.rotate(builder_.length()); !r) return r;
  }
  if (Result<> r = wal_.write(builder_); !r) return r;
  needs_confirmation_ = true;
  if (!rotate) return {};
  return wal_.release_below(head, true);
}

void NodeStorage::encode_whole_log(GroupId group, std::uint64_t segment) {
  GroupLog& log = groups_[group];
  builder_.position(RecordType::kReset, group, log.base(), log.base_term());
  Term previous = log.base_term();
  for (const EntryRef& entry : log.entries()) {
    builder_.entry(group, *entry, previous);
    previous = entry->term();
  }
  log.note_run(log.base().next(), segment);
}

// Whole segments' worth of groups, oldest segment first, as long as the budget lasts.
std::vector<GroupId> NodeStorage::choose_copies(std::vector<GroupId> copies,
                                                std::uint64_t budget) const {
  std::map<std::uint64_t, std::vector<GroupId>> pinned;
  for (const auto& [group, log] : groups_) {
    const auto oldest = log.oldest_segment();
    if (oldest && *oldest < wal_.next_segment()) pinned[*oldest].push_back(group);
  }
  for (const auto& [segment, groups] : pinned) {
    std::uint64_t cost = 0;
    for (GroupId group : groups) cost += groups_.at(group).bytes();
    if (cost > budget) break;
    budget -= cost;
    copies.insert(copies.end(), groups.begin(), groups.end());
  }
  std::sort(copies.begin(), copies.end());
  copies.erase(std::unique(copies.begin(), copies.end()), copies.end());
  return copies;
}

std::uint64_t NodeStorage::encode_epilogue(std::uint64_t segment,
                                           const std::vector<GroupId>& copies) {
  for (GroupId group : copies) encode_whole_log(group, segment);
  std::uint64_t head = segment;
  for (const auto& [group, log] : groups_) {
    if (!std::binary_search(copies.begin(), copies.end(), group)) {
      builder_.position(RecordType::kPosition, group, log.last(), log.last_term());
      head = std::min(head, log.oldest_segment().value_or(segment));
    }
    if (log.fault) builder_.position(RecordType::kFault, group, log.fault->index, log.fault->term);
  }
  builder_.position(RecordType::kHead, GroupId{}, Index{head}, Term{});
  return head;
}

Result<> NodeStorage::confirm() {
  if (failed_) return refuse();
  if (!needs_confirmation_) return {};
  builder_.clear();
  if (!wal_.fits(0)) {
    // Begins a new segment, whose first batch has contents of its own to be confirmed in turn.
    touched_.clear();
    return keep(commit());
  }
  if (Result<> r = keep(wal_.write(builder_)); !r) return r;
  needs_confirmation_ = false;
  return {};
}

Result<> NodeStorage::begin_snapshot(GroupId group, const SnapshotMeta& meta) {
  SYNCHRODB_ASSERT(recovered_, "recover() comes first");
  if (failed_) return refuse();
  return keep(snapshots_.begin(group, meta));
}

Result<> NodeStorage::extend_snapshot(GroupId group, std::string_view state) {
  if (failed_) return refuse();
  return keep(snapshots_.extend(group, state));
}

Result<> NodeStorage::finish_snapshot(GroupId group) {
  if (failed_) return refuse();
  Result<bool> current = snapshots_.finish(group);
  if (!current) return keep(current.error());
  // Recovered entries begin right after the snapshot, so nothing before it needs to stay; its
  // segments go at the next rotation.
  if (current.value()) groups_[group].trim(snapshots_.current(group)->index);
  return {};
}

Result<> NodeStorage::abandon_snapshot(GroupId group) {
  if (failed_) return refuse();
  return keep(snapshots_.abandon(group));
}

Result<std::unique_ptr<SnapshotReader>> NodeStorage::open_snapshot(GroupId group) {
  return snapshots_.open(group);
}

}  // namespace synchrodb::storage

namespace synchrodb {

std::unique_ptr<Storage> make_storage(Disk& disk, Buggify& buggify, Observer& observer,
                                      const StorageOptions& options) {
  return std::make_unique<storage::NodeStorage>(disk, buggify, observer, options);
}

}  // namespace synchrodb
