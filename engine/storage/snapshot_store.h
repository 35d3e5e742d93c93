// The snapshots of all groups: one current each, and at most one being
// made and one being received.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
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

  // A new snapshot in pieces; see Storage. An error before the rename leaves everything as it was.
  Result<> begin(GroupId group, const SnapshotMeta& meta);
  Result<> extend(GroupId group, std::string_view state);
  // True if it is the current one now.
  Result<bool> finish(GroupId group);
  Result<> abandon(GroupId group);

  // Keeps a piece. What has arrived is synced and read back against the checksums taken on arrival
  // step by step, and the whole file is durable with the last piece; only then is anything
  // promised: a crash forgets staged pieces.
  Result<std::optional<StagedSnapshot>> stage(GroupId group, const SnapshotPiece& piece);
  // The staged snapshot becomes the current one, durably.
  Result<> install(GroupId group, const SnapshotMeta& meta);

  Result<std::unique_ptr<SnapshotReader>> open(GroupId group);

 private:
  struct Current {
    SnapshotMeta meta;
    std::string name;
  };
  struct Staging {
    SnapshotFileWriter file;
    std::uint64_t total;
    bool broken = false;    // a gap, or the disk does not hold what was written
    bool complete = false;  // durable
  };

  // An empty file of this name, ready to take a snapshot.
  Result<SnapshotFileWriter> create(const std::string& name, GroupId group,
                                    const SnapshotMeta& meta, bool read_back);
  Result<> take(Staging& staging, const SnapshotPiece& piece);
  Result<> make_current(GroupId group, const SnapshotMeta& meta, const std::string& temporary);

  Disk& disk_;
  Buggify& buggify_;
  std::map<GroupId, Current> current_;
  std::map<GroupId, SnapshotFileWriter> saving_;
  std::map<GroupId, Staging> staging_;
};

}  // namespace synchrodb::storage
