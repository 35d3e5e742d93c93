// What the node says of itself, as log lines and counters.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "engine/env/observer.h"

namespace synchrodb::net {

struct NodeCounters {
  std::uint64_t elections_started = 0;
  std::uint64_t leader_changes = 0;
  std::uint64_t times_leader = 0;
  std::uint64_t entries_appended = 0;
  std::uint64_t entries_applied = 0;
  std::uint64_t reads_served = 0;
  std::uint64_t lease_reads = 0;
  std::uint64_t snapshots_taken = 0;
  std::uint64_t snapshots_installed = 0;
  std::uint64_t snapshot_bytes = 0;
  std::uint64_t storage_faults = 0;
};

class ServerObserver final : public Observer {
 public:
  // `on_leader`: a node leads the group from now on, as far as this one knows. `on_fatal`: this
  // node cannot go on, and why.
  ServerObserver(std::function<void(GroupId)> on_leader,
                 std::function<void(const std::string&)> on_fatal)
      : on_leader_(std::move(on_leader)), on_fatal_(std::move(on_fatal)) {}

  const NodeCounters& counters() const { return counters_; }
  // Civil seconds of the last snapshot; 0: none since the start.
  std::int64_t last_snapshot_unix() const { return last_snapshot_unix_; }

  void on_trace(GroupId group, const TraceEvent& event) override;
  void on_appended(GroupId, const std::vector<EntryRef>& entries) override;
  void on_applied(GroupId, const Entry& entry, std::uint64_t state) override;
  void on_restored(GroupId, const SnapshotMeta& meta, std::uint64_t state) override;
  void on_read_served(GroupId, Index read_index, Index applied, ReadMode mode) override;
  void on_recovered(GroupId, const DurableState& durable) override;
  void on_snapshot_taken(GroupId, const SnapshotMeta& meta, std::size_t bytes) override;
  void on_storage_fault(GroupId, const StorageFault& fault) override;
  void on_fatal(const char* why) override;

 private:
  std::function<void(GroupId)> on_leader_;
  std::function<void(const std::string&)> on_fatal_;
  NodeCounters counters_;
  NodeId last_leader_;
  std::int64_t last_snapshot_unix_ = 0;
};

}  // namespace synchrodb::net
