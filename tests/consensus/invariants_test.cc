// The judges are judged: each cluster-wide property is violated once, by nodes that were lied to.
#include "consensus/invariants.h"

#include <gtest/gtest.h>

#include "tests/consensus/support/test_cluster.h"

namespace synchrodb {
namespace {

class Deceived {
 public:
  explicit Deceived(std::uint64_t id) : id_{id}, random_(id) {
    RaftOptions options;
    options.pre_vote = false;
    options.lease = LeaseKind::kNone;
    Configuration members;
    members.voters = {NodeId{1}, NodeId{2}, NodeId{3}};
    now_.mono = Instant{1};
    raft_ = std::make_unique<Raft>(id_, options, members, DurableState{}, random_, io_, now_);
  }

  const Raft& raft() const { return *raft_; }

  void drain() {
    raft_->drain(now_, effects_);
    if (effects_.append) raft_->on_durable(now_, effects_.append->id);
    raft_->drain(now_, effects_);
  }
  // Elected by a vote that nobody cast.
  void usurp(std::uint64_t term) {
    while (raft_->term() < Term{term}) {
      now_.mono = now_.mono + seconds(3);
      raft_->timeout(now_);
      drain();
    }
    raft_->step(now_, NodeId{id_.value == 1 ? 2u : 1u}, VoteReply{Term{term}, false, true});
    drain();
  }
  void receive(std::uint64_t term, std::uint64_t prev, std::uint64_t prev_term,
               const std::string& payload, std::uint64_t commit = 0) {
    AppendRequest request;
    request.term = Term{term};
    request.prev_index = Index{prev};
    request.prev_term = Term{prev_term};
    request.commit = Index{commit};
    request.entries = {make_entry(Term{term}, Index{prev + 1}, EntryKind::kCommand, {}, payload)};
    raft_->step(now_, NodeId{3}, request);
    drain();
  }

 private:
  NodeId id_;
  test::TestRandom random_;
  IoSequence io_;
  Now now_;
  Effects effects_;
  std::unique_ptr<Raft> raft_;
};

std::string property(const InvariantResult& result) {
  return result ? result->property : "";
}

TEST(ClusterInvariants, TwoLeadersInOneTerm) {
  Deceived a(1), b(2);
  ClusterInvariants cluster;
  a.usurp(2);
  EXPECT_EQ(property(cluster.observe(a.raft())), "");
  b.usurp(2);
  EXPECT_EQ(property(cluster.observe(b.raft())), "election-safety");
}

TEST(ClusterInvariants, OneIndexAndTermTwoEntries) {
  Deceived a(1), b(2);
  ClusterInvariants cluster;
  a.receive(1, 0, 0, "x");
  EXPECT_EQ(property(cluster.observe(a.raft())), "");
  b.receive(1, 0, 0, "x");
  EXPECT_EQ(property(cluster.observe(b.raft())), "");
  a.receive(1, 1, 1, "y");
  EXPECT_EQ(property(cluster.observe(a.raft())), "");
  b.receive(1, 1, 1, "z");
  EXPECT_EQ(property(cluster.observe(b.raft())), "log-matching");
}

TEST(ClusterInvariants, TwoCommittedEntriesAtOneIndex) {
  Deceived a(1), b(2);
  ClusterInvariants cluster;
  a.receive(1, 0, 0, "x", 1);
  EXPECT_EQ(property(cluster.observe(a.raft())), "");
  EXPECT_EQ(cluster.committed(), Index{1});
  b.receive(2, 0, 0, "y", 1);
  EXPECT_EQ(property(cluster.observe(b.raft())), "state-machine-safety");
}

TEST(ClusterInvariants, ALeaderWithoutACommittedEntry) {
  Deceived a(1), b(2);
  ClusterInvariants cluster;
  a.receive(1, 0, 0, "x", 1);
  EXPECT_EQ(property(cluster.observe(a.raft())), "");
  b.usurp(2);
  EXPECT_EQ(property(cluster.observe(b.raft())), "leader-completeness");
}

TEST(NodeInvariants, SeesWhatFallsBetweenTwoLooks) {
  // The checker is shown another node in the place of the first: everything seems to fall.
  Deceived a(1), b(1), c(1);
  NodeInvariants node;
  a.receive(3, 0, 0, "x", 1);
  EXPECT_EQ(property(node.check(a.raft())), "");
  EXPECT_EQ(property(node.check(b.raft())), "term-monotone");
  c.receive(3, 0, 0, "x", 0);
  EXPECT_EQ(property(node.check(c.raft())), "commit-monotone");
}

}  // namespace
}  // namespace synchrodb
