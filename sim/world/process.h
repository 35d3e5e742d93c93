// One simulated machine: a node's process, its clocks, its disk and its place on the network.
//
// The machine outlives the process: a crash ends the process, a restart makes a new one on the same
// disk. What happens in the process is reported to the oracle and the trace.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/node/node.h"
#include "sim/clock/sim_clock.h"
#include "sim/disk/sim_disk.h"
#include "sim/kernel/kernel.h"
#include "sim/kernel/sim_buggify.h"
#include "sim/kernel/sim_fibers.h"
#include "sim/network/network.h"
#include "sim/oracle/command_places.h"
#include "sim/oracle/oracle.h"
#include "sim/protocol/protocol_node.h"
#include "sim/trace/trace.h"
#include "sim/world/watched_transport.h"

namespace synchrodb::sim {

inline constexpr GroupId kGroup{1};

// What all processes of a world share.
struct Surroundings {
  Kernel& kernel;
  Network& network;
  const Streams& streams;
  FaultCounters& counters;
  const BuggifyPlan& buggify;
  Oracle& oracle;
  CommandPlaces& places;
  Trace& trace;
  // What machines run instead of the engine's node; null: that.
  Behaviour* behaviour = nullptr;
};

class Process final : public Observer {
 public:
  // `index`: the machine's, from 0. `founders` is empty for a machine that joins later.
  Process(const Surroundings& world, std::uint32_t index, NodeId id, NodeOptions options,
          Configuration founders, DiskOptions disk);
  ~Process() override;

  // Event loop only, all of these. Starting a running process and stopping a stopped one do
  // nothing.
  void start();
  // The process dies where it is. `power`: its unsynced writes are at the disk's mercy too.
  void crash(bool power);
  // A crash, and the disk is emptied: the machine comes back as `id`.
  void wipe(NodeId id);
  void pause(bool clock_stops);
  void resume();
  // Stopped for good: start() does nothing any more.
  void retire() { retired_ = true; }

  bool running() const { return env_ != nullptr; }
  bool paused() const { return paused_; }
  // The process ended itself: its disk failed, or what is on it cannot be used.
  bool ended_itself() const { return fatal_; }
  const std::string& reason() const { return reason_; }

  std::uint32_t index() const { return index_; }
  NodeId id() const { return id_; }
  Owner owner() const { return owner_; }
  SimClock& clock() { return clock_; }
  const SimClock& clock() const { return clock_; }
  SimDisk& disk() { return disk_; }
  SimBuggify& buggify() { return buggify_; }
  NodeOptions& options() { return options_; }
  // Null while down or recovering.
  Replica* replica();
  const Replica* replica() const;
  const Protocol* protocol() const;
  // What the node of a protocol has in its storage; null as above, and for the engine's node.
  const ProtocolContents* contents() const;
  bool leads() const;

  // What the next loss of power does to unsynced writes; nothing: drawn.
  void set_crash_mode(std::optional<CrashMode> mode, std::uint32_t tear) {
    crash_mode_ = mode;
    tear_ = tear;
  }

  // Called on the event loop when the node has become leader, and when it has ended itself.
  std::function<void(Process&)> on_leader;
  std::function<void(Process&)> on_ended_itself;

 private:
  void on_trace(GroupId, const TraceEvent& event) override;
  void on_appended(GroupId, const std::vector<EntryRef>& entries) override;
  void on_applied(GroupId, const Entry& entry, std::uint64_t state) override;
  void on_restored(GroupId, const SnapshotMeta& meta, std::uint64_t state) override;
  void on_durable(GroupId, Index last, Term last_term) override;
  void on_recovered(GroupId, const DurableState& durable) override;
  void on_snapshot_taken(GroupId, const SnapshotMeta& meta, std::size_t bytes) override;
  void on_storage_fault(GroupId, const StorageFault& fault) override;
  void on_fatal(const char* why) override;
  void on_mark(const char* mark) override;

  void start_guest();
  void record(const char* event, const char* subject = "", Term term = {}, Index index = {},
              NodeId peer = {}, std::uint64_t extra = 0);
  void mark_event(const TraceEvent& event);

  const Surroundings& world_;
  std::uint32_t index_;
  NodeId id_;
  NodeOptions options_;
  Configuration founders_;
  Owner owner_;
  SimClock clock_;
  SimDisk disk_;
  SimFibers fibers_;
  SimBuggify buggify_;
  Stream random_;
  std::unique_ptr<NodeTransport> transport_;
  std::unique_ptr<WatchedTransport> watched_;
  std::unique_ptr<Env> env_;
  std::unique_ptr<Node> node_;           // one of the two while the process runs
  std::unique_ptr<ProtocolNode> guest_;  // …
  std::optional<CrashMode> crash_mode_;
  std::uint32_t tear_ = 512;
  std::uint64_t life_ = 0;  // counts starts
  // For the marks alone.
  TrueTime started_;
  Index last_appended_;
  Index commit_reported_;
  Term campaigned_in_;
  bool leading_ = false;
  bool paused_ = false;
  bool fatal_ = false;
  bool retired_ = false;
  std::string reason_;
};

}  // namespace synchrodb::sim
