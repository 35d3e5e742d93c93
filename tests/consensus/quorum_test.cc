#include "consensus/quorum.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace synchrodb {
namespace {

std::vector<NodeId> nodes(std::initializer_list<std::uint64_t> ids) {
  std::vector<NodeId> list;
  for (const std::uint64_t id : ids) list.push_back(NodeId{id});
  return list;
}

std::uint64_t committed(const Configuration& c, const std::map<std::uint64_t, std::uint64_t>& at,
                        QuorumRule rule = {}) {
  return Quorums(c, rule).committed([&](NodeId n) {
    const auto it = at.find(n.value);
    return it == at.end() ? 0 : it->second;
  });
}

bool elects(const Configuration& c, std::initializer_list<std::uint64_t> votes,
            QuorumRule rule = {}) {
  return Quorums(c, rule).elects(
      [&](NodeId n) { return std::find(votes.begin(), votes.end(), n.value) != votes.end(); });
}

TEST(QuorumRule, MajoritiesMoreThanHalf) {
  const QuorumRule rule;
  for (std::size_t n = 1; n <= 100; ++n) {
    EXPECT_GT(2 * rule.commit(n), n);
    EXPECT_LE(2 * (rule.commit(n) - 1), n);
    EXPECT_EQ(rule.commit(n), rule.election(n));
  }
}

TEST(QuorumRule, FlexibleQuorumsAlwaysMeet) {
  for (std::size_t surplus = 1; surplus < 6; ++surplus) {
    const QuorumRule rule(surplus);
    for (std::size_t n = 1; n <= 20; ++n) {
      EXPECT_GE(rule.commit(n), 1u);
      EXPECT_LE(rule.election(n), n);
      EXPECT_GT(rule.election(n) + rule.commit(n), n) << "an election misses a commit";
      EXPECT_GT(2 * rule.election(n), n) << "two elections of a term miss each other";
    }
  }
}

TEST(Quorums, CommittedIsWhatAQuorumReaches) {
  Configuration c;
  c.voters = nodes({1});
  EXPECT_EQ(committed(c, {{1, 12}}), 12u);
  c.voters = nodes({1, 2});
  EXPECT_EQ(committed(c, {{1, 12}, {2, 5}}), 5u);
  EXPECT_EQ(committed(c, {{1, 12}}), 0u);
  c.voters = nodes({1, 2, 3});
  EXPECT_EQ(committed(c, {{1, 12}, {2, 5}, {3, 7}}), 7u);
  // Half of an even number is not enough (bug zoo 28).
  c.voters = nodes({1, 2, 3, 4});
  EXPECT_EQ(committed(c, {{1, 12}, {2, 12}, {3, 5}, {4, 6}}), 6u);
  c.voters = nodes({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  EXPECT_EQ(committed(c, {{1, 1},
                          {2, 2},
                          {3, 3},
                          {4, 4},
                          {5, 5},
                          {6, 6},
                          {7, 7},
                          {8, 8},
                          {9, 9},
                          {10, 10},
                          {11, 11}}),
            6u);
}

TEST(Quorums, JointNeedsBothHalves) {
  Configuration c;
  c.voters = nodes({3, 4, 5});
  c.outgoing = nodes({1, 2, 3});
  EXPECT_EQ(committed(c, {{1, 9}, {2, 9}, {3, 9}}), 0u);
  EXPECT_EQ(committed(c, {{3, 9}, {4, 9}, {5, 9}}), 0u);
  EXPECT_EQ(committed(c, {{1, 9}, {3, 9}, {4, 4}}), 4u);
  EXPECT_FALSE(elects(c, {1, 2}));
  EXPECT_FALSE(elects(c, {4, 5}));
  EXPECT_TRUE(elects(c, {1, 3, 5}));
  EXPECT_FALSE(elects(c, {1, 2, 4}));
}

TEST(Quorums, LearnersAndStrangersDoNotCount) {
  Configuration c;
  c.voters = nodes({1, 2, 3});
  c.learners = nodes({4, 5});
  EXPECT_FALSE(elects(c, {1, 4, 5, 6, 7}));
  EXPECT_EQ(committed(c, {{1, 9}, {4, 9}, {5, 9}, {6, 9}}), 0u);
}

TEST(Quorums, NoVotersDecideNothing) {
  EXPECT_FALSE(elects({}, {1, 2, 3}));
  EXPECT_EQ(committed({}, {{1, 9}}), 0u);
}

TEST(Quorums, FlexibleCommitWithFew) {
  Configuration c;
  c.voters = nodes({1, 2, 3, 4, 5});
  const QuorumRule rule(1);
  EXPECT_FALSE(elects(c, {1, 2, 3}, rule));
  EXPECT_TRUE(elects(c, {1, 2, 3, 4}, rule));
  EXPECT_EQ(committed(c, {{1, 9}, {2, 9}}, rule), 9u);
  EXPECT_EQ(committed(c, {{1, 9}}, rule), 0u);
}

}  // namespace
}  // namespace synchrodb
