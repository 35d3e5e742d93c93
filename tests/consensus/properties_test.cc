// Raft's safety properties as laws over any sequence of events (RapidCheck, with shrinking): one to
// seven nodes, membership changes, crashes that lose what was not synced, messages lost, repeated
// and reordered.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/state.h>

#include <array>

#include "tests/consensus/support/test_cluster.h"

namespace synchrodb::test {
namespace {

struct Nothing {};

constexpr std::array kKinds = {"deliver", "deliver",  "deliver",  "deliver", "flow", "flow",
                               "drop",    "repeat",   "timeout",  "timeout", "sync", "sync",
                               "crash",   "restart",  "propose",  "propose", "read", "lease read",
                               "change",  "transfer", "snapshot", "wait"};

// One event; the numbers are taken modulo what there is.
struct Event : rc::state::Command<Nothing, TestCluster> {
  std::size_t kind = *rc::gen::inRange<std::size_t>(0, kKinds.size());
  std::uint64_t a = *rc::gen::inRange<std::uint64_t>(0, 64);
  std::uint64_t b = *rc::gen::inRange<std::uint64_t>(0, 64);

  void show(std::ostream& out) const override { out << kKinds[kind] << " " << a << " " << b; }

  static NodeId node(const TestCluster& cluster, std::uint64_t n) {
    auto it = cluster.nodes.begin();
    std::advance(it, static_cast<std::ptrdiff_t>(n % cluster.nodes.size()));
    return it->first;
  }

  void message(TestCluster& cluster, const std::string& what) const {
    if (cluster.network.empty()) return;
    const std::size_t at = static_cast<std::size_t>(a) % cluster.network.size();
    if (what == "repeat") return cluster.deliver(FlyingMessage(cluster.network[at]));
    FlyingMessage flying = std::move(cluster.network[at]);
    cluster.network.erase(cluster.network.begin() + static_cast<std::ptrdiff_t>(at));
    if (what == "deliver") cluster.deliver(std::move(flying));
  }

  void change(TestCluster& cluster, NodeId at) const {
    ConfigurationChange change;
    auto& list = b % 3 == 0 ? change.add_voters : b % 3 == 1 ? change.add_learners : change.remove;
    list.push_back(NodeId{1 + a % 9});
    if (b % 5 == 0) change.add_voters.push_back(NodeId{1 + (a + 1) % 9});
    if (!std::holds_alternative<Proposed>(cluster.change(at, change))) return;
    for (const NodeId id : change.add_voters) cluster.join(id);
    for (const NodeId id : change.add_learners) cluster.join(id);
  }

  void flow(TestCluster& cluster) const {
    for (std::uint64_t i = 0; i < a; ++i) {
      if (!cluster.network.empty()) cluster.deliver(i * b % cluster.network.size());
      if (i % 4 == 3) cluster.sync(node(cluster, i / 4 + b));
    }
  }

  void run(const Nothing&, TestCluster& cluster) const override {
    const std::string what = kKinds[kind];
    const NodeId leader = cluster.leader() && a % 4 != 0 ? cluster.leader() : node(cluster, b);
    if (what == "deliver" || what == "drop" || what == "repeat") {
      message(cluster, what);
    } else if (what == "flow") {
      flow(cluster);
    } else if (what == "timeout") {
      cluster.advance(milliseconds(static_cast<std::int64_t>(b) * 40));
      cluster.timeout(node(cluster, a));
    } else if (what == "wait") {
      cluster.advance(milliseconds(static_cast<std::int64_t>(a)));
    } else if (what == "sync") {
      cluster.sync(node(cluster, a), 1 + b % 3);
    } else if (what == "crash") {
      cluster.crash(node(cluster, a), b % 3);
    } else if (what == "restart") {
      cluster.restart(node(cluster, a));
    } else if (what == "propose") {
      cluster.propose(leader, std::string(b, 'p'));
    } else if (what == "read" || what == "lease read") {
      cluster.read(leader, what == "read" ? ReadMode::kReadIndex : ReadMode::kLease);
    } else if (what == "change") {
      change(cluster, leader);
    } else if (what == "transfer") {
      cluster.transfer(leader, node(cluster, b));
    } else if (what == "snapshot") {
      cluster.snapshot(node(cluster, a));
    }
    RC_ASSERT(!cluster.violation);
  }
};

struct Done {
  std::uint64_t commits = 0, reads = 0, elections = 0;
};

void run_any_events(RaftOptions options, Done& done) {
  const auto size = *rc::gen::inRange<std::uint64_t>(1, 8);
  options.compaction_tail = 2;
  options.compaction_step = 1;
  options.apply_entries = 2;
  options.snapshot_chunk_bytes = 150;
  TestCluster cluster(*rc::gen::arbitrary<std::uint64_t>(), options);
  Configuration founders;
  for (std::uint64_t i = 1; i <= size; ++i) founders.voters.push_back(NodeId{i});
  cluster.found(founders);
  const auto events = *rc::gen::scale(
      20.0, rc::state::gen::commands(Nothing{}, rc::state::gen::execOneOfWithArgs<Event>()));
  rc::state::runAll(events, Nothing{}, cluster);
  done.commits += cluster.commits;
  done.reads += cluster.reads_ok;
  done.elections += cluster.elections;
}

// Every law is checked after every event, reads when they are answered: see TestCluster.
void hold_over_any_events(const RaftOptions& options) {
  Done done;
  EXPECT_TRUE(rc::check([&] { run_any_events(options, done); }));
  // Where nothing happens nothing is proven.
  EXPECT_GT(done.elections, 100u);
  EXPECT_GT(done.commits, 250u);
  EXPECT_GT(done.reads, 50u);
}

TEST(Properties, HoldWithJointConsensusAndTheLogAsLease) {
  hold_over_any_events({});
}

TEST(Properties, HoldWithSingleServerChanges) {
  RaftOptions options;
  options.membership = MembershipMode::kSingleServer;
  options.lease = LeaseKind::kNone;
  hold_over_any_events(options);
}

TEST(Properties, HoldWithoutPreVoteAndCheckQuorum) {
  RaftOptions options;
  options.pre_vote = false;
  options.check_quorum = false;
  options.lease = LeaseKind::kNone;
  hold_over_any_events(options);
}

TEST(Properties, HoldWithTheClassicalLease) {
  RaftOptions options;
  options.lease = LeaseKind::kClassical;
  hold_over_any_events(options);
}

TEST(Properties, HoldWithFlexibleQuorums) {
  RaftOptions options;
  options.election_quorum_surplus = 1;
  hold_over_any_events(options);
}

}  // namespace
}  // namespace synchrodb::test
