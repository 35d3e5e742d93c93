#include "tests/engine/support/storage_model.h"

#include <algorithm>

namespace synchrodb::testing {

std::uint64_t Dice::next() {
  state_ += 0x9e3779b97f4a7c15ULL;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

std::optional<Term> GroupModel::term_at(Index index) const {
  if (index < base || index > last()) return std::nullopt;
  return index == base ? base_term : entries[index.value - base.value - 1]->term();
}

void GroupModel::append(const EntryRef& entry) {
  entries.resize(entry->index().value - base.value - 1);
  entries.push_back(entry);
}

std::vector<EntryRef> GroupModel::view(const std::optional<SnapshotMeta>& on) const {
  const Index from = on ? on->index : Index{};
  if (term_at(from) != (on ? on->term : Term{})) return {};
  return {entries.begin() + static_cast<std::ptrdiff_t>(from.value - base.value), entries.end()};
}

SnapshotMeta snapshot_meta(Index index, Term term) {
  SnapshotMeta meta;
  meta.index = index;
  meta.term = term;
  meta.configuration.voters = {NodeId{1}, NodeId{2}, NodeId{index.value + 2}};
  meta.configuration_index = index;
  return meta;
}

std::string snapshot_state(GroupId group, const SnapshotMeta& meta) {
  Dice dice(group.value * 1000003 + meta.index.value * 101 + meta.term.value);
  std::string state(dice.below(3000), '\0');
  for (char& c : state) c = static_cast<char>(dice.next());
  return state;
}

EntryRef test_entry(GroupId group, Term term, Index index, std::size_t payload_bytes) {
  Dice dice(group.value * 7919 + term.value * 131071 + index.value);
  std::string payload(payload_bytes, '\0');
  for (char& c : payload) c = static_cast<char>(dice.next());
  const auto at = static_cast<std::int64_t>(dice.below(1'000'000));
  return make_entry(term, index, static_cast<EntryKind>(dice.below(3)),
                    WallInterval{{at}, {at + 5}, dice.one_in(2)}, std::move(payload));
}

Result<> save_snapshot(Storage& storage, GroupId group, const SnapshotMeta& meta,
                       std::string_view state, std::size_t piece_bytes) {
  if (Result<> r = storage.begin_snapshot(group, meta); !r) return r;
  for (; !state.empty(); state.remove_prefix(std::min(piece_bytes, state.size()))) {
    if (Result<> r = storage.extend_snapshot(group, state.substr(0, piece_bytes)); !r) return r;
  }
  return storage.finish_snapshot(group);
}

Result<std::string> read_snapshot(Storage& storage, GroupId group) {
  Result<std::unique_ptr<SnapshotReader>> reader = storage.open_snapshot(group);
  if (!reader) return reader.error();
  return reader.value()->read(0, static_cast<std::size_t>(reader.value()->size()));
}

Model model_of(const std::map<GroupId, DurableState>& recovered) {
  Model model;
  for (const auto& [group, state] : recovered) {
    GroupModel& g = model[group];
    g.hard_state = state.hard_state;
    g.snapshot = state.snapshot;
    if (g.snapshot) {
      g.base = g.commit = g.snapshot->index;
      g.base_term = g.snapshot->term;
    }
    g.entries = state.entries;
  }
  return model;
}

bool same_entries(const std::vector<EntryRef>& a, const std::vector<EntryRef>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x->digest() == y->digest() && x->index() == y->index() && x->payload() == y->payload();
  });
}

StorageDriver::StorageDriver(MemoryDisk& disk, std::uint64_t seed, StorageOptions options,
                             bool buggify)
    : disk_(disk), dice_(seed), options_(options), buggify_(seed ^ 0xb0661f7, buggify) {}

Result<std::map<GroupId, DurableState>> StorageDriver::open() {
  storage_ = make_storage(disk_, buggify_, observer, options_);
  return storage_->recover();
}

Result<> StorageDriver::confirm() {
  while (storage_->needs_confirmation()) {
    if (Result<> r = storage_->confirm(); !r) return r;
  }
  return {};
}

Result<> StorageDriver::step() {
  after = before;
  Result<> done;
  switch (dice_.below(8)) {
    case 0:
      done = random_save();
      break;
    case 1:
      done = random_install();
      break;
    case 2:
      if (storage_->needs_confirmation()) done = storage_->confirm();
      break;
    default:
      done = random_write();
  }
  if (!done) return done;
  before = after;
  for (auto& [id, g] : before) {
    if (g.commit < g.last() && dice_.one_in(2)) {
      g.commit.value += dice_.below(g.last().value - g.commit.value + 1);
    }
  }
  return {};
}

Result<> StorageDriver::write(std::vector<GroupBatch> batches) {
  for (GroupBatch& b : batches) b.batch.id = IoId{++next_io_};
  std::vector<StagedSnapshot> staged;
  return storage_->write(batches, staged);
}

GroupBatch StorageDriver::random_batch() {
  static constexpr std::uint64_t kGroups[] = {1, 2, 900};
  GroupBatch b{GroupId{kGroups[dice_.below(3)]}, {}};
  GroupModel& g = after[b.group];
  const bool replaces = g.last() > g.commit && dice_.one_in(4);
  if (!g.hard_state.term || replaces || dice_.one_in(5)) {
    g.hard_state.term = g.hard_state.term.next();
    g.hard_state.voted_for = NodeId{dice_.below(4)};
    b.batch.hard_state = g.hard_state;
  }
  Index at = g.last().next();
  if (replaces) at = Index{g.commit.value + 1 + dice_.below(g.last().value - g.commit.value)};
  const std::uint64_t count = replaces ? 1 + dice_.below(3) : dice_.below(4);
  for (std::uint64_t i = 0; i < count; ++i, at = at.next()) {
    const std::size_t bytes = dice_.one_in(4) ? dice_.below(1600) : dice_.below(120);
    EntryRef entry = test_entry(b.group, g.hard_state.term, at, bytes);
    g.append(entry);
    ever[b.group].insert(entry->digest());
    b.batch.entries.push_back(std::move(entry));
  }
  return b;
}

Result<> StorageDriver::random_write() {
  std::vector<GroupBatch> batches;
  const std::uint64_t count = 1 + dice_.below(3);
  for (std::uint64_t i = 0; i < count; ++i) batches.push_back(random_batch());
  return write(std::move(batches));
}

Result<> StorageDriver::random_save() {
  for (auto& [id, g] : after) {
    const Index from = g.snapshot ? g.snapshot->index : Index{};
    if (g.commit <= from || !dice_.one_in(2)) continue;
    const Index index{from.value + 1 + dice_.below(g.commit.value - from.value)};
    g.snapshot = snapshot_meta(index, g.term_at(index).value());
    return save_snapshot(*storage_, id, *g.snapshot, snapshot_state(id, *g.snapshot),
                         1 + dice_.below(2'000));
  }
  return {};
}

// A leader sends a snapshot, in pieces, that replaces the log; entries follow in the same batch.
Result<> StorageDriver::random_install() {
  if (after.empty()) return {};
  auto it = after.begin();
  std::advance(it, static_cast<std::ptrdiff_t>(dice_.below(after.size())));
  auto& [id, g] = *it;
  HardState hard_state = g.hard_state;
  hard_state.term = hard_state.term.next();
  hard_state.voted_for = {};
  const Index index{g.commit.value + 1 + dice_.below(g.last().value - g.commit.value + 3)};
  const SnapshotMeta meta = snapshot_meta(index, hard_state.term);
  const std::string state = snapshot_state(id, meta);
  g.hard_state = hard_state;
  std::size_t offset = 0;
  do {
    const std::size_t size = std::min<std::size_t>(state.size() - offset, 1 + dice_.below(2000));
    GroupBatch piece{id, {}};
    if (offset == 0) piece.batch.hard_state = hard_state;
    piece.batch.piece = SnapshotPiece{meta, offset, state.size(),
                                      std::make_shared<std::string>(state.substr(offset, size))};
    if (Result<> r = write({std::move(piece)}); !r) return r;
    offset += size;
    before[id].hard_state = hard_state;
  } while (offset < state.size());
  GroupBatch install{id, {}};
  install.batch.install = meta;
  g.snapshot = meta;
  g.base = g.commit = index;
  g.base_term = meta.term;
  g.entries.clear();
  if (dice_.one_in(2)) {
    EntryRef entry = test_entry(id, meta.term, index.next(), dice_.below(700));
    g.append(entry);
    ever[id].insert(entry->digest());
    install.batch.entries.push_back(std::move(entry));
  }
  return write({std::move(install)});
}

std::string disagreement(const Model& before, const Model& after,
                         const std::map<GroupId, DurableState>& recovered, Storage& storage) {
  static const DurableState kNothing;
  bool could_be_before = true;  // of the log: one batch, so all groups agree
  bool could_be_after = true;
  bool all_files_new = true;  // hard states and snapshots go first
  for (const auto& [id, a] : after) {
    const std::string name = "group " + std::to_string(id.value) + ": ";
    auto old = before.find(id);
    const GroupModel b = old == before.end() ? GroupModel{} : old->second;
    auto found = recovered.find(id);
    const DurableState& r = found == recovered.end() ? kNothing : found->second;
    if (r.fault) return name + "a fault without damage";
    if (r.hard_state != b.hard_state && r.hard_state != a.hard_state) return name + "hard state";
    if (r.snapshot != b.snapshot && r.snapshot != a.snapshot) return name + "snapshot";
    if (r.hard_state != a.hard_state || r.snapshot != a.snapshot) all_files_new = false;
    if (!same_entries(r.entries, b.view(r.snapshot))) could_be_before = false;
    if (!same_entries(r.entries, a.view(r.snapshot))) could_be_after = false;
    if (r.snapshot) {
      auto state = read_snapshot(storage, id);
      if (!state || state.value() != snapshot_state(id, *r.snapshot)) return name + "state";
    }
  }
  for (const auto& [id, state] : recovered) {
    if (!after.contains(id)) return "group " + std::to_string(id.value) + " from nowhere";
  }
  if (!could_be_before && !could_be_after) return "the log is neither the old nor the new one";
  if (!could_be_before && !all_files_new) return "the log overtook a hard state or snapshot";
  return {};
}

}  // namespace synchrodb::testing
