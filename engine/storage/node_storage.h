// The storage of one node: hard state, log and snapshots put together.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "engine/storage/batch_builder.h"
#include "engine/storage/group_recovery.h"
#include "engine/storage/hard_state_store.h"
#include "engine/storage/snapshot_store.h"
#include "engine/storage/storage.h"
#include "engine/storage/wal.h"

namespace synchrodb::storage {

class NodeStorage : public Storage {
 public:
  NodeStorage(Disk& disk, Buggify& buggify, Observer& observer, const StorageOptions& options)
      : disk_(disk),
        buggify_(buggify),
        observer_(observer),
        options_(options),
        hard_states_(disk),
        snapshots_(disk, buggify),
        wal_(disk, buggify, options) {}

  Result<std::map<GroupId, DurableState>> recover() override;
  Result<> write(const std::vector<GroupBatch>& batches,
                 std::vector<StagedSnapshot>& staged) override;
  Result<> confirm() override;
  bool needs_confirmation() const override { return !failed_ && needs_confirmation_; }
  Result<> begin_snapshot(GroupId group, const SnapshotMeta& meta) override;
  Result<> extend_snapshot(GroupId group, std::string_view state) override;
  Result<> finish_snapshot(GroupId group) override;
  Result<> abandon_snapshot(GroupId group) override;
  Result<std::unique_ptr<SnapshotReader>> open_snapshot(GroupId group) override;

 private:
  // Entries of `group` from `first` on are in the batch being built.
  struct Touched {
    GroupId group;
    Index first;
  };

  // Remembers a failure for good.
  Result<> keep(Result<> result);
  Result<> refuse() const;

  Result<std::map<GroupId, DurableState>> recover_all();
  // Fills `state`; true if the log on disk must be rewritten.
  bool recover_group(GroupId group, ReplayedGroup replayed,
                     const std::vector<SnapshotCandidate>& candidates, DurableState& state);
  // The log goes on in a segment of its own, which says where every group stands; `rewrite`: groups
  // whose log on disk differs from what was recovered, or all of them after damage.
  Result<> start_fresh_segment(const LogRecovery& log, std::vector<GroupId> rewrite);
  void encode_last_batch_again(const std::vector<Record>& records,
                               const std::vector<GroupId>& except, std::uint64_t segment);

  Result<> write_hard_states(const std::vector<GroupBatch>& batches);
  Result<> write_snapshots(const std::vector<GroupBatch>& batches,
                           std::vector<StagedSnapshot>& staged);
  void encode(const GroupBatch& batch);
  void encode_entry(GroupId group, GroupLog& log, const EntryRef& entry);
  Result<> commit();

  // Ends the first batch of a new segment: copies the logs of `copies`, says where all the others
  // stand, which faults are open, and where the log now begins; that is returned.
  std::uint64_t encode_epilogue(std::uint64_t segment, const std::vector<GroupId>& copies);
  // Adds the groups that pin the oldest segments, as long as `budget` bytes suffice; sorted,
  // unique.
  std::vector<GroupId> choose_copies(std::vector<GroupId> copies, std::uint64_t budget) const;
  void encode_whole_log(GroupId group, std::uint64_t segment);

  Disk& disk_;
  Buggify& buggify_;
  Observer& observer_;
  StorageOptions options_;
  HardStateStore hard_states_;
  SnapshotStore snapshots_;
  Wal wal_;
  std::map<GroupId, GroupLog> groups_;
  BatchBuilder builder_;
  std::vector<Touched> touched_;
  std::optional<Error> failed_;
  bool recovered_ = false;
  bool needs_confirmation_ = false;
};

}  // namespace synchrodb::storage
