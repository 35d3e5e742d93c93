#include "tests/consensus/support/test_cluster.h"

#include <algorithm>
#include <cstdio>

#include "consensus/hash.h"

namespace synchrodb::test {
namespace {

constexpr int kMostSteps = 1000;

// A snapshot's bytes: the state, then filler, so that transfers take several pieces.
std::string encode_state(std::uint64_t state, std::size_t size) {
  std::string bytes(std::max<std::size_t>(size, 8), 's');
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(state >> (8 * i));
  return bytes;
}

std::uint64_t decode_state(const std::string& bytes) {
  std::uint64_t state = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    state |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return state;
}

struct AssertionFailed {
  std::string what;
};

[[noreturn]] void throw_assertion(const char* condition, const char* meaning, const char* file,
                                  int line) {
  throw AssertionFailed{std::string(meaning) + " (" + condition + ") at " + file + ":" +
                        std::to_string(line)};
}

}  // namespace

Index TestDisk::last() const {
  if (!entries.empty()) return entries.back()->index();
  return snapshot ? snapshot->index : Index{};
}

void TestDisk::write(const AppendBatch& batch) {
  if (batch.hard_state) {
    hard_state = *batch.hard_state;
    if (forgets_fault && hard_state.recovery_term) fault.reset();
    if (!forgets_fault) {
      hard_state.recovery_term = {};
      hard_state.recovery_index = {};
    }
  }
  if (batch.piece) {
    if (batch.piece->offset == 0) {
      staged_meta = batch.piece->meta;
      staged.clear();
    }
    if (staged_meta == batch.piece->meta && staged.size() == batch.piece->offset) {
      staged += *batch.piece->data;
    }
  }
  if (batch.install) {
    snapshot = batch.install;
    snapshot_bytes = staged;
    entries.clear();
  }
  for (const EntryRef& entry : batch.entries) {
    while (!entries.empty() && entries.back()->index() >= entry->index()) entries.pop_back();
    if (snapshot && entry->index() <= snapshot->index) continue;
    SYNCHRODB_ASSERT(entry->index() == last().next(), "storage is given a log without gaps");
    entries.push_back(entry);
  }
  if (fault && !entries.empty() &&
      (entries.back()->term() > fault->lost_term ||
       (entries.back()->term() == fault->lost_term && fault->lost_index &&
        entries.back()->index() >= fault->lost_index))) {
    fault.reset();
  }
}

namespace {

struct Describe {
  std::string& text;

  void add(const char* name, std::uint64_t value) const {
    text += std::string(" ") + name + " " + std::to_string(value);
  }
  void operator()(const VoteRequest& m) const {
    add("last", m.last_index.value);
    add("of term", m.last_term.value);
    if (m.transfer) text += " transfer";
  }
  void operator()(const VoteReply& m) const { text += m.granted ? " granted" : " refused"; }
  void operator()(const AppendRequest& m) const {
    add("after", m.prev_index.value);
    add("of term", m.prev_term.value);
    add("entries", m.entries.size());
    add("commit", m.commit.value);
    add("round", m.round);
    if (m.recovery) add("recovery bound", m.recovery_bound.value);
  }
  void operator()(const AppendReply& m) const {
    text += m.success ? " ok" : " conflict";
    add("at", m.index.value);
    if (!m.success) add("hint", m.hint_index.value);
    add("round", m.round);
    if (m.recovery) text += " recovering";
  }
  void operator()(const SnapshotChunk& m) const {
    add("snapshot", m.meta.index.value);
    add("offset", m.offset);
    add("of", m.total);
    add("round", m.round);
  }
  void operator()(const SnapshotReply& m) const {
    const char* const names[] = {" want", " installed", " rejected"};
    text += names[static_cast<std::size_t>(m.status)];
    add("snapshot", m.index.value);
    add("offset", m.next_offset);
    add("round", m.round);
  }
  void operator()(const TimeoutNow&) const {}
};

}  // namespace

std::string text_of(const FlyingMessage& flying) {
  std::string text = std::to_string(flying.from.value) + " -> " + std::to_string(flying.to.value) +
                     " " + name_of(flying.message) + " term " +
                     std::to_string(term_of(flying.message).value);
  std::visit(Describe{text}, flying.message);
  return text;
}

TestCluster::TestCluster(std::uint64_t seed, const RaftOptions& o) : options(o), seed_(seed) {
  set_assertion_handler(throw_assertion);
}

TestCluster::~TestCluster() = default;

void TestCluster::found(const Configuration& configuration) {
  founders = configuration;
  for (const NodeId id : configuration.members()) {
    TestNode& node = nodes[id];
    node.id = id;
    node.options = options;
    start(node);
  }
}

TestNode& TestCluster::join(NodeId id) {
  TestNode& node = nodes[id];
  if (!node.raft) {
    node.id = id;
    node.options = options;
    start(node);
  }
  return node;
}

Now TestCluster::now(const TestNode& node) const {
  Now n;
  n.mono = time + node.mono_offset + Duration{time.ns / 1'000'000 * node.drift_ppm};
  const WallTime reading = true_wall() + node.wall_error;
  n.wall.earliest = reading + Duration{-node.wall_uncertainty.ns};
  n.wall.latest = reading + node.wall_uncertainty;
  n.wall.synchronised = node.wall_synchronised;
  return n;
}

void TestCluster::start(TestNode& node) {
  node.random = std::make_unique<TestRandom>(hash_mix(seed_, ++incarnations_));
  node.invariants = {};
  DurableState durable;
  durable.hard_state = node.disk.hard_state;
  durable.snapshot = node.disk.snapshot;
  durable.entries = node.disk.entries;
  durable.fault = node.disk.fault;
  node.applied = {};
  node.state = 0;
  node.disk.forgets_fault = forget_faults;
  const bool founder = founders.contains(node.id);
  node.raft = std::make_unique<Raft>(node.id, node.options, founder ? founders : Configuration{},
                                     std::move(durable), *node.random, io, now(node));
  drain(node.id);
}

void TestCluster::deliver(std::size_t message) {
  FlyingMessage flying = std::move(network[message]);
  network[message] = std::move(network.back());
  network.pop_back();
  deliver(std::move(flying));
}

void TestCluster::deliver(FlyingMessage flying) {
  if (print_messages)
    std::printf("%8.3f %s\n", static_cast<double>(time.ns) / 1e9, text_of(flying).c_str());
  const auto to = nodes.find(flying.to);
  if (to == nodes.end() || !to->second.raft) return;
  try {
    to->second.raft->step(now(to->second), flying.from, std::move(flying.message));
  } catch (const AssertionFailed& e) {
    fail("assertion", e.what);
  }
  after(flying.to);
}

void TestCluster::timeout(NodeId id) {
  TestNode& n = node(id);
  if (!n.raft) return;
  n.raft->timeout(now(n));
  after(id);
  if (lazy) return;
  // What is done in steps wants the next one at once, but comes to an end.
  const auto wants_more = [&] { return n.raft && !violation && n.deadline <= now(n).mono; };
  for (int steps = 0; wants_more() && steps < kMostSteps; ++steps) drain(id);
  if (wants_more()) fail("deadline-in-the-past", describe(id) + " would spin");
}

ProposeResult TestCluster::propose(NodeId id, std::string payload) {
  TestNode& n = node(id);
  if (!n.raft) return NotLeader{};
  const ProposeResult result = n.raft->propose(now(n), std::move(payload));
  after(id);
  return result;
}

ReadId TestCluster::read(NodeId id, ReadMode mode) {
  TestNode& n = node(id);
  if (!n.raft) return {};
  const ReadId read{++next_read_};
  reads[read] = {id, leader_commit_};
  n.raft->read(now(n), read, mode);
  after(id);
  return read;
}

ProposeResult TestCluster::change(NodeId id, const ConfigurationChange& change) {
  TestNode& n = node(id);
  if (!n.raft) return NotLeader{};
  const ProposeResult result = n.raft->change(now(n), change);
  after(id);
  return result;
}

bool TestCluster::transfer(NodeId id, NodeId target) {
  TestNode& n = node(id);
  if (!n.raft) return false;
  const bool started = n.raft->transfer(now(n), target);
  after(id);
  return started;
}

void TestCluster::sync(NodeId id, std::size_t batches) {
  TestNode& n = node(id);
  if (!n.raft || n.writing.empty()) return;
  batches = std::min(batches, n.writing.size());
  IoId last;
  std::optional<SnapshotMeta> staged;
  try {
    for (std::size_t i = 0; i < batches; ++i) {
      const AppendBatch& batch = n.writing[i];
      n.disk.write(batch);
      last = batch.id;
      if (batch.piece && n.disk.staged.size() == batch.piece->total) staged = batch.piece->meta;
    }
    n.writing.erase(n.writing.begin(), n.writing.begin() + static_cast<std::ptrdiff_t>(batches));
    n.raft->on_durable(now(n), last);
    if (staged) n.raft->on_snapshot_staged(now(n), *staged, true);
  } catch (const AssertionFailed& e) {
    return fail("assertion", e.what);
  }
  std::vector<GatedMessage> left;
  for (GatedMessage& gated : n.gated) {
    if (gated.after <= last) {
      network.push_back({id, gated.to, std::move(gated.message)});
    } else {
      left.push_back(std::move(gated));
    }
  }
  n.gated = std::move(left);
  after(id);
}

void TestCluster::snapshot(NodeId id) {
  TestNode& n = node(id);
  if (!n.raft || !n.applied || (n.disk.snapshot && n.disk.snapshot->index >= n.applied)) return;
  // Taken in memory, made durable at once; entries that are still being written come after it.
  for (const AppendBatch& batch : n.writing) {
    if (batch.install) return;
  }
  const SnapshotMeta meta = n.raft->snapshot_meta(n.applied);
  n.disk.snapshot = meta;
  n.disk.snapshot_bytes = encode_state(n.state, 300);
  std::erase_if(n.disk.entries, [&](const EntryRef& e) { return e->index() <= meta.index; });
  n.raft->on_snapshot_taken(meta);
  after(id);
}

void TestCluster::crash(NodeId id, std::size_t keep) {
  TestNode& n = node(id);
  if (!n.raft) return;
  for (std::size_t i = 0; i < std::min(keep, n.writing.size()); ++i) n.disk.write(n.writing[i]);
  n.writing.clear();
  n.gated.clear();
  n.raft.reset();
  n.disk.staged_meta.reset();
  n.disk.staged.clear();
  cluster.forget(id);
  std::erase_if(reads, [&](const auto& read) { return read.second.node == id; });
}

void TestCluster::restart(NodeId id) {
  TestNode& n = node(id);
  if (!n.raft) start(n);
}

void TestCluster::damage(NodeId id, Index intact, bool known) {
  TestNode& n = node(id);
  if (n.raft || n.disk.entries.empty() || intact >= n.disk.last()) return;
  StorageFault fault;
  fault.lost_term = known ? n.disk.entries.back()->term() : n.disk.hard_state.term;
  fault.lost_index = known ? n.disk.last() : Index{};
  if (n.disk.fault) {
    fault.lost_term = std::max(fault.lost_term, n.disk.fault->lost_term);
    fault.lost_index = {};
  }
  while (!n.disk.entries.empty() && n.disk.entries.back()->index() > intact) {
    n.disk.entries.pop_back();
  }
  fault.intact = n.disk.last();
  n.disk.fault = fault;
}

void TestCluster::drain(NodeId id) {
  TestNode& n = node(id);
  if (!n.raft) return;
  try {
    n.raft->drain(now(n), effects_);
  } catch (const AssertionFailed& e) {
    return fail("assertion", e.what);
  }
  perform(n, effects_);
  check(n);
}

void TestCluster::perform(TestNode& n, Effects& effects) {
  n.deadline = effects.deadline;
  for (const TraceEvent& event : effects.trace) {
    if (event.kind == TraceKind::kBecameLeader) ++elections;
    if (event.kind == TraceKind::kLeaseServed) ++lease_reads;
    if (event.kind == TraceKind::kConfiguration) ++configurations;
    if (event.kind == TraceKind::kRecoveryFinished) ++recoveries;
    if (keep_trace) trace.emplace_back(n.id, event);
  }
  for (OutgoingMessage& out : effects.send) {
    network.push_back({n.id, out.to, std::move(out.message)});
  }
  for (GatedMessage& gated : effects.gated) n.gated.push_back(std::move(gated));
  for (const SnapshotSend& send : effects.snapshots) {
    if (!n.disk.snapshot) continue;
    SnapshotChunk chunk;
    chunk.term = send.term;
    chunk.meta = *n.disk.snapshot;
    chunk.total = n.disk.snapshot_bytes.size();
    chunk.offset = send.index == chunk.meta.index ? send.offset : 0;
    if (chunk.offset > chunk.total) continue;
    chunk.data = std::make_shared<const std::string>(n.disk.snapshot_bytes.substr(
        static_cast<std::size_t>(chunk.offset), static_cast<std::size_t>(send.max_bytes)));
    chunk.round = send.round;
    network.push_back({n.id, send.to, std::move(chunk)});
  }
  if (effects.restore) {
    ++restores;
    if (!n.disk.snapshot || n.disk.snapshot->index != effects.restore->index) {
      fail("restore", describe(n.id) + " restores a snapshot that is not the current one");
      return;
    }
    if (n.disk.snapshot->index < n.applied) {
      fail("applied-falls", describe(n.id) + " restores an older state");
      return;
    }
    n.applied = n.disk.snapshot->index;
    n.state = decode_state(n.disk.snapshot_bytes);
    if (states_.size() < n.applied.value || states_[n.applied.value - 1] != n.state) {
      fail("state-equality", describe(n.id) + " restored another state");
    }
    n.raft->on_applied(n.applied);
  }
  for (const EntryRef& entry : effects.apply) apply(n, entry);
  if (!effects.apply.empty()) n.raft->on_applied(n.applied);
  for (const ReadReady& ready : effects.reads) {
    const auto read = reads.find(ready.id);
    if (read == reads.end()) {
      fail("read-answered-once", describe(n.id));
      return;
    }
    (ready.ok ? reads_ok : reads_failed) += 1;
    if (ready.ok && ready.index < read->second.committed) {
      fail("stale-read", describe(n.id) + " serves at " + std::to_string(ready.index.value) +
                             ", committed before: " + std::to_string(read->second.committed.value));
    }
    if (keep_answers) answers[ready.id] = ready;
    reads.erase(read);
  }
  if (effects.append) n.writing.push_back(std::move(*effects.append));
}

void TestCluster::apply(TestNode& n, const EntryRef& entry) {
  if (entry->index() != n.applied.next()) {
    fail("apply-order", describe(n.id) + " applies " + std::to_string(entry->index().value) +
                            " after " + std::to_string(n.applied.value));
    return;
  }
  n.applied = entry->index();
  n.state = hash_mix(n.state, entry->digest());
  if (states_.size() < n.applied.value) {
    states_.push_back(n.state);
    ++commits;
  } else if (states_[n.applied.value - 1] != n.state) {
    fail("state-equality", describe(n.id) + " at " + std::to_string(n.applied.value));
  }
}

void TestCluster::check(TestNode& n) {
  if (!n.raft || violation) return;
  if (const auto v = n.invariants.check(*n.raft)) return fail(v->property, v->what);
  if (const auto v = cluster.observe(*n.raft)) return fail(v->property, v->what);
  if (n.raft->leader_state()) leader_commit_ = std::max(leader_commit_, n.raft->commit());
}

void TestCluster::fail(const std::string& property, const std::string& what) {
  if (!violation) violation = property + ": " + what;
}

NodeId TestCluster::leader() const {
  NodeId best;
  Term term;
  for (const auto& [id, n] : nodes) {
    if (n.raft && n.raft->leader_state() && n.raft->term() > term) {
      best = id;
      term = n.raft->term();
    }
  }
  return best;
}

namespace {

std::string text_of(const Configuration& c) {
  std::string text;
  const auto list = [&](const char* name, const std::vector<NodeId>& nodes) {
    if (nodes.empty()) return;
    text += std::string(text.empty() ? "" : " ") + name;
    for (const NodeId node : nodes) text += " " + std::to_string(node.value);
  };
  list("voters", c.voters);
  list("outgoing", c.outgoing);
  list("learners", c.learners);
  return text;
}

}  // namespace

std::string TestCluster::describe(NodeId id) const {
  const TestNode& n = nodes.at(id);
  std::string text = "node " + std::to_string(id.value);
  if (!n.raft) return text + " (down)";
  const ProtocolStatus s = n.raft->status();
  return text + " (" + name_of(s.role) + ", term " + std::to_string(s.term.value) + ", log " +
         std::to_string(s.first.value) + ".." + std::to_string(s.last.value) + ", commit " +
         std::to_string(s.commit.value) + ", applied " + std::to_string(n.applied.value) +
         ", durable " + std::to_string(s.durable.value) + (s.recovering ? ", recovering" : "") +
         ", " + text_of(n.raft->configuration()) + " at " +
         std::to_string(n.raft->configurations().latest().index.value) + ")";
}

}  // namespace synchrodb::test
