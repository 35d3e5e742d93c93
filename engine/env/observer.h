// Structured events of a node, for traces, metrics and checks.
#pragma once

#include "consensus/protocol.h"

namespace synchrodb {

// All methods default to nothing; calls come from the node's fibers and must not park.
class Observer {
 public:
  virtual ~Observer() = default;

  // A step of consensus happened.
  virtual void on_trace(GroupId, const TraceEvent&) {}
  // Entries joined this node's log (in memory; durable later), replacing all from the first one's
  // index.
  virtual void on_appended(GroupId, const std::vector<EntryRef>&) {}
  // The state machine applied `entry`; its digest is `state` now.
  virtual void on_applied(GroupId, const Entry& /*entry*/, std::uint64_t /*state*/) {}
  // The state machine was replaced by the snapshot at `meta.index`.
  virtual void on_restored(GroupId, const SnapshotMeta& /*meta*/, std::uint64_t /*state*/) {}
  // A read was answered from the state at `applied`; it had to be at least `read_index`.
  virtual void on_read_served(GroupId, Index /*read_index*/, Index /*applied*/, ReadMode) {}
  // Entries up to `last` are durable on this node.
  virtual void on_durable(GroupId, Index /*last*/, Term /*last_term*/) {}
  // What the disk held when the process started.
  virtual void on_recovered(GroupId, const DurableState&) {}
  virtual void on_snapshot_taken(GroupId, const SnapshotMeta&, std::size_t /*bytes*/) {}
  virtual void on_storage_fault(GroupId, const StorageFault&) {}
  // The node cannot go on (its disk failed, or its hard state is lost) and stops serving.
  virtual void on_fatal(const char* /*why*/) {}
  // A rare situation worth reaching in tests; `mark` is a literal.
  virtual void on_mark(const char* /*mark*/) {}
};

}  // namespace synchrodb
