// How a log leaves memory once a snapshot stands for it.
#include <gtest/gtest.h>

#include "tests/consensus/support/test_cluster.h"

namespace synchrodb::test {
namespace {

constexpr NodeId kNode{1};

// The only node leads and applies `entries` of its own.
void lead_alone(TestCluster& cluster, int entries) {
  Configuration alone;
  alone.voters = {kNode};
  cluster.found(alone);
  cluster.advance(seconds(10));
  cluster.timeout(kNode);
  cluster.sync(kNode);
  for (int i = 0; i < entries; ++i) {
    cluster.propose(kNode, "x");
    cluster.sync(kNode);
  }
}

TEST(Compaction, TakesAStepATurnUntilTheTailIsLeft) {
  RaftOptions options;
  options.compaction_tail = 3;
  options.compaction_step = 10;
  TestCluster cluster(1, options);
  lead_alone(cluster, 34);
  TestNode& node = cluster.node(kNode);
  const std::uint64_t last = node.applied.value;
  ASSERT_GE(last, 34U);
  cluster.snapshot(kNode);  // a step, and another in the drain after it
  EXPECT_EQ(node.raft->log().base(), Index{20});
  EXPECT_LE(node.deadline, cluster.now(node).mono) << "wants another turn at once";
  cluster.drain(kNode);
  EXPECT_EQ(node.raft->log().base(), Index{30});
  cluster.drain(kNode);
  EXPECT_EQ(node.raft->log().base(), Index{last - 3});
  EXPECT_GT(node.deadline, cluster.now(node).mono);
  cluster.drain(kNode);
  EXPECT_EQ(node.raft->log().base(), Index{last - 3});
  EXPECT_FALSE(cluster.violation) << *cluster.violation;
}

}  // namespace
}  // namespace synchrodb::test
