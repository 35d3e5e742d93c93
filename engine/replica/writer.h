// The writer fiber: the only one that writes a node's storage, for all its groups.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "engine/env/env.h"
#include "engine/env/sync.h"
#include "engine/storage/storage.h"

namespace synchrodb {

// A snapshot of the state machine to be made durable; its bytes are asked for as they can be
// written (WriterClient::next_snapshot_piece).
struct SnapshotJob {
  GroupId group;
  SnapshotMeta meta;
};

enum class NextPiece : std::uint8_t { kMore, kLast, kAbandoned };

// What the writer tells and asks a replica. Called from the writer fiber; must not park.
class WriterClient {
 public:
  virtual ~WriterClient() = default;
  virtual void on_written(IoId last) = 0;
  virtual void on_staged(const SnapshotMeta& meta, bool intact) = 0;
  // Appends the next bytes of the group's snapshot under way to `out`, in bounded work.
  virtual NextPiece next_snapshot_piece(std::string& out) = 0;
  // The job is done: the snapshot is durable and current; or not `saved`, because it was abandoned.
  virtual void on_snapshot_ended(const SnapshotMeta& meta, bool saved) = 0;
};

// Group commit: what is submitted while a sync is in flight becomes the next single write. While
// snapshots are being made, turns are taken: all batches that wait, then one piece of a snapshot.
class Writer {
 public:
  Writer(Env& env, Storage& storage, const StorageOptions& options);

  // `client` outlives the writer's fiber. Any number of groups.
  void attach(GroupId group, WriterClient* client);
  // Ids must rise over all groups, as IoSequence makes them.
  void submit(GroupId group, AppendBatch batch);
  // At most one a group at a time.
  void submit(SnapshotJob job);

  // The fiber's body. Returns the reason when storage failed for good; nothing more is written
  // then.
  Error run();

 private:
  Result<> write_batches();
  Result<> advance_snapshot();
  WriterClient& client(GroupId group);

  Env& env_;
  Storage& storage_;
  Duration confirm_after_;
  Event work_;
  std::vector<GroupBatch> queue_;
  std::vector<GroupBatch> writing_;
  std::deque<SnapshotJob> jobs_;
  bool begun_ = false;  // the first of them
  std::string piece_;
  std::vector<StagedSnapshot> staged_;
  std::vector<std::pair<GroupId, WriterClient*>> clients_;
};

}  // namespace synchrodb
