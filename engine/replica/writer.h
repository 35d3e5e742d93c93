// The writer fiber: the only one that writes a node's storage, for all its groups.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/env/env.h"
#include "engine/env/sync.h"
#include "engine/storage/storage.h"

namespace synchrodb {

// A snapshot of the state machine to be made durable.
struct SnapshotJob {
  GroupId group;
  SnapshotMeta meta;
  std::string state;
};

// What the writer tells a replica. Called from the writer fiber; must not park.
class WriterClient {
 public:
  virtual ~WriterClient() = default;
  virtual void on_written(IoId last) = 0;
  virtual void on_staged(const SnapshotMeta& meta, bool intact) = 0;
  virtual void on_snapshot_saved(const SnapshotMeta& meta) = 0;
};

// Group commit: what is submitted while a sync is in flight becomes the next single write.
class Writer {
 public:
  Writer(Env& env, Storage& storage, const StorageOptions& options);

  // `client` outlives the writer's fiber. Any number of groups.
  void attach(GroupId group, WriterClient* client);
  // Ids must rise over all groups, as IoSequence makes them.
  void submit(GroupId group, AppendBatch batch);
  void submit(SnapshotJob job);

  // The fiber's body. Returns the reason when storage failed for good; nothing more is written
  // then.
  Error run();

 private:
  Result<> write_batches();
  Result<> save_snapshots();
  WriterClient& client(GroupId group);

  Env& env_;
  Storage& storage_;
  Duration confirm_after_;
  Event work_;
  std::vector<GroupBatch> queue_;
  std::vector<GroupBatch> writing_;
  std::vector<SnapshotJob> jobs_;
  std::vector<StagedSnapshot> staged_;
  std::vector<std::pair<GroupId, WriterClient*>> clients_;
};

}  // namespace synchrodb
