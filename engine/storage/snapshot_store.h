// The snapshots of all groups: one current each, and at most one being received.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/env/buggify.h"
#include "engine/storage/snapshot_file.h"
#include "engine/storage/storage.h"

namespace synchrodb::storage {

// What recovery found under a snapshot's name.
struct SnapshotCandidate {
  std::string name;
  Index index;                       // by its name
  std::optional<SnapshotMeta> meta;  // if the header is whole
  bool intact = false;
};

class SnapshotStore {
 public:
  SnapshotStore(Disk& disk, Buggify& buggify) : disk_(disk), buggify_(buggify) {}

  // Checks every snapshot among `names` in full; newest first for each group.
  Result<std::map<GroupId, std::vector<SnapshotCandidate>>> examine(
      const std::vector<std::string>& names);
  void adopt(GroupId group, const SnapshotCandidate& candidate);
  // Removes temporary files and all snapshots but the adopted ones. Not synced: what a crash brings
  // back is removed the next time.
  Result<> remove_others(const std::vector<std::string>& names);

  const SnapshotMeta* current(GroupId group) const;

  // An older snapshot than the current one is ignored. An error before the rename leaves everything
  // as it was.
  Result<> save(GroupId group, const SnapshotMeta& meta, const std::string& state);

  // Keeps a piece. After the last one the whole file is made durable and read back against the
  // checksums taken on arrival; only then is anything promised: a crash forgets staged pieces.
  Result<std::optional<StagedSnapshot>> stage(GroupId group, const SnapshotPiece& piece);
  // The staged snapshot becomes the current one, durably.
  Result<> install(GroupId group, const SnapshotMeta& meta);

  Result<StoredSnapshot> read(GroupId group);

 private:
  struct Current {
    SnapshotMeta meta;
    std::string name;
    std::weak_ptr<const std::string> state;  // while somebody still sends or restores it
  };
  struct Staging {
    SnapshotLayout layout;
    std::unique_ptr<File> file;
    BlockChecksums checksums;
    std::uint64_t received = 0;
    bool gap = false;
    bool complete = false;
  };

  std::uint32_t block_bytes();
  Result<> restart_staging(GroupId group, const SnapshotPiece& piece);
  Result<bool> finish_staging(Staging& staging);
  Result<> make_current(GroupId group, const SnapshotMeta& meta, const std::string& temporary);

  Disk& disk_;
  Buggify& buggify_;
  std::map<GroupId, Current> current_;
  std::map<GroupId, Staging> staging_;
};

}  // namespace synchrodb::storage
