#include "engine/storage/snapshot_store.h"

#include <algorithm>

#include "consensus/assert.h"

namespace synchrodb::storage {

namespace {

std::string hex_name(const char* prefix, std::uint64_t value) {
  return prefix + segment_name(value).substr(4);
}
std::string snapshot_name(GroupId group, Index index) {
  return hex_name("snapshot-", group.value) + hex_name("-", index.value);
}
std::string saving_name(GroupId group) {
  return hex_name("saving-", group.value);
}
std::string staging_name(GroupId group) {
  return hex_name("staging-", group.value);
}

bool is_temporary(const std::string& name) {
  return parse_hex_name(name, "saving-") || parse_hex_name(name, "staging-");
}

constexpr std::size_t kGroupPrefix = 9 + 16;  // "snapshot-" and the group

std::optional<GroupId> group_of(const std::string& name) {
  if (name.size() != kGroupPrefix + 17) return std::nullopt;
  auto group = parse_hex_name(std::string_view(name).substr(0, kGroupPrefix), "snapshot-");
  auto index = parse_hex_name(std::string_view(name).substr(kGroupPrefix), "-");
  if (!group || !index) return std::nullopt;
  return GroupId{*group};
}

Result<> check_whole(std::unique_ptr<File> file) {
  Result<std::unique_ptr<SnapshotFileReader>> reader = SnapshotFileReader::open(std::move(file));
  if (!reader) return reader.error();
  return reader.value()->check();
}

}  // namespace

Result<std::map<GroupId, std::vector<SnapshotCandidate>>> SnapshotStore::examine(
    const std::vector<std::string>& names) {
  std::map<GroupId, std::vector<SnapshotCandidate>> found;
  for (const std::string& name : names) {
    const std::optional<GroupId> group = group_of(name);
    if (!group) continue;
    SnapshotCandidate candidate;
    candidate.name = name;
    candidate.index.value = *parse_hex_name(std::string_view(name).substr(kGroupPrefix), "-");
    Result<std::unique_ptr<File>> file = disk_.open(name, Disk::Mode::kMustExist);
    if (!file) return file.error();
    Result<SnapshotLayout> header = read_snapshot_header(*file.value());
    if (!header && header.error().code != ErrorCode::kCorrupt) return header.error();
    if (header && header.value().group == *group && header.value().meta.index == candidate.index) {
      candidate.meta = header.value().meta;
      Result<> state = check_whole(std::move(file).value());
      if (!state && state.error().code != ErrorCode::kCorrupt) return state.error();
      candidate.intact = state.ok();
    }
    found[*group].insert(found[*group].begin(), std::move(candidate));  // names rise
  }
  return found;
}

void SnapshotStore::adopt(GroupId group, const SnapshotCandidate& candidate) {
  SYNCHRODB_ASSERT(candidate.intact, "a damaged snapshot is never current");
  current_[group] = {*candidate.meta, candidate.name};
}

Result<> SnapshotStore::remove_others(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    bool remove = is_temporary(name);
    if (std::optional<GroupId> group = group_of(name)) {
      auto it = current_.find(*group);
      remove = it == current_.end() || it->second.name != name;
    }
    if (!remove) continue;
    if (Result<> r = disk_.remove(name); !r) return r;
  }
  return {};
}

const SnapshotMeta* SnapshotStore::current(GroupId group) const {
  auto it = current_.find(group);
  return it == current_.end() ? nullptr : &it->second.meta;
}

Result<> SnapshotStore::make_current(GroupId group, const SnapshotMeta& meta,
                                     const std::string& temporary) {
  const std::string name = snapshot_name(group, meta.index);
  if (Result<> r = disk_.rename(temporary, name); !r) return r;
  if (Result<> r = disk_.sync_directory(); !r) return r;
  Current& current = current_[group];
  const std::string old = current.name;
  current = {meta, name};
  if (old.empty() || old == name) return {};
  return disk_.remove(old);
}

Result<SnapshotFileWriter> SnapshotStore::create(const std::string& name, GroupId group,
                                                 const SnapshotMeta& meta, bool read_back) {
  const std::uint32_t block = buggify_.buggify("snapshot.small-blocks") ? 512 : kSnapshotBlock;
  const std::uint32_t settle = buggify_.buggify("snapshot.settle-often") ? 1 : kSettleBytes;
  Result<std::unique_ptr<File>> file = disk_.open(name, Disk::Mode::kCreate);
  if (!file) return file.error();
  if (file.value()->size() > 0) {
    if (Result<> r = file.value()->truncate(0); !r) return r.error();
  }
  return SnapshotFileWriter(std::move(file).value(), SnapshotLayout(group, meta, block), settle,
                            read_back);
}

// ---- made here ---------------------------------------------------------------------------------

Result<> SnapshotStore::begin(GroupId group, const SnapshotMeta& meta) {
  SYNCHRODB_ASSERT(!saving_.contains(group), "one snapshot of a group is made at a time");
  Result<SnapshotFileWriter> file = create(saving_name(group), group, meta, false);
  if (!file) return file.error();
  saving_.emplace(group, std::move(file).value());
  return {};
}

Result<> SnapshotStore::extend(GroupId group, std::string_view state) {
  return saving_.at(group).append(state);
}

Result<bool> SnapshotStore::finish(GroupId group) {
  SnapshotFileWriter& file = saving_.at(group);
  const SnapshotMeta meta = file.meta();
  if (const SnapshotMeta* now = current(group); now != nullptr && now->index >= meta.index) {
    Result<> gone = abandon(group);
    return gone ? Result<bool>(false) : gone.error();
  }
  if (Result<> r = file.finish(); !r) return r.error();
  saving_.erase(group);
  if (Result<> r = make_current(group, meta, saving_name(group)); !r) return r.error();
  return true;
}

Result<> SnapshotStore::abandon(GroupId group) {
  if (saving_.erase(group) == 0) return {};
  return disk_.remove(saving_name(group));
}

// ---- received ----------------------------------------------------------------------------------

Result<std::optional<StagedSnapshot>> SnapshotStore::stage(GroupId group,
                                                           const SnapshotPiece& piece) {
  auto it = staging_.find(group);
  const bool same = it != staging_.end() && it->second.file.meta() == piece.meta &&
                    it->second.total == piece.total;
  if (piece.offset == 0 || !same) {
    staging_.erase(group);
    Result<SnapshotFileWriter> file = create(staging_name(group), group, piece.meta, true);
    if (!file) return file.error();
    it = staging_.emplace(group, Staging{std::move(file).value(), piece.total}).first;
  }
  Staging& s = it->second;
  if (s.complete) return std::optional<StagedSnapshot>();
  if (Result<> r = take(s, piece); !r) {
    if (r.error().code != ErrorCode::kCorrupt) return r.error();
    s.broken = true;
  }
  const bool last = piece.offset + (piece.data ? piece.data->size() : 0) >= piece.total;
  if (!last) return std::optional<StagedSnapshot>();
  s.complete = !s.broken;
  const bool intact = s.complete;
  if (!intact) staging_.erase(it);
  return std::optional(StagedSnapshot{group, piece.meta, intact});
}

// kCorrupt: something is missing, or the disk does not hold what was written.
Result<> SnapshotStore::take(Staging& s, const SnapshotPiece& piece) {
  const std::string_view data = piece.data ? std::string_view(*piece.data) : std::string_view();
  const std::uint64_t received = s.file.state_bytes();
  if (s.broken) return {};
  if (piece.offset > received || data.size() > piece.total ||
      piece.offset > piece.total - data.size()) {
    return Error{ErrorCode::kCorrupt, "snapshot: a piece is missing or too long"};
  }
  const std::uint64_t end = piece.offset + data.size();
  if (end > received) {
    if (Result<> r = s.file.append(data.substr(received - piece.offset)); !r) return r;
  }
  return end == piece.total ? s.file.finish() : Result<>();
}

Result<> SnapshotStore::install(GroupId group, const SnapshotMeta& meta) {
  auto it = staging_.find(group);
  SYNCHRODB_ASSERT(it != staging_.end() && it->second.complete && it->second.file.meta() == meta,
                   "only a snapshot that was staged intact is installed");
  staging_.erase(it);
  return make_current(group, meta, staging_name(group));
}

// ---- reading -----------------------------------------------------------------------------------

Result<std::unique_ptr<SnapshotReader>> SnapshotStore::open(GroupId group) {
  while (true) {
    auto it = current_.find(group);
    if (it == current_.end()) return Error{ErrorCode::kNotFound, "no snapshot"};
    const std::string name = it->second.name;
    // Parks: the writer may replace the snapshot meanwhile, and its file is then gone.
    Result<std::unique_ptr<File>> file = disk_.open(name, Disk::Mode::kMustExist);
    if (file) {
      // It stays readable even so.
      Result<std::unique_ptr<SnapshotFileReader>> reader =
          SnapshotFileReader::open(std::move(file).value());
      if (!reader) return reader.error();
      return std::unique_ptr<SnapshotReader>(std::move(reader).value());
    }
    if (current_.at(group).name != name) continue;
    if (file.error().code != ErrorCode::kNotFound) return file.error();
    return Error{ErrorCode::kCorrupt, "snapshot: its file has vanished"};
  }
}

}  // namespace synchrodb::storage
