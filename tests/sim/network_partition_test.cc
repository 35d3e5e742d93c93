// Shapes of partitions, and what they do to packets.
#include <gtest/gtest.h>

#include <set>

#include "tests/sim/support/toy_network.h"

namespace synchrodb::sim {
namespace {

std::vector<NodeId> nodes(std::uint64_t count) {
  std::vector<NodeId> all;
  for (std::uint64_t i = 1; i <= count; ++i) all.push_back(NodeId{i});
  return all;
}

// Whom each node still hears of, itself included.
std::map<std::uint64_t, std::set<std::uint64_t>> heard(std::uint64_t count, const LinkSet& cut) {
  std::map<std::uint64_t, std::set<std::uint64_t>> sets;
  for (std::uint64_t to = 1; to <= count; ++to) {
    for (std::uint64_t from = 1; from <= count; ++from) {
      if (std::find(cut.begin(), cut.end(), std::pair(NodeId{from}, NodeId{to})) == cut.end()) {
        sets[to].insert(from);
      }
    }
  }
  return sets;
}

bool symmetric(const LinkSet& cut) {
  return std::all_of(cut.begin(), cut.end(), [&](const auto& link) {
    return std::find(cut.begin(), cut.end(), std::pair(link.second, link.first)) != cut.end();
  });
}

TEST(Partition, HalvesAreDisjointAndWholeInside) {
  Stream stream = Streams(1).stream("p");
  for (std::uint64_t count = 2; count <= 9; ++count) {
    const LinkSet cut = partition_halves(nodes(count), stream);
    EXPECT_TRUE(symmetric(cut));
    EXPECT_EQ(cut.size(), 2 * (count / 2) * (count - count / 2));
    std::set<std::set<std::uint64_t>> sides;
    for (const auto& [node, set] : heard(count, cut)) sides.insert(set);
    EXPECT_EQ(sides.size(), 2U);
  }
}

TEST(Partition, AMinorityIsOne) {
  Stream stream = Streams(1).stream("p");
  std::set<std::size_t> sizes;
  for (int i = 0; i < 200; ++i) {
    std::set<std::set<std::uint64_t>> sides;
    for (const auto& [node, set] : heard(7, partition_minority(nodes(7), stream)))
      sides.insert(set);
    ASSERT_EQ(sides.size(), 2U);
    sizes.insert(std::min(sides.begin()->size(), sides.rbegin()->size()));
  }
  EXPECT_EQ(sizes, (std::set<std::size_t>{1, 2, 3}));
  EXPECT_TRUE(partition_minority(nodes(2), stream).empty());
}

TEST(Partition, InABridgeOneSeesAllAndNoOtherAMajorityOfItsOwnSide) {
  Stream stream = Streams(1).stream("p");
  const auto sets = heard(5, partition_bridge(nodes(5), stream));
  int bridges = 0;
  for (const auto& [node, set] : sets) {
    bridges += set.size() == 5 ? 1 : 0;
    EXPECT_GE(set.size(), 3U);
  }
  EXPECT_EQ(bridges, 1);
}

TEST(Partition, ABridgeCanBeChosen) {
  Stream stream = Streams(1).stream("p");
  for (std::uint64_t bridge = 1; bridge <= 5; ++bridge) {
    const auto sets = heard(5, partition_bridge(nodes(5), stream, NodeId{bridge}));
    for (const auto& [node, set] : sets) EXPECT_EQ(set.size(), node == bridge ? 5U : 3U);
  }
}

TEST(Partition, InARingEachSeesAMajorityAndNoTwoTheSame) {
  Stream stream = Streams(1).stream("p");
  for (std::uint64_t count = 4; count <= 9; ++count) {
    const LinkSet cut = partition_ring(nodes(count), stream);
    EXPECT_TRUE(symmetric(cut));
    std::set<std::set<std::uint64_t>> seen;
    for (const auto& [node, set] : heard(count, cut)) {
      EXPECT_GE(set.size(), count / 2 + 1) << count;
      EXPECT_LT(set.size(), count) << count;
      seen.insert(set);
    }
    EXPECT_EQ(seen.size(), count) << count;
  }
  EXPECT_TRUE(partition_ring(nodes(3), stream).empty());
}

TEST(Partition, RandomGraphsAreDirected) {
  Stream stream = Streams(1).stream("p");
  const LinkSet cut = partition_random(nodes(9), 500'000, stream);
  EXPECT_NEAR(static_cast<double>(cut.size()), 36, 15);
  EXPECT_FALSE(symmetric(cut));
  EXPECT_TRUE(partition_random(nodes(9), 0, stream).empty());
  EXPECT_EQ(partition_random(nodes(9), 1'000'000, stream).size(), 72U);
}

TEST(Partition, CutsBothWaysOrOne) {
  EXPECT_EQ(isolate(nodes(5), NodeId{3}).size(), 8U);
  EXPECT_EQ(cut_towards(nodes(3), NodeId{1}),
            (LinkSet{{NodeId{2}, NodeId{1}}, {NodeId{3}, NodeId{1}}}));
  EXPECT_EQ(cut_from(nodes(3), NodeId{1}),
            (LinkSet{{NodeId{1}, NodeId{2}}, {NodeId{1}, NodeId{3}}}));
}

TEST(Partition, PacketsOnACutLinkAreLostThoseUnderWayToo) {
  ToyNetwork toy(1, 3);
  toy.send(1, 2, 1);  // under way when the cut comes
  const PartitionId cut =
      toy.network.partition(isolate(nodes(3), NodeId{2}), FaultKind::kPartitionIsolateOne);
  EXPECT_TRUE(toy.network.cut(NodeId{1}, NodeId{2}));
  toy.send(1, 2, 2);
  toy.send(2, 1, 3);
  toy.send(1, 3, 4);
  toy.run_ms(50);
  EXPECT_TRUE(toy.nodes[2]->got.empty());
  EXPECT_TRUE(toy.nodes[1]->got.empty());
  EXPECT_EQ(toy.nodes[3]->got.size(), 1U);
  EXPECT_EQ(toy.count(FaultKind::kPartitionIsolateOne).effective, 3U);
  EXPECT_EQ(toy.count(FaultKind::kPartitionIsolateOne).applied, 3U);
  toy.network.heal(cut);
  toy.send(1, 2, 5);
  toy.run_ms(50);
  EXPECT_EQ(toy.nodes[2]->numbers(), std::vector<std::uint64_t>{5});
}

TEST(Partition, OverlappingPartitionsHealOneByOne) {
  ToyNetwork toy(1, 3);
  const PartitionId first =
      toy.network.partition(isolate(nodes(3), NodeId{2}), FaultKind::kPartitionIsolateOne);
  const PartitionId second =
      toy.network.partition({{NodeId{1}, NodeId{2}}}, FaultKind::kPartitionRandom);
  toy.network.heal(first);
  toy.send(1, 2, 1);
  toy.send(3, 2, 2);
  toy.run_ms(50);
  EXPECT_EQ(toy.nodes[2]->numbers(), std::vector<std::uint64_t>{2});
  EXPECT_EQ(toy.count(FaultKind::kPartitionRandom).effective, 1U);
  toy.network.heal(second);
  toy.send(1, 2, 3);
  toy.run_ms(50);
  EXPECT_EQ(toy.nodes[2]->numbers(), (std::vector<std::uint64_t>{2, 3}));
}

// A known-broken victim: a leader that goes on after losing its majority, for want of a timer.
TEST(Partition, BitesWhoeverNeedsItsPeers) {
  ToyNetwork toy(1, 2);
  toy.nodes[2]->on_number = [&](const PeerMessage& m) { toy.send(2, 1, number_of(m)); };
  toy.send_series(1, 2, 1, 100);
  toy.kernel.at(at_ms(50), [&] {
    toy.network.partition(isolate(nodes(2), NodeId{1}), FaultKind::kPartitionIsolateLeader);
  });
  toy.run_ms(500);
  EXPECT_GT(toy.nodes[1]->got.size(), 40U);
  EXPECT_LT(toy.nodes[1]->got.size(), 55U);
}

}  // namespace
}  // namespace synchrodb::sim
