// What a long log asks for is done in steps, so that nobody waits for the whole.
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

TEST(Steps, ALogLeavesMemoryUntilTheTailIsLeft) {
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

// A restarted node that hears at once that all of its log is committed.
std::vector<std::uint64_t> applied_a_turn(RaftOptions options, int entries) {
  TestCluster cluster(1, options);
  lead_alone(cluster, entries);
  cluster.crash(kNode);
  cluster.restart(kNode);
  TestNode& node = cluster.node(kNode);
  cluster.advance(seconds(10));
  cluster.timeout(kNode);
  cluster.sync(kNode);  // its vote
  cluster.sync(kNode);  // the entry of its term, which commits all before
  std::vector<std::uint64_t> steps;
  std::uint64_t before = 0;
  while (node.applied.value > before) {
    steps.push_back(node.applied.value - before);
    before = node.applied.value;
    const bool done = node.applied == node.raft->commit();
    EXPECT_EQ(node.deadline <= cluster.now(node).mono, !done) << "after " << before;
    cluster.drain(kNode);
  }
  EXPECT_FALSE(cluster.violation) << *cluster.violation;
  EXPECT_EQ(node.applied, node.raft->commit());
  return steps;
}

TEST(Steps, ALogThatIsReadAgainIsAppliedSoManyEntriesATurn) {
  RaftOptions options;
  options.apply_entries = 15;
  const std::vector<std::uint64_t> steps = applied_a_turn(options, 34);
  ASSERT_EQ(steps.size(), 3U);
  EXPECT_EQ(steps[0], 15U);
  EXPECT_EQ(steps[1], 15U);
}

TEST(Steps, ALogThatIsReadAgainIsAppliedSoManyBytesATurn) {
  RaftOptions options;
  options.apply_bytes = 0;
  const std::vector<std::uint64_t> steps = applied_a_turn(options, 5);
  EXPECT_GE(steps.size(), 5U);
  for (const std::uint64_t step : steps) EXPECT_EQ(step, 1U);
}

}  // namespace
}  // namespace synchrodb::test
