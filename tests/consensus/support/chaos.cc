#include "tests/consensus/support/chaos.h"

#include <algorithm>
#include <cstdio>

namespace synchrodb::test {
namespace {

class Chaos {
 public:
  Chaos(std::uint64_t seed, const ChaosShape& shape, bool print)
      : shape_(shape), random_(seed ^ 0xc4a05), cluster_(seed, shape.options), print_(print) {
    cluster_.keep_trace = print;
    cluster_.print_messages = print;
    cluster_.forget_faults = shape.forget_faults;
    Configuration founders;
    for (std::uint64_t i = 1; i <= shape.nodes; ++i) founders.voters.push_back(NodeId{i});
    cluster_.found(founders);
    for (auto& [id, node] : cluster_.nodes) set_clocks(node);
    weights();
  }

  ChaosResult run() {
    for (std::uint64_t i = 0; i < shape_.events && !cluster_.violation; ++i) event();
    if (!cluster_.violation) heal();
    ChaosResult result;
    if (cluster_.violation) result.violation = *cluster_.violation;
    result.commits = cluster_.commits;
    result.reads_ok = cluster_.reads_ok;
    result.lease_reads = cluster_.lease_reads;
    result.elections = cluster_.elections;
    result.restores = cluster_.restores;
    result.recoveries = cluster_.recoveries;
    result.configurations = cluster_.configurations;
    flush_trace();
    return result;
  }

 private:
  enum Event {
    kDeliver,
    kDrop,
    kDuplicate,
    kTime,
    kTimeout,
    kSync,
    kCrash,
    kRestart,
    kPropose,
    kRead,
    kChange,
    kTransfer,
    kSnapshot,
    kDamage,
    kClock,
    kPartition,
    kFlow,
    kCount
  };

  void weights() {
    // Swarm: each run leaves some kinds out and favours others.
    const std::uint64_t base[kCount] = {60, 4, 4, 14, 6, 30, 2, 4, 8, 6, 3, 1, 2, 2, 1, 2, 12};
    for (int i = 0; i < kCount; ++i) {
      weight_[i] = base[i] * (1 + random_.below(3));
      const bool needed =
          i == kDeliver || i == kTime || i == kSync || i == kRestart || i == kTimeout;
      if (!needed && random_.chance(1, 3)) weight_[i] = 0;
    }
    if (!shape_.membership) weight_[kChange] = 0;
    if (!shape_.damage) weight_[kDamage] = 0;
    lazy_ = random_.chance(1, 3);
    striking_ = random_.chance(1, 3);
    for (const std::uint64_t w : weight_) total_ += w;
  }

  NodeId any_node() {
    auto it = cluster_.nodes.begin();
    std::advance(it, static_cast<std::ptrdiff_t>(random_.below(cluster_.nodes.size())));
    return it->first;
  }
  NodeId likely_leader() {
    const NodeId leader = cluster_.leader();
    if (leader && random_.chance(3, 5)) return leader;
    // Perhaps one that does not know yet that it was deposed.
    for (const auto& [id, node] : cluster_.nodes) {
      if (node.raft && node.raft->leader_state() && id != leader) return id;
    }
    return leader && random_.chance(1, 2) ? leader : any_node();
  }

  void set_clocks(TestNode& node) {
    node.mono_offset = random_.between({}, seconds(100));
    if (shape_.drifting_clocks) {
      node.drift_ppm = static_cast<std::int64_t>(random_.below(900)) - 450;
      node.wall_uncertainty = random_.between({}, milliseconds(200));
      node.wall_error = random_.between({-node.wall_uncertainty.ns}, node.wall_uncertainty);
    }
  }

  Event pick() {
    std::uint64_t at = random_.below(total_);
    for (int i = 0; i < kCount; ++i) {
      if (at < weight_[i]) return static_cast<Event>(i);
      at -= weight_[i];
    }
    return kDeliver;
  }

  void event() {
    cluster_.lazy = lazy_ && random_.chance(1, 2);
    perform(pick());
    flush_trace();
    if (cluster_.lazy && random_.chance(1, 2)) cluster_.drain(any_node());
    if (striking_ && cluster_.elections > elections_seen_) strike();
    elections_seen_ = cluster_.elections;
    if (cluster_.network.size() > 400) {
      cluster_.network.erase(cluster_.network.begin(), cluster_.network.begin() + 200);
    }
  }

  void perform(Event event) {
    switch (event) {
      case kDeliver:
      case kDrop:
      case kDuplicate:
        return message(event);
      case kTime:
        cluster_.advance(random_.between(microseconds(10), milliseconds(200)));
        return due_timeouts();
      case kTimeout:
        if (random_.chance(1, 4)) cluster_.advance(milliseconds(700));
        return cluster_.timeout(any_node());
      case kSync:
        return cluster_.sync(any_node(), 1 + random_.below(3));
      case kCrash: {
        const NodeId id = any_node();
        return cluster_.crash(id, random_.below(cluster_.node(id).writing.size() + 1));
      }
      case kRestart:
        return cluster_.restart(any_node());
      case kPropose:
        cluster_.propose(likely_leader(),
                         std::string(random_.below(40), 'x') + std::to_string(++payload_));
        return;
      case kRead:
        cluster_.read(likely_leader(),
                      random_.chance(1, 2) ? ReadMode::kLease : ReadMode::kReadIndex);
        return;
      case kChange:
        return change();
      case kTransfer:
        cluster_.transfer(likely_leader(), any_node());
        return;
      case kSnapshot:
        return cluster_.snapshot(any_node());
      case kDamage:
        return damage();
      case kClock: {
        TestNode& node = cluster_.node(any_node());
        if (!shape_.drifting_clocks) return;
        node.wall_synchronised = random_.chance(2, 3);
        set_wall(node);
        return;
      }
      case kPartition:
        return partition();
      case kFlow:
        return flow();
      case kCount:
        return;
    }
  }

  // Nobody, one node (often the leader), or a random half cut off.
  void partition() {
    apart_.clear();
    switch (random_.below(4)) {
      case 0:
        return;
      case 1:
      case 2:
        apart_.insert(likely_leader());
        return;
      default:
        for (const auto& [id, node] : cluster_.nodes) {
          if (random_.chance(1, 2)) apart_.insert(id);
        }
    }
  }

  // Hits a leader in its first moments, when much is in flux (figure 8 of the Raft paper).
  void strike() {
    const NodeId leader = cluster_.leader();
    if (!leader || random_.chance(1, 3)) return;
    if (random_.chance(1, 2)) flow();
    if (random_.chance(1, 3)) cluster_.propose(leader, "late" + std::to_string(++payload_));
    if (random_.chance(1, 2)) {
      cluster_.crash(leader, random_.below(cluster_.node(leader).writing.size() + 1));
    } else {
      apart_ = {leader};
    }
  }

  bool cut(const FlyingMessage& flying) const {
    return apart_.count(flying.from) != apart_.count(flying.to);
  }

  void set_wall(TestNode& node) {
    if (node.wall_synchronised) {
      node.wall_uncertainty = random_.between({}, milliseconds(200));
      node.wall_error = random_.between({-node.wall_uncertainty.ns}, node.wall_uncertainty);
    } else {
      node.wall_error = random_.between(seconds(-100), seconds(100));
    }
  }

  void message(Event event) {
    auto& network = cluster_.network;
    if (network.empty()) return;
    // Mostly in order, sometimes any.
    std::size_t at = 0;
    if (random_.chance(1, 3)) {
      at = random_.below(network.size());
    } else {
      at = random_.below(std::min<std::size_t>(network.size(), 4));
    }
    // A few are only held back, and arrive when the partition is over.
    if (cut(network[at]) && !random_.chance(1, 20)) event = kDrop;
    if (cut(network[at]) && event != kDrop) return;
    if (event == kDrop) {
      network.erase(network.begin() + static_cast<std::ptrdiff_t>(at));
    } else if (event == kDuplicate) {
      const FlyingMessage copy = network[at];
      cluster_.deliver(copy);
    } else {
      FlyingMessage flying = std::move(network[at]);
      network.erase(network.begin() + static_cast<std::ptrdiff_t>(at));
      cluster_.deliver(std::move(flying));
    }
  }

  // A while in which the network and the disks do their work.
  void flow() {
    for (std::uint64_t steps = random_.below(40); steps > 0; --steps) {
      if (cluster_.network.empty() || random_.chance(1, 6)) {
        cluster_.sync(any_node());
      } else {
        message(kDeliver);
      }
    }
  }

  void due_timeouts() {
    for (auto& [id, node] : cluster_.nodes) {
      if (node.raft && cluster_.now(node).mono >= node.deadline && random_.chance(4, 5)) {
        cluster_.timeout(id);
      }
    }
  }

  void change() {
    const NodeId leader = likely_leader();
    ConfigurationChange change;
    std::vector<NodeId> pool;
    for (std::uint64_t i = 1; i <= shape_.nodes + 2; ++i) pool.push_back(NodeId{i});
    const std::uint64_t how_many = 1 + random_.below(3);
    for (std::uint64_t i = 0; i < how_many && !pool.empty(); ++i) {
      const auto at = static_cast<std::ptrdiff_t>(random_.below(pool.size()));
      const NodeId node = pool[static_cast<std::size_t>(at)];
      pool.erase(pool.begin() + at);
      switch (random_.below(3)) {
        case 0:
          change.add_voters.push_back(node);
          break;
        case 1:
          change.add_learners.push_back(node);
          break;
        default:
          change.remove.push_back(node);
          break;
      }
    }
    if (shape_.damage) {  // stay within the budget: see damage()
      const TestNode& node = cluster_.node(leader);
      const std::size_t fewer = change.remove.size() + change.add_learners.size();
      if (!node.raft || node.raft->configuration().voters.size() < 3 + fewer) return;
    }
    const ProposeResult result = cluster_.change(leader, change);
    if (!std::holds_alternative<Proposed>(result)) return;
    for (const auto* list : {&change.add_voters, &change.add_learners}) {
      for (const NodeId id : *list) {
        if (!cluster_.nodes.count(id)) set_clocks(cluster_.join(id));
      }
    }
  }

  // Within the budget: one node at a time, of at least three voters, and whole again before the
  // next. While members change, only losses of known extent: a change that shrinks the group to the
  // damaged node and one other would make an unknown loss an outage that nobody can end.
  void damage() {
    for (const auto& [id, node] : cluster_.nodes) {
      if (node.disk.fault || node.disk.hard_state.recovery_term != Term{}) return;
      if (node.raft && node.raft->recovering()) return;
    }
    const NodeId id = any_node();
    TestNode& node = cluster_.node(id);
    if (!node.raft || node.raft->configuration().voters.size() < 3 ||
        (node.raft->configuration().joint() && node.raft->configuration().outgoing.size() < 3)) {
      return;
    }
    if (shape_.options.election_quorum_surplus > 0) return;
    cluster_.crash(id, random_.below(node.writing.size() + 1));
    if (node.disk.entries.empty()) return;
    const std::uint64_t lost = random_.below(node.disk.entries.size()) + 1;
    cluster_.damage(id, Index{node.disk.last().value - lost},
                    shape_.membership || random_.chance(1, 2));
    if (random_.chance(1, 2)) cluster_.restart(id);
  }

  // Everything works again; time passes in steps in which all that can happen does.
  void heal() {
    cluster_.lazy = false;
    for (auto& [id, node] : cluster_.nodes) {
      node.wall_synchronised = true;
      if (shape_.drifting_clocks) set_wall(node);
      cluster_.restart(id);
      cluster_.drain(id);
    }
    const Instant start = cluster_.time;
    Index goal;
    while (cluster_.time < start + seconds(40) && !cluster_.violation) {
      settle();
      if (goal && all_have(goal)) return;
      const NodeId leader = cluster_.leader();
      if (!goal && leader && cluster_.time > start + seconds(10)) {
        const ProposeResult result = cluster_.propose(leader, "after");
        if (const auto* at = std::get_if<Proposed>(&result)) {
          settle();
          if (cluster_.node(leader).raft->commit() >= at->index) goal = at->index;
        }
      }
      cluster_.advance(milliseconds(20));
      for (auto& [id, node] : cluster_.nodes) {
        if (cluster_.now(node).mono >= node.deadline) cluster_.timeout(id);
      }
      flush_trace();
    }
    if (cluster_.violation) return;
    std::string states;
    for (const auto& [id, node] : cluster_.nodes) states += "\n  " + cluster_.describe(id);
    cluster_.violation = "liveness: the healed group does not serve:" + states;
  }

  void settle() {
    for (int i = 0; i < 20'000 && !cluster_.violation; ++i) {
      bool quiet = true;
      if (!cluster_.network.empty()) {
        quiet = false;
        FlyingMessage flying = std::move(cluster_.network.front());
        cluster_.network.erase(cluster_.network.begin());
        cluster_.deliver(std::move(flying));
      } else {
        for (auto& [id, node] : cluster_.nodes) {
          if (!node.writing.empty()) {
            quiet = false;
            cluster_.sync(id);
          }
        }
      }
      if (quiet) return;
    }
    if (!cluster_.violation) cluster_.violation = "liveness: messages without end";
  }

  bool all_have(Index goal) {
    const NodeId leader = cluster_.leader();
    if (!leader) return false;
    for (const NodeId id : cluster_.node(leader).raft->configuration().members()) {
      if (cluster_.node(id).applied < goal) return false;
    }
    return true;
  }

  void flush_trace() {
    if (!print_) return;
    for (const auto& [id, event] : cluster_.trace) {
      std::printf("%8.3f node %llu %-20s term %llu index %llu peer %llu a %llu\n",
                  static_cast<double>(cluster_.time.ns) / 1e9,
                  static_cast<unsigned long long>(id.value), name_of(event.kind),
                  static_cast<unsigned long long>(event.term.value),
                  static_cast<unsigned long long>(event.index.value),
                  static_cast<unsigned long long>(event.peer.value),
                  static_cast<unsigned long long>(event.a));
    }
    cluster_.trace.clear();
  }

  ChaosShape shape_;
  TestRandom random_;
  TestCluster cluster_;
  bool print_;
  bool lazy_ = false;
  std::uint64_t weight_[kCount] = {};
  std::uint64_t total_ = 0;
  std::uint64_t payload_ = 0;
  std::set<NodeId> apart_;
  bool striking_ = false;
  std::uint64_t elections_seen_ = 0;
};

}  // namespace

ChaosShape shape_of(std::uint64_t seed) {
  TestRandom random(seed ^ 0x5a9e);
  ChaosShape shape;
  const std::uint64_t sizes[] = {1, 2, 3, 3, 3, 4, 5, 5, 7};
  shape.nodes = sizes[random.below(9)];
  shape.events = 100 + random.below(900);
  RaftOptions& o = shape.options;
  o.pre_vote = random.chance(3, 4);
  o.check_quorum = random.chance(3, 4);
  const LeaseKind leases[] = {LeaseKind::kNone, LeaseKind::kLog, LeaseKind::kLog,
                              LeaseKind::kClassical};
  o.lease = leases[random.below(4)];
  o.membership = random.chance(1, 3) ? MembershipMode::kSingleServer : MembershipMode::kJoint;
  if (random.chance(1, 3)) o.max_entries_per_message = 1 + random.below(4);
  if (random.chance(1, 3)) o.max_inflight_messages = 1 + random.below(4);
  if (random.chance(1, 4)) o.max_bytes_per_message = 64 + random.below(400);
  if (random.chance(1, 6)) o.max_uncommitted_bytes = 500;
  if (random.chance(1, 2)) o.append_linger = Duration{};
  o.thrifty_reads = random.chance(2, 3);
  if (random.chance(1, 2)) o.read_linger = Duration{};
  if (random.chance(1, 2)) o.read_round_interval = milliseconds(random.below(50));
  o.snapshot_chunk_bytes = random.chance(1, 2) ? 100 : 64 * 1024;
  o.compaction_tail = random.below(6);
  o.priority = 0;
  if (o.membership == MembershipMode::kJoint && random.chance(1, 8)) {
    o.election_quorum_surplus = 1;
  }
  shape.membership = random.chance(1, 2);
  shape.damage = shape.nodes >= 3 && random.chance(1, 2);
  shape.drifting_clocks = random.chance(2, 3);
  shape.forget_faults = random.chance(1, 2);
  return shape;
}

ChaosResult run_chaos(std::uint64_t seed, bool print) {
  return Chaos(seed, shape_of(seed), print).run();
}

}  // namespace synchrodb::test
