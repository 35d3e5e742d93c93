#include "consensus/configuration.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace synchrodb {
namespace {

std::vector<NodeId> nodes(std::initializer_list<std::uint64_t> ids) {
  std::vector<NodeId> list;
  for (const std::uint64_t id : ids) list.push_back(NodeId{id});
  return list;
}

Configuration simple(std::initializer_list<std::uint64_t> voters) {
  Configuration c;
  c.voters = nodes(voters);
  return c;
}

TEST(Configuration, Membership) {
  Configuration c = simple({2, 3});
  c.outgoing = nodes({1, 2});
  c.learners = nodes({1, 9});
  EXPECT_TRUE(c.joint());
  EXPECT_TRUE(c.is_voter(NodeId{1}));
  EXPECT_FALSE(c.is_learner(NodeId{1}));
  EXPECT_TRUE(c.is_learner(NodeId{9}));
  EXPECT_FALSE(c.contains(NodeId{4}));
  EXPECT_EQ(c.members(), nodes({1, 2, 3, 9}));
}

TEST(Configuration, Validity) {
  EXPECT_TRUE(is_valid(simple({1})));
  EXPECT_FALSE(is_valid(Configuration{})) << "no voters";
  EXPECT_FALSE(is_valid(simple({2, 1}))) << "not sorted";
  EXPECT_FALSE(is_valid(simple({1, 1}))) << "a node twice";
  EXPECT_FALSE(is_valid(simple({0, 1}))) << "node 0";
  Configuration c = simple({1, 2});
  c.learners = nodes({2});
  EXPECT_FALSE(is_valid(c)) << "voter and learner";
  c = simple({1});
  c.outgoing = nodes({1, 2});
  c.learners = nodes({2});
  EXPECT_TRUE(is_valid(c)) << "a demotion under way";
  c = simple({1});
  for (std::uint64_t i = 2; i <= 1'024; ++i) c.voters.push_back(NodeId{i});
  EXPECT_TRUE(is_valid(c));
  c.voters.push_back(NodeId{2'000});
  EXPECT_FALSE(is_valid(c)) << "too many";
}

RC_GTEST_PROP(Configuration, EncodingIsInverted, ()) {
  Configuration c;
  const auto draw = [](std::uint64_t from) {
    auto ids = *rc::gen::unique<std::vector<std::uint64_t>>(rc::gen::inRange(from, from + 100));
    std::sort(ids.begin(), ids.end());
    std::vector<NodeId> list;
    for (const std::uint64_t id : ids) list.push_back(NodeId{id});
    return list;
  };
  c.voters = draw(1);
  if (c.voters.empty()) c.voters = nodes({5});
  c.outgoing = draw(1);
  c.learners = draw(101);
  c.auto_leave = *rc::gen::arbitrary<bool>();
  RC_ASSERT(is_valid(c));
  RC_ASSERT(decode_configuration(encode_configuration(c)) == c);
}

RC_GTEST_PROP(Configuration, HostileBytesDecodeToAValidOneOrNothing, ()) {
  Configuration c = simple({1, 2, 5});
  c.outgoing = nodes({1, 3});
  c.learners = nodes({7});
  std::string bytes = encode_configuration(c);
  const auto flips = *rc::gen::container<std::vector<std::pair<std::size_t, char>>>(
      rc::gen::pair(rc::gen::inRange<std::size_t>(0, bytes.size()), rc::gen::arbitrary<char>()));
  for (const auto& [at, value] : flips) bytes[at] = value;
  bytes.resize(*rc::gen::inRange<std::size_t>(0, bytes.size() + 10));
  const auto decoded = decode_configuration(bytes);
  if (decoded) {
    RC_ASSERT(is_valid(*decoded));
    RC_ASSERT(encode_configuration(*decoded) == bytes);
  }
}

TEST(ConfigurationHistory, TruncationBringsTheOneBeforeBack) {
  ConfigurationHistory history;
  history.reset({}, simple({1}));
  history.push(Index{3}, simple({1, 2}));
  history.push(Index{7}, simple({1, 2, 3}));
  EXPECT_EQ(history.as_of(Index{2}).configuration, simple({1}));
  EXPECT_EQ(history.as_of(Index{3}).configuration, simple({1, 2}));
  EXPECT_EQ(history.as_of(Index{99}).index, Index{7});
  EXPECT_FALSE(history.truncate_after(Index{7}));
  EXPECT_TRUE(history.truncate_after(Index{6}));
  EXPECT_EQ(history.latest().index, Index{3});
  EXPECT_TRUE(history.truncate_after(Index{1}));
  EXPECT_EQ(history.latest().configuration, simple({1}));
}

TEST(ConfigurationHistory, CompactionKeepsWhatASnapshotNeeds) {
  ConfigurationHistory history;
  history.reset({}, simple({1}));
  history.push(Index{3}, simple({1, 2}));
  history.push(Index{7}, simple({1, 2, 3}));
  history.compact_to(Index{6});
  EXPECT_EQ(history.as_of(Index{6}).index, Index{3});
  history.compact_to(Index{7});
  EXPECT_EQ(history.as_of(Index{7}).index, Index{7});
  EXPECT_EQ(history.as_of(Index{1}).index, Index{7});
}

TEST(ConfigurationHistory, VotesSince) {
  ConfigurationHistory history;
  history.reset({}, simple({1}));
  history.push(Index{3}, simple({2}));
  EXPECT_TRUE(history.votes_since(Index{2}, NodeId{1}));
  EXPECT_FALSE(history.votes_since(Index{3}, NodeId{1}));
  EXPECT_TRUE(history.votes_since(Index{3}, NodeId{2}));
  EXPECT_FALSE(history.votes_since(Index{0}, NodeId{3}));
}

}  // namespace
}  // namespace synchrodb
