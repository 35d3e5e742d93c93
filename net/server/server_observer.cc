#include "net/server/server_observer.h"

#include <ctime>
#include <utility>

#include "net/log/log.h"

namespace synchrodb::net {

void ServerObserver::on_trace(GroupId group, const TraceEvent& event) {
  switch (event.kind) {
    case TraceKind::kBecameCandidate:
      ++counters_.elections_started;
      break;
    case TraceKind::kBecameLeader:
      ++counters_.times_leader;
      on_leader_(group);
      break;
    case TraceKind::kBecameFollower:
    case TraceKind::kBecameLearner:
      if (!event.peer) break;
      if (event.peer != std::exchange(last_leader_, event.peer)) ++counters_.leader_changes;
      on_leader_(group);
      break;
    case TraceKind::kLeaseServed:
      ++counters_.lease_reads;
      return;
    case TraceKind::kSnapshotInstalled:
      ++counters_.snapshots_installed;
      break;
    // Each of these happens with every write.
    case TraceKind::kAppended:
    case TraceKind::kCommitted:
      return;
    default:
      break;
  }
  const bool rare = event.kind != TraceKind::kCompacted && event.kind != TraceKind::kVoteGranted;
  log_event(rare ? LogLevel::kInfo : LogLevel::kDebug, "raft", name_of(event.kind),
            {{"term", event.term.value}, {"index", event.index.value}, {"peer", event.peer.value}});
}

void ServerObserver::on_appended(GroupId, const std::vector<EntryRef>& entries) {
  counters_.entries_appended += entries.size();
}

void ServerObserver::on_applied(GroupId, const Entry&, std::uint64_t) {
  ++counters_.entries_applied;
}

void ServerObserver::on_restored(GroupId, const SnapshotMeta& meta, std::uint64_t) {
  log_event(LogLevel::kInfo, "storage", "restored from a snapshot",
            {{"index", meta.index.value}, {"term", meta.term.value}});
}

void ServerObserver::on_read_served(GroupId, Index, Index, ReadMode) {
  ++counters_.reads_served;
}

void ServerObserver::on_recovered(GroupId, const DurableState& durable) {
  log_event(LogLevel::kInfo, "storage", "recovered",
            {{"term", durable.hard_state.term.value},
             {"entries", durable.entries.size()},
             {"snapshot", durable.snapshot ? durable.snapshot->index.value : 0}});
}

void ServerObserver::on_snapshot_taken(GroupId, const SnapshotMeta& meta, std::size_t bytes) {
  ++counters_.snapshots_taken;
  counters_.snapshot_bytes += bytes;
  last_snapshot_unix_ = std::time(nullptr);
  log_event(LogLevel::kInfo, "storage", "snapshot taken",
            {{"index", meta.index.value}, {"bytes", bytes}});
}

void ServerObserver::on_storage_fault(GroupId, const StorageFault& fault) {
  ++counters_.storage_faults;
  log_event(LogLevel::kError, "storage",
            "the log is damaged; this node neither votes nor leads until its peers have mended it",
            {{"intact", fault.intact.value}, {"lost", fault.lost_index.value}});
}

void ServerObserver::on_fatal(const char* why) {
  log_event(LogLevel::kError, "node", "cannot go on", {{"why", why}});
  on_fatal_(why);
}

}  // namespace synchrodb::net
