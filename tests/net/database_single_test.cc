// The client API at one real server: what each call does, and what it makes of bad input.
#include <iostream>
#include <map>

#include "tests/net/support/database_support.h"

namespace synchrodb::net::testing {
namespace {

class DatabaseSingle : public DatabaseTest {
 protected:
  static void SetUpTestSuite() { cluster_ = new ServerCluster(1); }
  static void TearDownTestSuite() {
    delete cluster_;
    cluster_ = nullptr;
  }
  DatabaseSingle() : database_(connect(cluster_->all())) {
    std::uint64_t cursor = 0;
    do {
      const ScanAnswer page = wait(database_->scan(KeysOf::prefix(""), cursor));
      EXPECT_TRUE(page.ok()) << page.why << cluster_->log(0);
      for (const KeyRecord& record : page.records) wait(database_->remove(record.key));
      cursor = page.cursor;
    } while (cursor != 0);
  }

  std::string value_of(const std::string& key) {
    const GetAnswer got = wait(database_->get(key));
    EXPECT_TRUE(got.ok()) << got.why;
    return got.record ? got.record->value : "(none)";
  }

  static ServerCluster* cluster_;
  std::unique_ptr<Database> database_;
};
ServerCluster* DatabaseSingle::cluster_ = nullptr;

// Word for word what the head of net/client/database.h shows.
TEST_F(DatabaseSingle, DoesWhatItsHeaderSays) {
  const std::vector<Destination> nodes = cluster_->all();
  kj::AsyncIoContext& io = io_;
  auto dialer = std::move(Dialer::make(io, {})).value();
  Database database(*dialer, nodes);
  const PutAnswer put = database.put("greeting", "hello").wait(io.waitScope);
  if (!put.ok()) std::cerr << put.why << "\n";
  const GetAnswer got = database.get("greeting").wait(io.waitScope);
  if (got.ok() && got.record) std::cout << got.record->value << "\n";

  ASSERT_TRUE(got.record);
  EXPECT_EQ(got.record->value, "hello");
  EXPECT_EQ(got.record->version, put.version);

  kj::Own<DatabaseWatch> watch = database.watch(KeysOf::prefix("user:"));
  watch->begun().wait(io.waitScope);
  database.put("user:1", "Ada").wait(io.waitScope);
  for (const WatchedChange& change : watch->next().wait(io.waitScope).changes) {
    EXPECT_EQ(change.record.value, "Ada");
  }
}

TEST_F(DatabaseSingle, PutsGetsAndRemoves) {
  EXPECT_EQ(value_of("k"), "(none)");
  const PutAnswer first = wait(database_->put("k", std::string("\0binary\xff", 8)));
  ASSERT_TRUE(first.ok()) << first.why;
  EXPECT_EQ(value_of("k"), std::string("\0binary\xff", 8));
  const PutAnswer second = wait(database_->put("k", ""));
  EXPECT_GT(second.version, first.version);
  EXPECT_EQ(value_of("k"), "");
  EXPECT_TRUE(wait(database_->remove("k")).existed);
  const DeleteAnswer again = wait(database_->remove("k"));
  EXPECT_TRUE(again.applied);
  EXPECT_FALSE(again.existed);
  EXPECT_EQ(value_of("k"), "(none)");
}

TEST_F(DatabaseSingle, WritesOnlyIfTheConditionHolds) {
  const PutAnswer created = wait(database_->put("k", "1", {}, {KeyIs::Absent{}}));
  EXPECT_TRUE(created.applied);
  const PutAnswer refused = wait(database_->put("k", "2", {}, {KeyIs::Absent{}}));
  EXPECT_TRUE(refused.ok());
  EXPECT_FALSE(refused.applied);
  EXPECT_EQ(refused.version, 0u);
  EXPECT_FALSE(wait(database_->put("k", "2", {}, {KeyIs::Value{"0"}})).applied);
  EXPECT_FALSE(wait(database_->remove("k", {KeyIs::Version{created.version - 1}})).applied);
  EXPECT_EQ(value_of("k"), "1");
  EXPECT_TRUE(wait(database_->put("k", "2", {}, {KeyIs::Version{created.version}})).applied);
  EXPECT_TRUE(wait(database_->remove("k", {KeyIs::Present{}})).applied);
}

TEST_F(DatabaseSingle, ComparesAndSetsCreatesAndDeletes) {
  EXPECT_FALSE(wait(database_->compare_and_set("k", "0", "1")).applied);
  EXPECT_TRUE(wait(database_->compare_and_set("k", std::nullopt, "1")).applied);
  EXPECT_FALSE(wait(database_->compare_and_set("k", std::nullopt, "2")).applied);
  const PutAnswer set = wait(database_->compare_and_set("k", "1", "2"));
  EXPECT_TRUE(set.applied);
  EXPECT_GT(set.version, 0u);
  const PutAnswer gone = wait(database_->compare_and_set("k", "2", std::nullopt));
  EXPECT_TRUE(gone.applied);
  EXPECT_EQ(gone.version, 0u);
  EXPECT_EQ(value_of("k"), "(none)");
}

TEST_F(DatabaseSingle, ExpiresKeys) {
  const PutAnswer soon = wait(database_->put("soon", "v", ExpiresAfter{50}));
  wait(database_->put("later", "v", ExpiresAfter{3'600'000}));
  const std::int64_t expiry = wait(database_->get("later")).record->expiry_ms;
  EXPECT_GT(expiry, 0);
  wait(database_->put("later", "w", ExpiresAsBefore{}));
  EXPECT_EQ(wait(database_->get("later")).record->expiry_ms, expiry);
  wait(database_->put("later", "x"));
  EXPECT_EQ(wait(database_->get("later")).record->expiry_ms, -1);
  kj::Own<DatabaseWatch> watch = database_->watch(KeysOf::prefix("soon"), soon.version);
  while (true) {
    const WatchedChanges told = wait(watch->next());
    ASSERT_EQ(told.failed, "");
    if (!told.changes.empty() && told.changes.back().kind == WatchedChange::Kind::kDeleted &&
        value_of("soon") == "(none)") {
      break;
    }
  }
  wait(database_->put("past", "v", ExpiresAt{1}));
  EXPECT_EQ(value_of("past"), "(none)");
}

TEST_F(DatabaseSingle, TransactsAllOrNothing) {
  wait(database_->put("from", "10"));
  Transaction move;
  move.conditions = {{"from", {KeyIs::Value{"10"}}}, {"to", {KeyIs::Absent{}}}};
  move.steps = {{"from", Transaction::Get{}},
                {"from", Transaction::Put{"7"}},
                {"to", Transaction::Put{"3", ExpiresAfter{60'000}}},
                {"none", Transaction::Remove{}},
                {"none", Transaction::Get{}},
                {"to", Transaction::Get{}}};
  const TransactionAnswer done = wait(database_->transact(move));
  ASSERT_TRUE(done.ok()) << done.why;
  ASSERT_TRUE(done.applied);
  ASSERT_EQ(done.results.size(), 6u);
  EXPECT_EQ(done.results[0].record.value, "10");
  EXPECT_EQ(done.results[1].record.version, done.results[2].record.version);
  EXPECT_FALSE(done.results[3].found);
  EXPECT_FALSE(done.results[4].found);
  EXPECT_TRUE(done.results[5].found);
  EXPECT_EQ(done.results[5].record.value, "3");
  EXPECT_GT(done.results[5].record.expiry_ms, 0);
  const TransactionAnswer again = wait(database_->transact(move));
  EXPECT_TRUE(again.ok());
  EXPECT_FALSE(again.applied);
  EXPECT_TRUE(again.results.empty());
  EXPECT_EQ(value_of("from"), "7");
  EXPECT_TRUE(wait(database_->transact({})).applied) << "nothing to do is easily done";
}

TEST_F(DatabaseSingle, ScansPrefixesAndRanges) {
  std::vector<kj::Promise<PutAnswer>> puts;
  for (int i = 0; i < 300; ++i) {
    puts.push_back(database_->put((i % 2 == 0 ? "even:" : "odd:") + std::to_string(i), "v"));
  }
  for (auto& put : puts) ASSERT_TRUE(wait(kj::mv(put)).ok());
  for (const Freshness freshness :
       {Freshness::kLinearizable, Freshness::kLease, Freshness::kStale}) {
    std::map<std::string, std::string> found;
    std::uint64_t cursor = 0;
    do {
      const ScanAnswer page =
          wait(database_->scan(KeysOf::prefix("odd:"), cursor, 20, false, freshness));
      ASSERT_TRUE(page.ok()) << page.why;
      EXPECT_GT(page.index, 0u);
      for (const KeyRecord& record : page.records) {
        EXPECT_TRUE(found.emplace(record.key, record.value).second) << record.key << " came twice";
      }
      cursor = page.cursor;
    } while (cursor != 0);
    EXPECT_EQ(found.size(), 150u);
    EXPECT_EQ(found.begin()->second, "v");
  }
  const ScanAnswer some = wait(database_->scan(KeysOf::range("even:298", "odd:1"), 0, 0, true));
  // even:298; those in the thirties, fifties, seventies and nineties, five each; even:4, :6 and :8
  // with five each of their decades.
  ASSERT_EQ(some.records.size(), 39u);
}

TEST_F(DatabaseSingle, TellsWatchesOfWhatConcernsThemInOrder) {
  const PutAnswer before = wait(database_->put("w:0", "before"));
  kj::Own<DatabaseWatch> all = database_->watch(KeysOf::prefix("w:"), before.version);
  kj::Own<DatabaseWatch> fresh = database_->watch(KeysOf::range("w:1", "w:2"));
  wait(fresh->begun());
  wait(database_->put("w:1", "a"));
  wait(database_->put("x:1", "b"));
  wait(database_->remove("w:1"));
  const auto tell = [&](DatabaseWatch& watch, std::size_t count) {
    std::string story;
    for (std::size_t heard = 0; heard < count;) {
      const WatchedChanges told = wait(watch.next());
      EXPECT_FALSE(told.missed);
      EXPECT_EQ(told.failed, "");
      for (const WatchedChange& change : told.changes) {
        ++heard;
        story += change.record.key;
        story += change.kind == WatchedChange::Kind::kPut ? "=" + change.record.value : "!";
        story += " ";
        EXPECT_LE(change.index, told.up_to);
      }
      if (!told.failed.empty()) break;
    }
    return story;
  };
  EXPECT_EQ(tell(*all, 3), "w:0=before w:1=a w:1! ");
  EXPECT_EQ(tell(*fresh, 2), "w:1=a w:1! ");
}

TEST_F(DatabaseSingle, SaysWhenAWatchMissedChanges) {
  wait(database_->put("m", "old"));
  for (int i = 0; i < 12; ++i) wait(database_->put("big", std::string(1 << 20, 'x')));
  kj::Own<DatabaseWatch> watch = database_->watch(KeysOf::prefix("m"), 1);
  wait(watch->begun());
  wait(database_->put("m", "new"));
  EXPECT_TRUE(wait(watch->next()).missed);
  const WatchedChanges told = wait(watch->next());
  ASSERT_EQ(told.changes.size(), 1u);
  EXPECT_EQ(told.changes[0].record.value, "new");
}

// ---- Bad input ---------------------------------------------------------------------------------

TEST_F(DatabaseSingle, RefusesWhatBreaksItsRulesAndServesOn) {
  for (const Answer& answer :
       {Answer(wait(database_->put("", "v"))), Answer(wait(database_->get(""))),
        Answer(wait(database_->put(std::string(70'000, 'k'), "v"))),
        Answer(wait(database_->put("k", std::string((8 << 20) + 1, 'v')))),
        Answer(wait(database_->put("k", "v", ExpiresAfter{0}))),
        Answer(wait(database_->scan(KeysOf::range("b", "a")))),
        Answer(wait(database_->scan(KeysOf::prefix(""), 0, 10'001)))}) {
    EXPECT_EQ(answer.kind, Answer::Kind::kNotExecuted);
    EXPECT_TRUE(answer.final);
    EXPECT_NE(answer.why, "");
  }
  EXPECT_TRUE(wait(database_->put("k", std::string(7 << 20, 'v'))).ok());
  kj::Own<DatabaseWatch> watch = database_->watch(KeysOf::range("b", "a"));
  EXPECT_NE(wait(watch->next()).failed, "");
  EXPECT_EQ(value_of("k").size(), std::size_t{7} << 20);
}

TEST_F(DatabaseSingle, AnswersSessionsThatDoNotExistOrGoBack) {
  Raw client = raw(cluster_->at(0));
  const auto put = [&](std::uint64_t session, std::uint64_t sequence) {
    auto request = client.database.putRequest();
    request.setKey({reinterpret_cast<const kj::byte*>("s"), 1});
    request.initRequest().setSession(session);
    request.getRequest().setSequence(sequence);
    const auto response = request.send().wait(io_.waitScope);
    const auto outcome = response.getOutcome();
    return outcome.isOk() ? kj::str("ok ", response.getVersion())
                          : kj::str(outcome.getNotExecuted().getReason());
  };
  EXPECT_EQ(put(~0ull, 1), kj::str("sessionExpired"));
  EXPECT_EQ(put(0, 1), kj::str("invalid"));
  EXPECT_EQ(put(5, 0), kj::str("invalid"));
  const std::uint64_t session =
      client.database.openSessionRequest().send().wait(io_.waitScope).getSession();
  const kj::String first = put(session, 3);
  EXPECT_EQ(put(session, 3), first);
  EXPECT_EQ(put(session, 2), kj::str("staleSequence"));
  auto close = client.database.closeSessionRequest();
  close.setSession(session);
  EXPECT_TRUE(close.send().wait(io_.waitScope).getOutcome().isOk());
  EXPECT_EQ(put(session, 4), kj::str("sessionExpired"));
}

class DeafWatcher final : public wire::Watcher::Server {
 protected:
  kj::Promise<void> changes(ChangesContext) override { return kj::NEVER_DONE; }
};

TEST_F(DatabaseSingle, BoundsTheWatchesOfAConnectionAndForgetsThoseThatAreDropped) {
  Raw client = raw(cluster_->at(0));
  const auto watch = [&] {
    auto request = client.database.watchRequest();
    request.setFrom(1);
    request.setWatcher(kj::heap<DeafWatcher>());
    return request.send().wait(io_.waitScope);
  };
  std::vector<capnp::Response<wire::Database::WatchResults>> watches;
  for (int i = 0; i < 64; ++i) {
    watches.push_back(watch());
    ASSERT_TRUE(watches.back().getOutcome().isOk());
  }
  EXPECT_TRUE(watch().getOutcome().isNotExecuted());
  auto without = client.database.watchRequest();
  const auto refused = without.send().wait(io_.waitScope);
  EXPECT_EQ(refused.getOutcome().getNotExecuted().getReason(), wire::Refusal::Reason::INVALID);
  // The deaf ones are still awaited; a new connection has room of its own.
  Raw other = raw(cluster_->at(0));
  auto request = other.database.watchRequest();
  request.setWatcher(kj::heap<DeafWatcher>());
  EXPECT_TRUE(request.send().wait(io_.waitScope).getOutcome().isOk());
}

TEST_F(DatabaseSingle, LetsNobodyInWithoutThePassword) {
  ServerCluster guarded(1, {"--requirepass", "open sesame"});
  leader_of(guarded);
  const PutAnswer refused = wait(connect(guarded.all())->put("k", "v"));
  EXPECT_EQ(refused.kind, Answer::Kind::kNotExecuted);
  EXPECT_TRUE(refused.final);
  EXPECT_NE(refused.why.find("password"), std::string::npos) << refused.why;
  DatabaseOptions options;
  options.password = "open sesame";
  const PutAnswer accepted = wait(connect(guarded.all(), options)->put("k", "v"));
  EXPECT_TRUE(accepted.ok()) << accepted.why;
  kj::Own<DatabaseWatch> watch = connect(guarded.all())->watch(KeysOf::prefix(""));
  EXPECT_NE(wait(watch->next()).failed, "");
}

}  // namespace
}  // namespace synchrodb::net::testing
