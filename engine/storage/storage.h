// What one node keeps on disk: hard state, the write-ahead log and snapshots of all its groups.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
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
  // A segment that is not a reused file is written so far ahead of the log, in whole sectors: a
  // sync of bytes that were never written before has to change the file system's own records, too.
  // 0: not at all.
  std::uint64_t fill_ahead_bytes = 0;
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

// A snapshot that is open for reading: it stays readable when a newer one has replaced it. One
// fiber at a time. Destroyed before the Storage.
class SnapshotReader {
 public:
  virtual ~SnapshotReader() = default;
  virtual const SnapshotMeta& meta() const = 0;
  virtual std::uint64_t size() const = 0;
  // At most `max_bytes` from `offset`, shorter only at the end. Checked: kCorrupt if damaged. May
  // park.
  virtual Result<std::string> read(std::uint64_t offset, std::size_t max_bytes) = 0;
};

// All calls may park and are made by one fiber at a time, the writer's; `open_snapshot` by any.
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

  // A new snapshot of the group, written beside the current one, piece by piece, between other
  // writes: each call does bounded work, syncs included. One at a time for each group.
  virtual Result<> begin_snapshot(GroupId group, const SnapshotMeta& meta) = 0;
  virtual Result<> extend_snapshot(GroupId group, std::string_view state) = 0;
  // All of it is there: synced, renamed, directory synced, the old one removed; entries up to
  // meta.index may be dropped from the log. Unless the current one has become as new meanwhile:
  // then it is as if there had been no attempt.
  virtual Result<> finish_snapshot(GroupId group) = 0;
  // Gives up the one that has begun, if any.
  virtual Result<> abandon_snapshot(GroupId group) = 0;

  // The group's current snapshot; kNotFound without one, kCorrupt when its frame is damaged.
  virtual Result<std::unique_ptr<SnapshotReader>> open_snapshot(GroupId group) = 0;
};

std::unique_ptr<Storage> make_storage(Disk& disk, Buggify& buggify, Observer& observer,
                                      const StorageOptions& options);

}  // namespace synchrodb
