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

}  // namespace

std::uint32_t SnapshotStore::block_bytes() {
  return buggify_.buggify("snapshot.small-blocks") ? 512 : kSnapshotBlock;
}

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
    Result<SnapshotHeader> header = read_snapshot_header(*file.value());
    if (!header && header.error().code != ErrorCode::kCorrupt) return header.error();
    if (header && header.value().layout.group == *group &&
        header.value().layout.meta.index == candidate.index) {
      candidate.meta = header.value().layout.meta;
      Result<> state = read_snapshot_state(*file.value(), header.value(), nullptr);
      if (!state && state.error().code != ErrorCode::kCorrupt) return state.error();
      candidate.intact = state.ok();
    }
    found[*group].insert(found[*group].begin(), std::move(candidate));  // names rise
  }
  return found;
}

void SnapshotStore::adopt(GroupId group, const SnapshotCandidate& candidate) {
  SYNCHRODB_ASSERT(candidate.intact, "a damaged snapshot is never current");
  current_[group] = {*candidate.meta, candidate.name, {}};
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
  current = {meta, name, {}};
  if (old.empty() || old == name) return {};
  return disk_.remove(old);
}

Result<> SnapshotStore::save(GroupId group, const SnapshotMeta& meta, const std::string& state) {
  const SnapshotLayout layout(group, meta, state.size(), block_bytes());
  BlockChecksums checksums(layout.block_bytes);
  checksums.add(state);
  const std::string temporary = saving_name(group);
  Result<std::unique_ptr<File>> file = disk_.open(temporary, Disk::Mode::kCreate);
  if (!file) return file.error();
  File& f = *file.value();
  if (f.size() > 0) {
    if (Result<> r = f.truncate(0); !r) return r;
  }
  if (Result<> r = f.write(0, encode_snapshot_header(layout, checksums)); !r) return r;
  if (!state.empty()) {
    if (Result<> r = f.write(layout.header_bytes, state); !r) return r;
  }
  if (Result<> r = f.sync(); !r) return r;
  return make_current(group, meta, temporary);
}

Result<> SnapshotStore::restart_staging(GroupId group, const SnapshotPiece& piece) {
  staging_.erase(group);
  SnapshotLayout layout(group, piece.meta, piece.total, block_bytes());
  Result<std::unique_ptr<File>> file = disk_.open(staging_name(group), Disk::Mode::kCreate);
  if (!file) return file.error();
  if (file.value()->size() > 0) {
    if (Result<> r = file.value()->truncate(0); !r) return r;
  }
  const std::uint32_t block = layout.block_bytes;
  staging_.emplace(group,
                   Staging{std::move(layout), std::move(file).value(), BlockChecksums(block)});
  return {};
}

Result<std::optional<StagedSnapshot>> SnapshotStore::stage(GroupId group,
                                                           const SnapshotPiece& piece) {
  auto it = staging_.find(group);
  const bool same = it != staging_.end() && it->second.layout.meta == piece.meta &&
                    it->second.layout.state_bytes == piece.total;
  if (piece.offset == 0 || !same) {
    if (Result<> r = restart_staging(group, piece); !r) return r.error();
    it = staging_.find(group);
  }
  Staging& s = it->second;
  if (s.complete) return std::optional<StagedSnapshot>();
  const std::string_view data = piece.data ? std::string_view(*piece.data) : std::string_view();
  if (piece.offset > s.received || data.size() > piece.total ||
      piece.offset > piece.total - data.size()) {
    s.gap = true;
  }
  const std::uint64_t end = piece.offset + data.size();
  if (!s.gap && end > s.received) {
    const std::string_view fresh = data.substr(s.received - piece.offset);
    if (Result<> r = s.file->write(s.layout.header_bytes + s.received, fresh); !r) return r.error();
    s.checksums.add(fresh);
    s.received = end;
  }
  if (end < piece.total) return std::optional<StagedSnapshot>();
  bool intact = false;
  if (!s.gap && s.received == piece.total) {
    Result<bool> finished = finish_staging(s);
    if (!finished) return finished.error();
    intact = finished.value();
  }
  s.complete = intact;
  if (!intact) staging_.erase(it);
  return std::optional(StagedSnapshot{group, piece.meta, intact});
}

// The header goes last; then the whole is read back, from the disk's own bytes as far as it lets
// us.
Result<bool> SnapshotStore::finish_staging(Staging& s) {
  if (Result<> r = s.file->write(0, encode_snapshot_header(s.layout, s.checksums)); !r) {
    return r.error();
  }
  if (Result<> r = s.file->sync(); !r) return r.error();
  Result<SnapshotHeader> header = read_snapshot_header(*s.file);
  if (!header) {
    if (header.error().code != ErrorCode::kCorrupt) return header.error();
    return false;
  }
  Result<> state = read_snapshot_state(*s.file, header.value(), nullptr);
  if (!state && state.error().code != ErrorCode::kCorrupt) return state.error();
  return state.ok() && header.value().whole == s.checksums.whole();
}

Result<> SnapshotStore::install(GroupId group, const SnapshotMeta& meta) {
  auto it = staging_.find(group);
  SYNCHRODB_ASSERT(it != staging_.end() && it->second.complete && it->second.layout.meta == meta,
                   "only a snapshot that was staged intact is installed");
  staging_.erase(it);
  return make_current(group, meta, staging_name(group));
}

Result<StoredSnapshot> SnapshotStore::read(GroupId group) {
  while (true) {
    auto it = current_.find(group);
    if (it == current_.end()) return Error{ErrorCode::kNotFound, "no snapshot"};
    if (std::shared_ptr<const std::string> cached = it->second.state.lock()) {
      return StoredSnapshot{it->second.meta, std::move(cached)};
    }
    const std::string name = it->second.name;
    // Parks: the writer may replace the snapshot meanwhile, and its file is then gone.
    Result<std::unique_ptr<File>> file = disk_.open(name, Disk::Mode::kMustExist);
    Result<> read;
    auto state = std::make_shared<std::string>();
    if (file) {
      Result<SnapshotHeader> header = read_snapshot_header(*file.value());
      read = header ? read_snapshot_state(*file.value(), header.value(), state.get())
                    : Result<>(header.error());
    } else {
      read = file.error();
    }
    Current& now = current_.at(group);
    if (now.name != name) continue;
    if (!read) {
      if (read.error().code != ErrorCode::kNotFound) return read.error();
      return Error{ErrorCode::kCorrupt, "snapshot: its file has vanished"};
    }
    now.state = state;
    return StoredSnapshot{now.meta, std::move(state)};
  }
}

}  // namespace synchrodb::storage
