// The client API at three real servers that are killed and held up.
#include <chrono>
#include <thread>

#include "tests/net/support/database_support.h"

namespace synchrodb::net::testing {
namespace {

using DatabaseCluster = DatabaseTest;

capnp::Data::Reader data(const std::string& text) {
  return {reinterpret_cast<const kj::byte*>(text.data()), text.size()};
}

TEST_F(DatabaseCluster, EveryNodeServesEveryCall) {
  ServerCluster cluster(3);
  leader_of(cluster);
  for (std::size_t node = 0; node < 3; ++node) {
    auto database = connect({cluster.at(node)});
    const std::string key = "from" + std::to_string(node);
    kj::Own<DatabaseWatch> watch = database->watch(KeysOf::prefix(key));
    wait(watch->begun());
    const PutAnswer put = wait(database->put(key, "v"));
    ASSERT_TRUE(put.ok()) << put.why;
    EXPECT_EQ(wait(database->get(key)).record->version, put.version);
    EXPECT_EQ(wait(database->get(key, Freshness::kLease)).record->version, put.version);
    EXPECT_EQ(wait(watch->next()).changes.at(0).record.version, put.version);
    EXPECT_EQ(wait(database->get(key, Freshness::kStale)).record->version, put.version)
        << "the watch told of it, so this node has applied it";
  }
}

// The lost answer: a write is executed, the node dies before the client knows, another client
// writes the same key; the repetition must be recognised, and must not bring the old value back.
TEST_F(DatabaseCluster, ARepetitionAfterTheLeaderDiedIsAnsweredNotExecuted) {
  ServerCluster cluster(3);
  const std::size_t leader = leader_of(cluster);
  const std::size_t survivor = (leader + 1) % 3;
  Raw client = raw(cluster.at(leader));
  const std::uint64_t session =
      client.database.openSessionRequest().send().wait(io_.waitScope).getSession();
  const auto put = [&](Raw& at) {
    auto request = at.database.putRequest();
    request.setKey(data("k"));
    request.setValue(data("first"));
    auto id = request.initRequest();
    id.setSession(session);
    id.setSequence(1);
    return request.send().wait(io_.waitScope);
  };
  const auto first = put(client);
  ASSERT_TRUE(first.getOutcome().isOk());
  ASSERT_TRUE(wait(connect({cluster.at(survivor)})->put("k", "second")).ok());
  cluster.kill(leader);

  Raw other = raw(cluster.at(survivor));
  const auto again = put(other);
  ASSERT_TRUE(again.getOutcome().isOk());
  EXPECT_EQ(again.getVersion(), first.getVersion());
  EXPECT_EQ(wait(connect({cluster.at(survivor)})->get("k")).record->value, "second");
}

// Counts up by compare-and-set while leaders are killed: each success counts once.
TEST_F(DatabaseCluster, NoWriteIsLostOrAppliedTwiceWhileLeadersDie) {
  ServerCluster cluster(3);
  leader_of(cluster);
  DatabaseOptions options;
  options.call_timeout = 20 * kj::SECONDS;
  auto database = connect(cluster.all(), options);
  ASSERT_TRUE(wait(database->put("n", "0")).ok());
  constexpr int kWrites = 120;
  for (int i = 0; i < kWrites; ++i) {
    if (i % 40 == 20) {
      // Just after the request has left.
      auto pending = database->compare_and_set("n", std::to_string(i), std::to_string(i + 1));
      const std::size_t leader = leader_of(cluster);
      cluster.kill(leader);
      const PutAnswer answer = wait(kj::mv(pending));
      ASSERT_TRUE(answer.ok()) << answer.why;
      ASSERT_TRUE(answer.applied) << "at " << i;
      cluster.start(leader);
      continue;
    }
    const PutAnswer answer =
        wait(database->compare_and_set("n", std::to_string(i), std::to_string(i + 1)));
    ASSERT_TRUE(answer.ok()) << answer.why;
    ASSERT_TRUE(answer.applied) << "at " << i;
  }
  EXPECT_EQ(wait(database->get("n")).record->value, std::to_string(kWrites));
}

TEST_F(DatabaseCluster, AWatchGoesOnElsewhereWithoutGapOrRepetition) {
  ServerCluster cluster(3);
  leader_of(cluster);
  auto writer = connect({cluster.at(2), cluster.at(1)});
  auto watcher = connect(cluster.all());  // begins with the first
  kj::Own<DatabaseWatch> watch = watcher->watch(KeysOf::prefix("seq"));
  wait(watch->begun());
  int expected = 0;
  const auto listen_until = [&](int last) {
    while (expected <= last) {
      const WatchedChanges told = wait(watch->next());
      ASSERT_FALSE(told.missed);
      ASSERT_EQ(told.failed, "");
      for (const WatchedChange& change : told.changes) {
        ASSERT_EQ(change.record.value, std::to_string(expected));
        ++expected;
      }
    }
  };
  for (int i = 0; i < 100; ++i) {
    if (i == 30) cluster.kill(0);
    if (i == 60) cluster.start(0);
    ASSERT_TRUE(wait(writer->put("seq", std::to_string(i))).ok());
    if (i % 10 == 0 && i != 30) listen_until(i);
  }
  listen_until(99);
}

TEST_F(DatabaseCluster, ANodeThatHangsIsLeftForAnother) {
  ServerCluster cluster(3);
  const std::size_t leader = leader_of(cluster);
  DatabaseOptions options;
  options.attempt_timeout = 500 * kj::MILLISECONDS;
  auto database = connect({cluster.at(leader), cluster.at((leader + 1) % 3)}, options);
  ASSERT_TRUE(wait(database->put("k", "1")).ok());
  cluster.pause(leader);
  const PutAnswer put = wait(database->put("k", "2"));
  cluster.go_on(leader);
  EXPECT_TRUE(put.ok()) << put.why;
}

TEST_F(DatabaseCluster, ANodeWithoutALeaderIsLeftForAnother) {
  ServerCluster cut_off(3, {"--command-timeout-ms", "300"});
  cut_off.kill(1);
  cut_off.kill(2);
  ServerCluster cluster(1);
  leader_of(cluster);
  DatabaseOptions options;
  options.attempt_timeout = 5 * kj::SECONDS;
  auto database = connect({cut_off.at(0), cluster.at(0)}, options);
  const PutAnswer put = wait(database->put("k", "1"));
  EXPECT_TRUE(put.ok()) << put.why;
}

TEST_F(DatabaseCluster, WithoutAMajorityNothingIsPromised) {
  ServerCluster cluster(3);
  const std::size_t leader = leader_of(cluster);
  DatabaseOptions options;
  options.call_timeout = 3 * kj::SECONDS;
  options.attempt_timeout = 1 * kj::SECONDS;
  auto database = connect({cluster.at(leader)}, options);
  ASSERT_TRUE(wait(database->put("k", "1")).ok());
  cluster.kill((leader + 1) % 3);
  cluster.kill((leader + 2) % 3);
  const PutAnswer put = wait(database->put("k", "2"));
  EXPECT_EQ(put.kind, Answer::Kind::kUnknown) << "it is in the log of a node, and may be kept";
  const GetAnswer got = wait(database->get("k"));
  EXPECT_EQ(got.kind, Answer::Kind::kNotExecuted);
  EXPECT_EQ(wait(database->get("k", Freshness::kStale)).record->value, "1");
  cluster.kill(leader);
  const PutAnswer none = wait(connect({cluster.at(leader)}, options)->put("k", "3"));
  EXPECT_EQ(none.kind, Answer::Kind::kNotExecuted) << "nobody was there to execute it";
}

}  // namespace
}  // namespace synchrodb::net::testing
