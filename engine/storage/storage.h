// What one node keeps on disk: hard state, the write-ahead log and snapshots of all its groups.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "consensus/protocol.h"
#include "engine/env/buggify.h"
#include "engine/env/disk.h"
#include "engine/env/observer.h"

namespace synchrodb {

struct StorageOptions {
  // Of the log's files: small in simulations, some 64 MiB for a real node. At least 4 KiB; a batch
  // that needs more gets a larger one.
  std::uint64_t segment_bytes = 256 * 1024;
  // Idle time after which the last synced batch is confirmed by a marker of its own.
  Duration confirm_after = milliseconds(50);
};

// One group's work for one turn of the writer.
struct GroupBatch {
  GroupId group;
  AppendBatch batch;
};

struct StagedSnapshot {
  GroupId group;
  SnapshotMeta meta;
  bool intact = false;  // the whole file's checksum matched
};

// A snapshot as it was read back.
struct StoredSnapshot {
  SnapshotMeta meta;
  std::shared_ptr<const std::string> state;
  const std::string& operator*() const { return *state; }
};

// All calls may park and are made by one fiber at a time, the writer's; `read_snapshot` by any.
class Storage {
 public:
  virtual ~Storage() = default;

  // What recovery found, by group. Called once, before anything else. A fault is reported at every
  // recovery until a hard state that covers it (recovery_term, recovery_index) is durable, or the
  // log has become at least as up to date as all that may be lost: a restart does not forget it.
  // kCorrupt: the hard state itself is lost; the node must be removed and rejoin under a new id.
  virtual Result<std::map<GroupId, DurableState>> recover() = 0;

  // Writes all batches, in order, and syncs once. When it returns ok, every batch is durable. Fills
  // `staged` with the snapshots whose last piece arrived. An error is final: what reached the disk
  // is unknown, the node must stop and recover.
  virtual Result<> write(const std::vector<GroupBatch>& batches,
                         std::vector<StagedSnapshot>& staged) = 0;

  // Records durably that all that was written before has been synced (see confirm_after).
  virtual Result<> confirm() = 0;
  virtual bool needs_confirmation() const = 0;

  // Makes `state` the group's snapshot: written beside, synced, renamed, directory synced, the old
  // one removed. The log before `log_start` may be dropped.
  virtual Result<> save_snapshot(GroupId group, const SnapshotMeta& meta, const std::string& state,
                                 Index log_start) = 0;

  // The current snapshot, whole; kNotFound without one, kCorrupt when it is damaged. Whoever has
  // not heard yet that the writer has replaced it learns from `meta` which one this is.
  virtual Result<StoredSnapshot> read_snapshot(GroupId group) = 0;
};

std::unique_ptr<Storage> make_storage(Disk& disk, Buggify& buggify, Observer& observer,
                                      const StorageOptions& options);

}  // namespace synchrodb
