#include "sim/world/process.h"

#include <utility>

#include "sim/marks.h"

namespace synchrodb::sim {

Process::Process(const Surroundings& world, std::uint32_t index, NodeId id, NodeOptions options,
                 Configuration founders, DiskOptions disk)
    : world_(world),
      index_(index),
      id_(id),
      options_(options),
      founders_(std::move(founders)),
      owner_(world.kernel.add_owner("node")),
      clock_(world.kernel, owner_, index, world.counters),
      disk_(world.kernel, world.streams, index, world.counters, disk),
      fibers_(world.kernel, owner_, clock_),
      buggify_(world.buggify, world.streams, index, world.counters),
      random_(world.streams.stream("raft", index)),
      transport_(world.network.attach(id, owner_, clock_)) {
  disk_.detach();
}

Process::~Process() {
  if (running()) crash(false);
}

void Process::start() {
  if (running() || retired_) return;
  fatal_ = false;
  started_ = world_.kernel.now();
  disk_.boot();
  transport_->open();
  world_.oracle.on_start(index_, id_);
  record("started", "", {}, {}, {}, ++life_);
  if (world_.behaviour != nullptr) return start_guest();
  watched_ = std::make_unique<WatchedTransport>(*transport_, world_.oracle, index_);
  env_ =
      std::make_unique<Env>(Env{id_, clock_, fibers_, *watched_, disk_, random_, buggify_, *this});
  node_ = std::make_unique<Node>(*env_, options_,
                                 std::vector<GroupOptions>{GroupOptions{kGroup, founders_}});
  world_.kernel.spawn(owner_, "node", [node = node_.get()] { node->run(); });
}

// The oracle knows the engine's promises alone.
void Process::start_guest() {
  env_ = std::make_unique<Env>(
      Env{id_, clock_, fibers_, *transport_, disk_, random_, buggify_, *this});
  guest_ = std::make_unique<ProtocolNode>(world_.kernel, owner_, *env_, *world_.behaviour,
                                          world_.streams, index_, life_);
  world_.kernel.spawn(owner_, "node", [guest = guest_.get()] { guest->run(); });
}

// The Env dies first, the fibers unwind after: whoever touches the disk or the network while
// unwinding fails an assertion.
void Process::crash(bool power) {
  if (!running()) return;
  SOMETIMES(replica() == nullptr, "a process was killed while it recovered");
  SOMETIMES(world_.kernel.now() - started_ < milliseconds(500),
            "a process was killed soon after its start");
  if (power) {
    const CrashReport report = disk_.crash(crash_mode_, tear_);
    record("power-lost", "", {}, {}, {}, report.lost);
    SOMETIMES(report.lost > 0, "a crash lost unsynced writes");
    SOMETIMES(report.torn_writes > 0, "a crash tore a write");
    SOMETIMES(report.lost_names > 0, "a crash undid a directory operation");
  } else {
    disk_.detach();
    record("killed");
  }
  transport_->close();
  world_.kernel.kill_owner(owner_);
  node_.reset();
  guest_.reset();
  env_.reset();
  paused_ = false;
  if (clock_.stopped()) clock_.start();
  world_.oracle.on_stop(index_);
}

void Process::wipe(NodeId id) {
  crash(true);
  if (disk_.attached()) disk_.crash();
  disk_.wipe();
  world_.oracle.on_wiped(index_);
  record("wiped", "", {}, {}, id);
  founders_ = Configuration{};
  if (id == id_) return;
  id_ = id;
  transport_ = world_.network.attach(id, owner_, clock_);
}

void Process::pause(bool clock_stops) {
  if (!running() || paused_) return;
  paused_ = true;
  record("paused", clock_stops ? "clock stopped" : "clock running");
  world_.kernel.pause_owner(owner_);
  if (clock_stops) clock_.stop();
}

void Process::resume() {
  if (!paused_) return;
  paused_ = false;
  if (clock_.stopped()) clock_.start();
  record("resumed");
  world_.kernel.resume_owner(owner_);
}

Replica* Process::replica() {
  return node_ == nullptr ? nullptr : node_->replica(kGroup);
}

const Replica* Process::replica() const {
  return node_ == nullptr ? nullptr : std::as_const(*node_).replica(kGroup);
}

const ProtocolContents* Process::contents() const {
  return guest_ == nullptr ? nullptr : guest_->contents();
}

const Protocol* Process::protocol() const {
  const Replica* hosted = replica();
  return hosted == nullptr ? nullptr : &hosted->protocol();
}

bool Process::leads() const {
  const Protocol* p = protocol();
  return p != nullptr && p->status().role == Role::kLeader;
}

void Process::record(const char* event, const char* subject, Term term, Index index, NodeId peer,
                     std::uint64_t extra) {
  world_.trace.record(TraceLine{world_.kernel.now().ns, static_cast<std::int32_t>(index_), event,
                                subject, term.value, index.value, peer.value, extra});
}

void Process::on_trace(GroupId, const TraceEvent& event) {
  record(name_of(event.kind), "", event.term, event.index, event.peer, event.a);
  world_.oracle.on_trace(index_, *protocol(), event);
  mark_event(event);
  if (event.kind == TraceKind::kBecameLeader && on_leader) {
    world_.kernel.after(Duration{}, [this] { on_leader(*this); });
  }
}

void Process::on_appended(GroupId, const std::vector<EntryRef>& entries) {
  world_.oracle.on_appended(index_, entries);
}

void Process::on_applied(GroupId, const Entry& entry, std::uint64_t state) {
  world_.kernel.feed(DigestKind::kWorld, entry.digest(), state);
  world_.oracle.on_applied(index_, entry, state);
  world_.places.on_applied(entry);
}

void Process::on_restored(GroupId, const SnapshotMeta& meta, std::uint64_t state) {
  record("restored", "", meta.term, meta.index);
  world_.kernel.feed(DigestKind::kWorld, meta.index.value, state);
  world_.oracle.on_restored(index_, meta, state);
}

void Process::on_durable(GroupId, Index last, Term last_term) {
  world_.oracle.on_durable(index_, last, last_term);
}

void Process::on_recovered(GroupId, const DurableState& durable) {
  record("recovered", "", durable.hard_state.term,
         durable.entries.empty() ? Index{} : durable.entries.back()->index());
  SOMETIMES(durable.entries.size() > 100, "a node recovered more than 100 entries");
  SOMETIMES(durable.snapshot.has_value(), "a node recovered from a snapshot");
  SOMETIMES(durable.snapshot && durable.entries.empty(),
            "a node recovered a snapshot and no entry");
  SOMETIMES(durable.hard_state.recovery_term > Term{}, "a node restarted amid its recovery");
  world_.oracle.on_recovered(index_, durable);
}

void Process::on_snapshot_taken(GroupId, const SnapshotMeta& meta, std::size_t bytes) {
  SOMETIMES(leads(), "a leader made a snapshot");
  record("snapshot-taken", "", meta.term, meta.index, {}, bytes);
}

void Process::on_storage_fault(GroupId, const StorageFault& fault) {
  record("storage-fault", "", fault.lost_term, fault.intact, {}, fault.lost_index.value);
  SOMETIMES(true, "recovery found a damaged log");
  world_.oracle.on_damage(index_);
}

void Process::on_fatal(const char* why) {
  fatal_ = true;
  SOMETIMES(replica() == nullptr, "a process could not use its disk at start");
  SOMETIMES(replica() != nullptr, "a process ended because its disk failed");
  reason_ = why;
  record("ended-itself");
  world_.kernel.after(Duration{}, [this, life = life_] {
    if (life == life_ && running()) {
      crash(false);
      if (on_ended_itself) on_ended_itself(*this);
    }
  });
}

void Process::on_mark(const char* mark) {
  SOMETIMES(std::string_view(mark) == "a torn log tail was cut", "a torn log tail was cut");
  reach_mark(mark);
}

}  // namespace synchrodb::sim
