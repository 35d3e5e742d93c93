// What operators ask of real nodes: snapshots in pieces, and another leader.
#include <algorithm>
#include <string>

#include "tests/net/support/database_support.h"

namespace synchrodb::net::testing {
namespace {

using administration::SnapshotPiece;

class AdministrationTest : public DatabaseTest {
 protected:
  kj::Own<administration::Client> operator_at(const ServerCluster& cluster, std::size_t node) {
    return wait(administration::Client::connect(*dialer_, cluster.at(node), ""));
  }

  // What the call was refused with.
  template <class T>
  std::string refusal(kj::Promise<T> promise) {
    try {
      wait(kj::mv(promise));
    } catch (const kj::Exception& exception) {
      return exception.getDescription().cStr();
    }
    return "(it was not refused)";
  }
};

TEST_F(AdministrationTest, ASnapshotIsReadWhileNewerOnesCome) {
  ServerCluster cluster(1);
  leader_of(cluster);
  auto database = connect(cluster.all());
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(wait(database->put("k" + std::to_string(i), std::string(100'000, 'v'))).ok());
  }
  auto node = operator_at(cluster, 0);
  // There was none: it is made.
  SnapshotPiece piece = wait(node->read_snapshot(0, 0));
  const std::uint64_t index = piece.index;
  const std::uint64_t total = piece.total;
  ASSERT_GT(index, 0U);
  ASSERT_GT(total, 800'000U);
  std::string first = piece.bytes;
  ASSERT_LT(first.size(), total);

  ASSERT_TRUE(wait(database->put("later", "1")).ok());
  const std::uint64_t newer = wait(node->take_snapshot());
  ASSERT_GT(newer, index);
  while (first.size() < total) {
    piece = wait(node->read_snapshot(index, first.size()));
    ASSERT_EQ(piece.index, index);
    ASSERT_EQ(piece.total, total);
    ASSERT_FALSE(piece.bytes.empty());
    first += piece.bytes;
  }
  EXPECT_EQ(first.size(), total);
  EXPECT_TRUE(wait(node->read_snapshot(index, total)).bytes.empty());
  EXPECT_EQ(first.find("later"), std::string::npos);

  // Another operator gets the newest, and no other.
  auto other = operator_at(cluster, 0);
  EXPECT_NE(refusal(other->read_snapshot(index, 0)).find("gone"), std::string::npos);
  EXPECT_EQ(wait(other->read_snapshot(newer, 0)).index, newer);
  EXPECT_EQ(wait(other->read_snapshot(0, 0)).index, newer);
  EXPECT_NE(refusal(other->read_snapshot(newer, total + 1'000'000)).find("that far"),
            std::string::npos);
  EXPECT_NE(refusal(other->read_snapshot(0, 5)).find("naming"), std::string::npos);
}

TEST_F(AdministrationTest, PiecesMayBeAskedForAllAtOnce) {
  ServerCluster cluster(1);
  leader_of(cluster);
  auto database = connect(cluster.all());
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(wait(database->put("k" + std::to_string(i), std::string(200'000, 'v'))).ok());
  }
  auto node = operator_at(cluster, 0);
  const SnapshotPiece begin = wait(node->read_snapshot(0, 0));
  std::vector<kj::Promise<SnapshotPiece>> asked;
  for (int i = 0; i < 20; ++i) asked.push_back(node->read_snapshot(begin.index, 0));
  for (auto& promise : asked) EXPECT_EQ(wait(kj::mv(promise)).bytes, begin.bytes);
}

TEST_F(AdministrationTest, AnyNodeHandsLeadershipOver) {
  ServerCluster cluster(3, {"--election-timeout-ms", "400"});
  std::size_t leader = leader_of(cluster);
  for (std::size_t asked = 0; asked < 3; ++asked) {
    auto node = operator_at(cluster, asked);
    const std::uint64_t chosen = wait(node->transfer_leader(0));
    EXPECT_NE(chosen, leader + 1) << "asked node " << asked + 1 << cluster.log(asked);
    leader = chosen - 1;
    const std::uint64_t named = (leader + 1) % 3 + 1;
    EXPECT_EQ(wait(node->transfer_leader(named)), named);
    EXPECT_EQ(wait(node->transfer_leader(named)), named) << "it leads already";
    leader = named - 1;
  }
  EXPECT_NE(refusal(operator_at(cluster, 0)->transfer_leader(9)), "(it was not refused)");
}

TEST_F(AdministrationTest, ASnapshotOfAFollowerHoldsWhatWasAcknowledged) {
  ServerCluster cluster(3);
  const std::size_t follower = (leader_of(cluster) + 1) % 3;
  auto database = connect({cluster.at((follower + 2) % 3)});
  auto node = operator_at(cluster, follower);
  for (int i = 0; i < 30; ++i) {
    const PutAnswer put = wait(database->put("k", std::to_string(i)));
    ASSERT_TRUE(put.ok());
    EXPECT_GE(wait(node->take_snapshot()), put.version);
  }
}

}  // namespace
}  // namespace synchrodb::net::testing
