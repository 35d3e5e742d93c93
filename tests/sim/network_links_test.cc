// What links do to messages: each fault shows at the victim, and is counted there.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/sim/support/toy_network.h"

namespace synchrodb::sim {
namespace {

TEST(Links, DeliverEverythingAfterTheBaselinesDelay) {
  ToyNetwork toy(1, 3);
  toy.send_series(1, 2, 1, 500);
  toy.run_ms(600);
  ASSERT_EQ(toy.nodes[2]->got.size(), 500U);
  double sum = 0;
  for (const auto& [number, time] : toy.nodes[2]->got) {
    const Duration delay = time - at_ms(static_cast<std::int64_t>(number - 1));
    EXPECT_GE(delay, microseconds(200));
    sum += static_cast<double>(delay.ns);
  }
  EXPECT_NEAR(sum / 500, 500'000, 50'000);
  EXPECT_EQ(toy.network.in_flight(), 0U);
}

TEST(Links, SameKeySameDigestOtherKeyOtherDigest) {
  const auto digest = [](std::uint64_t key, bool encode) {
    NetworkOptions options;
    options.codec = toy_codec(true);
    options.always_encode = encode;
    ToyNetwork toy(key, 3, options);
    LinkOptions faulty;
    faulty.loss_ppm = 100'000;
    faulty.duplicate_ppm = 100'000;
    faulty.reorder_ppm = 100'000;
    faulty.flip_ppm = 100'000;
    faulty.bytes_per_second = 100'000;
    toy.network.set_link(NodeId{1}, NodeId{2}, faulty);
    toy.send_series(1, 2, 1, 300);
    toy.send_series(2, 3, 1, 300);
    toy.run_ms(1'000);
    return toy.kernel.digest().value();
  };
  std::set<std::uint64_t> digests;
  for (std::uint64_t key = 0; key < 20; ++key) {
    EXPECT_EQ(digest(key, false), digest(key, false));
    EXPECT_EQ(digest(key, false), digest(key, true)) << "encoding changes nothing";
    digests.insert(digest(key, false));
  }
  EXPECT_EQ(digests.size(), 20U);
}

// "The same run without that fault": what a link does to the n-th packet does not depend on what
// befell the others, nor on other links.
TEST(Links, AFaultMovesNothingElse) {
  const auto arrivals = [](bool with_loss) {
    ToyNetwork toy(5, 3);
    LinkOptions options;
    options.bimodal_ppm = 200'000;
    if (with_loss) options.loss_ppm = 300'000;
    toy.network.set_link(NodeId{1}, NodeId{2}, options);
    toy.send_series(1, 2, 1, 300);
    toy.send_series(1, 3, 1, 300);
    toy.run_ms(2'000);
    return std::pair(toy.nodes[2]->got, toy.nodes[3]->got);
  };
  const auto [lossy, other] = arrivals(true);
  const auto [whole, other_whole] = arrivals(false);
  EXPECT_EQ(other, other_whole);
  EXPECT_LT(lossy.size(), whole.size());
  for (const auto& item : lossy) EXPECT_EQ(std::count(whole.begin(), whole.end(), item), 1);
}

TEST(Links, AfterAPartitionPacketsTakeAsLongAsWithoutIt) {
  const auto arrivals = [](bool with_partition) {
    ToyNetwork toy(5, 2);
    toy.send_series(1, 2, 1, 300);
    if (with_partition) {
      toy.kernel.at(at_ms(100), [&] {
        const PartitionId cut =
            toy.network.partition({{NodeId{1}, NodeId{2}}}, FaultKind::kPartitionRandom);
        toy.kernel.at(at_ms(200), [&toy, cut] { toy.network.heal(cut); });
      });
    }
    toy.run_ms(1'000);
    return toy.nodes[2]->got;
  };
  const auto cut = arrivals(true);
  const auto whole = arrivals(false);
  EXPECT_NEAR(static_cast<double>(cut.size()), 200, 10);
  for (const auto& item : cut) EXPECT_EQ(std::count(whole.begin(), whole.end(), item), 1);
}

struct OneFault : testing::Test {
  static NetworkOptions with_codec() {
    NetworkOptions encoded;
    encoded.codec = toy_codec(true);
    return encoded;
  }

  ToyNetwork toy{3, 3, with_codec()};
  LinkOptions options;

  const std::vector<std::pair<std::uint64_t, TrueTime>>& run() {
    toy.network.set_link(NodeId{1}, NodeId{2}, options);
    toy.send_series(1, 2, 1, 1'000);
    toy.run_ms(10'000);
    return toy.nodes[2]->got;
  }
  Duration mean_delay() {
    Duration sum;
    for (const auto& [number, time] : toy.nodes[2]->got) {
      sum = sum + (time - at_ms(static_cast<std::int64_t>(number - 1)));
    }
    return sum / static_cast<std::int64_t>(toy.nodes[2]->got.size());
  }
};

TEST_F(OneFault, Delay) {
  options.delay_min = milliseconds(5);
  options.delay_mean = milliseconds(10);
  EXPECT_EQ(run().size(), 1'000U);
  EXPECT_GT(mean_delay(), milliseconds(13));
  EXPECT_EQ(toy.count(FaultKind::kDelay).effective, 1'000U);
}

TEST_F(OneFault, LinkBias) {
  options.bias = milliseconds(30);
  EXPECT_EQ(run().size(), 1'000U);
  EXPECT_GT(mean_delay(), milliseconds(30));
  EXPECT_EQ(toy.count(FaultKind::kLinkBias).effective, 1'000U);
}

TEST_F(OneFault, BimodalDelay) {
  options.bimodal_ppm = 100'000;
  EXPECT_EQ(run().size(), 1'000U);
  EXPECT_GT(mean_delay(), milliseconds(3));
  EXPECT_NEAR(static_cast<double>(toy.count(FaultKind::kBimodalDelay).effective), 100, 35);
}

TEST_F(OneFault, Loss) {
  options.loss_ppm = 100'000;
  const std::size_t arrived = run().size();
  EXPECT_NEAR(static_cast<double>(arrived), 900, 35);
  EXPECT_EQ(toy.count(FaultKind::kLoss).effective, 1'000 - arrived);
  EXPECT_EQ(toy.count(FaultKind::kLoss).offered, 1'000U);
}

TEST_F(OneFault, OneWayLossSparesTheWayBack) {
  options.one_way_loss_ppm = 1'000'000;
  toy.send_series(2, 1, 1, 100);
  EXPECT_TRUE(run().empty());
  EXPECT_EQ(toy.nodes[1]->got.size(), 100U);
  EXPECT_EQ(toy.count(FaultKind::kOneWayLoss).effective, 1'000U);
}

TEST_F(OneFault, LossTowardsADeadNodeHasNoEffect) {
  options.loss_ppm = 1'000'000;
  toy.crash(2);
  run();
  EXPECT_EQ(toy.count(FaultKind::kLoss).applied, 1'000U);
  EXPECT_EQ(toy.count(FaultKind::kLoss).effective, 0U);
}

TEST_F(OneFault, Duplication) {
  options.duplicate_ppm = 100'000;
  const auto& got = run();
  std::map<std::uint64_t, int> copies;
  for (const auto& item : got) ++copies[item.first];
  EXPECT_EQ(copies.size(), 1'000U);
  EXPECT_EQ(toy.count(FaultKind::kDuplication).effective, got.size() - 1'000);
  EXPECT_NEAR(static_cast<double>(got.size()), 1'100, 35);
}

TEST_F(OneFault, Reordering) {
  options.reorder_ppm = 100'000;
  const auto numbers = (run(), toy.nodes[2]->numbers());
  EXPECT_EQ(numbers.size(), 1'000U);
  std::uint64_t overtaken = 0;
  std::uint64_t highest = 0;
  for (const std::uint64_t number : numbers) {
    overtaken += number < highest ? 1 : 0;
    highest = std::max(highest, number);
  }
  EXPECT_GT(overtaken, 50U);
  EXPECT_GT(toy.count(FaultKind::kReordering).effective, 50U);
  EXPECT_LE(toy.count(FaultKind::kReordering).effective, overtaken);
}

TEST_F(OneFault, BitFlipsAreCaughtByTheChecksum) {
  options.flip_ppm = 100'000;
  const auto& got = run();
  EXPECT_EQ(toy.count(FaultKind::kBitFlip).effective, 1'000 - got.size());
  EXPECT_NEAR(static_cast<double>(got.size()), 900, 35);
  for (const auto& [number, time] : got) EXPECT_LE(number, 1'000U);
}

TEST_F(OneFault, Bandwidth) {
  options.bytes_per_second = 9'600;          // 100 messages a second
  const std::size_t arrived = run().size();  // a thousand are sent in a second, and take ten
  EXPECT_GT(arrived, 990U);
  EXPECT_LT(arrived, 1'000U);
  EXPECT_GT(mean_delay(), seconds(3));
  EXPECT_GT(toy.count(FaultKind::kBandwidth).effective, 900U);
}

TEST_F(OneFault, AFullLinkRefuses) {
  options.max_in_flight = 10;
  options.delay_min = seconds(1);
  toy.network.set_link(NodeId{1}, NodeId{2}, options);
  int refused = 0;
  for (std::uint64_t i = 0; i < 30; ++i) {
    refused += toy.transports[1]->send(numbered(1, 2, i)) ? 0 : 1;
  }
  EXPECT_EQ(refused, 20);
  EXPECT_EQ(toy.count(FaultKind::kBandwidth).effective, 20U);
  toy.run_ms(5'000);
  EXPECT_TRUE(toy.transports[1]->send(numbered(1, 2, 99)));
  EXPECT_EQ(toy.nodes[2]->got.size(), 10U);
}

// A known-broken victim: it decodes without looking at the checksum.
TEST(Links, BitFlipsBiteACodecWithoutChecksum) {
  NetworkOptions options;
  options.codec = toy_codec(false);
  ToyNetwork toy(3, 2, options);
  LinkOptions link;
  link.flip_ppm = 1'000'000;
  toy.network.set_link(NodeId{1}, NodeId{2}, link);
  toy.send_series(1, 2, 1, 100);
  toy.run_ms(1'000);
  std::uint64_t wrong = 0;
  for (const std::uint64_t number : toy.nodes[2]->numbers()) wrong += number > 100 ? 1 : 0;
  EXPECT_GT(wrong, 10U);
}

TEST(Links, AClogHoldsEverythingAndReleasesItInABurst) {
  ToyNetwork toy(3, 2);
  toy.network.clog(NodeId{1}, NodeId{2});
  toy.send_series(1, 2, 1, 50);
  toy.run_ms(1'000);
  EXPECT_TRUE(toy.nodes[2]->got.empty());
  toy.network.release(NodeId{1}, NodeId{2});
  toy.run_ms(1);
  std::vector<std::uint64_t> expected;
  for (std::uint64_t i = 1; i <= 50; ++i) expected.push_back(i);
  EXPECT_EQ(toy.nodes[2]->numbers(), expected);
  EXPECT_EQ(toy.count(FaultKind::kClog).effective, 50U);
}

TEST(Links, RulesPassDeliverOrDrop) {
  ToyNetwork toy(3, 3);
  const RuleId rule = toy.network.add_rule(FaultKind::kDelay, [](const PacketView& packet) {
    if (packet.to != NodeId{2}) return PacketVerdict::pass();
    return number_of(*packet.message) % 2 == 0 ? PacketVerdict::drop()
                                               : PacketVerdict::deliver(milliseconds(77));
  });
  toy.send(1, 2, 1);
  toy.send(1, 2, 2);
  toy.send(1, 3, 4);
  toy.run_ms(100);
  ASSERT_EQ(toy.nodes[2]->numbers(), std::vector<std::uint64_t>{1});
  EXPECT_EQ(toy.nodes[2]->got[0].second, at_ms(77));
  EXPECT_EQ(toy.nodes[3]->got.size(), 1U);
  toy.network.remove_rule(rule);
  toy.send(1, 2, 6);
  toy.run_ms(100);
  EXPECT_EQ(toy.nodes[2]->got.size(), 2U);
}

TEST(Links, LossByMessageType) {
  ToyNetwork toy(3, 2);
  const RuleId rule = toy.network.lose_type(name_of(Message{VoteRequest{}}), 1'000'000);
  std::size_t others = 0;
  toy.network.observe([&](const Network::PacketEvent& event) {
    others += event.kind == Network::PacketEvent::Kind::kDropped ? 0 : 1;
  });
  toy.send(1, 2, 1);
  toy.run_ms(10);
  EXPECT_TRUE(toy.nodes[2]->got.empty());
  EXPECT_EQ(toy.count(FaultKind::kMessageTypeLoss).effective, 1U);
  toy.network.remove_rule(rule);
  toy.network.lose_type(name_of(Message{TimeoutNow{}}), 1'000'000);
  toy.send(1, 2, 2);
  toy.run_ms(10);
  EXPECT_EQ(toy.nodes[2]->got.size(), 1U);
}

TEST(Links, LossByMessageTypeToSome) {
  ToyNetwork toy(3, 3);
  toy.network.lose_type(name_of(Message{VoteRequest{}}), 1'000'000, {NodeId{2}});
  toy.send(1, 2, 1);
  toy.send(1, 3, 2);
  toy.run_ms(10);
  EXPECT_TRUE(toy.nodes[2]->got.empty());
  EXPECT_EQ(toy.nodes[3]->got.size(), 1U);
}

TEST(Links, HealMakesEverythingAsTheBaseline) {
  ToyNetwork toy(3, 3);
  LinkOptions awful;
  awful.loss_ppm = 1'000'000;
  toy.network.set_all(awful);
  toy.network.clog(NodeId{1}, NodeId{3});
  toy.network.partition(isolate({NodeId{1}, NodeId{2}, NodeId{3}}, NodeId{2}),
                        FaultKind::kPartitionIsolateOne);
  toy.network.lose_type("VoteRequest", 1'000'000);
  toy.network.heal();
  for (std::uint64_t i = 0; i < 20; ++i) {
    toy.send(1, 2, i);
    toy.send(1, 3, i);
  }
  toy.run_ms(100);
  EXPECT_EQ(toy.nodes[2]->got.size(), 20U);
  EXPECT_EQ(toy.nodes[3]->got.size(), 20U);
}

}  // namespace
}  // namespace synchrodb::sim
