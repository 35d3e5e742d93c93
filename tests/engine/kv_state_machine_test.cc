// The state machine as a whole: stamp, expiry, sessions, transactions, snapshots, hostile entries.
#include "engine/kv/state_machine.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "consensus/defects.h"
#include "tests/engine/kv_support.h"

namespace synchrodb::testing {
namespace {

constexpr std::int64_t kHour = 3'600'000;

Request stamp_request() {
  Request request;
  request.kind = RequestKind::kStamp;
  return request;
}

// --- stamp ---------------------------------------------------------------------------------------

TEST(Stamp, IsTheMiddleOfTheInterval) {
  constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(stamp_reading({{10}, {20}, true}).ns, 15);
  EXPECT_EQ(stamp_reading({{11}, {13}, false}).ns, 12);
  EXPECT_EQ(stamp_reading({{11}, {14}, true}).ns, 12);
  EXPECT_EQ(stamp_reading({{7}, {7}, true}).ns, 7);
  EXPECT_EQ(stamp_reading({{kMax}, {kMax}, true}).ns, kMax);
  EXPECT_EQ(stamp_reading({{kMin}, {kMax}, true}).ns, -1);
}

TEST(Stamp, NeverGoesBack) {
  Machine machine;
  machine.run({"SET", "k", "v"});
  const WallTime before = machine.state().stamp();
  EXPECT_EQ(before.ns, kToday * 1'000'000);
  machine.tick(-kHour);
  EXPECT_EQ(machine.state().stamp(), before);
  machine.tick(kHour + 5);
  EXPECT_EQ(machine.state().stamp().ns, (kToday + 5) * 1'000'000);
}

TEST(Stamp, MovesByABoundedJumpButTheFirstIsFree) {
  Machine machine;
  machine.tick(0);
  EXPECT_EQ(machine.state().stamp().ns, kToday * 1'000'000);
  machine.tick(1000 * kHour);
  EXPECT_EQ(machine.state().stamp().ns, (kToday + kHour) * 1'000'000);
  machine.tick(0);
  EXPECT_EQ(machine.state().stamp().ns, (kToday + 2 * kHour) * 1'000'000);
}

TEST(Stamp, ComesWithEveryKindOfEntry) {
  Machine machine;
  machine.apply_payload("", EntryKind::kNoop);
  EXPECT_EQ(machine.state().stamp().ns, kToday * 1'000'000);
  machine.now_ms += 5;
  EXPECT_TRUE(machine.apply_payload("not a request", EntryKind::kConfiguration).is_nil());
  EXPECT_EQ(machine.state().stamp().ns, (kToday + 5) * 1'000'000);
}

TEST(Stamp, SurvivesTheEndsOfTime) {
  StateMachine machine;
  constexpr WallTime kMax{std::numeric_limits<std::int64_t>::max()};
  constexpr WallTime kMin{std::numeric_limits<std::int64_t>::min()};
  std::uint64_t index = 0;
  const auto apply = [&](WallInterval wall, std::string payload) {
    return machine.apply(
        *make_entry(Term{1}, Index{++index}, EntryKind::kCommand, wall, std::move(payload)));
  };
  apply({kMin, kMin, true}, encode_command({"SET", "k", "v", "PX", "5"}));
  EXPECT_EQ(machine.stamp().ns, 0);
  apply({kMax, kMax, true}, encode_command({"SET", "k", "v", "PX", "9223372036854775807"}));
  EXPECT_EQ(machine.stamp(), kMax);
  apply({kMax, kMax, true}, encode_command({"SET", "k", "v", "PXAT", "9223372036854775807"}));
  EXPECT_EQ(machine.earliest_expiry(), kMax);
  EXPECT_EQ(machine.read({"GET", "k"}), Reply::bulk("v"));
}

TEST(Stamp, IsDueWhenAKeyIsAndBeforeItLags) {
  Machine machine;
  EXPECT_TRUE(machine.state().stamp_due(wall_at_ms(kToday)));
  machine.run({"SET", "k", "v"});
  EXPECT_FALSE(machine.state().stamp_due(wall_at_ms(kToday)));
  EXPECT_FALSE(machine.state().stamp_due(wall_at_ms(kToday + kHour / 2 - 1)));
  EXPECT_TRUE(machine.state().stamp_due(wall_at_ms(kToday + kHour / 2)));
  machine.run({"PEXPIRE", "k", "100"});
  EXPECT_FALSE(machine.state().stamp_due(wall_at_ms(kToday + 100)));
  EXPECT_TRUE(machine.state().stamp_due(wall_at_ms(kToday + 101)));
  EXPECT_EQ(machine.state().next_stamp_due(), machine.state().earliest_expiry());
  machine.tick(101);
  EXPECT_EQ(machine.state().earliest_expiry(), std::nullopt);
  EXPECT_FALSE(machine.state().stamp_due(wall_at_ms(machine.now_ms)));
}

// --- expiry --------------------------------------------------------------------------------------

TEST(Expiry, KeyLivesThroughItsLastMillisecond) {
  Machine machine;
  machine.run({"SET", "k", "v", "PX", "100"});
  EXPECT_EQ(machine.read({"PTTL", "k"}), Reply::integer(100));
  machine.tick(60);
  EXPECT_EQ(machine.read({"PTTL", "k"}), Reply::integer(40));
  EXPECT_EQ(machine.read({"TTL", "k"}), Reply::integer(0));
  machine.tick(40);
  EXPECT_EQ(machine.read({"GET", "k"}), Reply::bulk("v"));
  EXPECT_EQ(machine.read({"PTTL", "k"}), Reply::integer(0));
  machine.tick(1);
  EXPECT_EQ(machine.read({"GET", "k"}), Reply::nil());
  EXPECT_EQ(machine.read({"PTTL", "k"}), Reply::integer(-2));
  EXPECT_EQ(machine.read({"DBSIZE"}), Reply::integer(0));
}

TEST(Expiry, TtlRoundsToTheNearestSecond) {
  Machine machine;
  machine.run({"SET", "k", "v", "PX", "2500"});
  EXPECT_EQ(machine.read({"TTL", "k"}), Reply::integer(3));
  machine.tick(1);
  EXPECT_EQ(machine.read({"TTL", "k"}), Reply::integer(2));
  machine.run({"PEXPIREAT", "k", "4102444800500"});
  EXPECT_EQ(machine.read({"EXPIRETIME", "k"}), Reply::integer(4'102'444'801));
  machine.run({"PEXPIREAT", "k", "9223372036854775807"});
  EXPECT_EQ(machine.read({"EXPIRETIME", "k"}), Reply::integer(9'223'372'036'854'776));
}

TEST(Expiry, ConditionsCompareStrictly) {
  Machine machine;
  machine.run({"SET", "k", "v"});
  const auto expire_at = [&](const char* seconds, const char* condition) {
    return machine.run({"EXPIREAT", "k", seconds, condition}).number();
  };
  EXPECT_EQ(expire_at("4102444800", "GT"), 0);  // it never expires: that is later than any time
  EXPECT_EQ(expire_at("4102444800", "LT"), 1);
  EXPECT_EQ(expire_at("4102444800", "GT"), 0);
  EXPECT_EQ(expire_at("4102444800", "LT"), 0);
  EXPECT_EQ(expire_at("4102444801", "GT"), 1);
  EXPECT_EQ(expire_at("4102444800", "LT"), 1);
}

TEST(Expiry, ReadsDependOnTheStampAlone) {
  Machine machine;
  machine.run({"SET", "k", "v", "PX", "100"});
  machine.now_ms += 10'000;  // time passes, but nothing is applied
  EXPECT_EQ(machine.read({"GET", "k"}), Reply::bulk("v"));
  EXPECT_TRUE(machine.state().stamp_due(wall_at_ms(machine.now_ms)));
}

TEST(Expiry, AKeyDoesNotComeBackUnderASlowerClock) {
  Machine machine;
  machine.run({"SET", "k", "v", "PX", "100"});
  machine.tick(101);
  machine.now_ms -= 50;  // the next leader's clock is behind
  machine.run({"SET", "other", "v"});
  EXPECT_EQ(machine.read({"GET", "k"}), Reply::nil());
  EXPECT_EQ(machine.run({"SETNX", "k", "new"}), Reply::integer(1));
}

TEST(Expiry, EveryWriteTreatsAnExpiredKeyAsAbsent) {
  const std::vector<std::pair<Argv, Reply>> cases = {
      {{"APPEND", "k", "x"}, Reply::integer(1)},
      {{"INCR", "k"}, Reply::integer(1)},
      {{"GETSET", "k", "x"}, Reply::nil()},
      {{"GETDEL", "k"}, Reply::nil()},
      {{"GETEX", "k", "PERSIST"}, Reply::nil()},
      {{"SETNX", "k", "x"}, Reply::integer(1)},
      {{"MSETNX", "k", "x"}, Reply::integer(1)},
      {{"SET", "k", "x", "XX"}, Reply::nil()},
      {{"SET", "k", "x", "NX"}, Reply::ok()},
      {{"SET", "k", "x", "IFEQ", "5"}, Reply::nil()},
      {{"SET", "k", "x", "GET"}, Reply::nil()},
      {{"SETRANGE", "k", "1", "x"}, Reply::integer(2)},
      {{"DEL", "k"}, Reply::integer(0)},
      {{"PERSIST", "k"}, Reply::integer(0)},
      {{"EXPIRE", "k", "10"}, Reply::integer(0)},
      {{"RENAME", "k", "j"}, Reply::error("ERR no such key")},
      {{"COPY", "k", "j"}, Reply::integer(0)},
      {{"EXISTS", "k"}, Reply::integer(0)},
      {{"TYPE", "k"}, Reply::status("none")},
      {{"KEYS", "k*"}, Reply::array({})},
  };
  for (const auto& [argv, expected] : cases) {
    // Once with the key removed, once with so many expired keys that it still awaits its removal.
    for (const int others : {0, 5000}) {
      Machine machine;
      Argv many = {"MSET", "keep", "1"};
      for (int i = 0; i < others; ++i) {
        machine.run({"SET", "a" + std::to_string(i), "5", "PX", "50"});
      }
      machine.run({"SET", "k", "5", "PX", "100"});
      machine.now_ms += 101;
      EXPECT_EQ(machine.run(argv), expected) << argv[0] << " with " << others;
      if (others > 0) {
        EXPECT_GT(machine.state().key_count(), 3000u);
      }
    }
  }
}

TEST(Expiry, MassExpiryIsRemovedInBoundedSteps) {
  Machine machine;
  for (int i = 0; i < 2500; ++i) machine.run({"SET", "k" + std::to_string(i), "v", "PX", "10"});
  machine.run({"SET", "stays", "v"});
  machine.tick(1000);
  EXPECT_EQ(machine.state().key_count(), 1501u);
  EXPECT_EQ(machine.read({"KEYS", "*"}), Reply::array({Reply::bulk("stays")}));
  EXPECT_EQ(machine.read({"RANDOMKEY"}), Reply::bulk("stays"));
  EXPECT_TRUE(machine.state().stamp_due(wall_at_ms(machine.now_ms)));
  machine.tick(0);
  machine.tick(0);
  EXPECT_EQ(machine.state().key_count(), 1u);
  EXPECT_EQ(machine.state().earliest_expiry(), std::nullopt);
}

TEST(Expiry, RandomkeyOfNothingButExpiredKeysIsNil) {
  Machine machine;
  for (int i = 0; i < 1500; ++i) machine.run({"SET", "k" + std::to_string(i), "v", "PX", "10"});
  machine.tick(1000);
  EXPECT_EQ(machine.state().key_count(), 500u);
  EXPECT_EQ(machine.read({"RANDOMKEY"}), Reply::nil());
}

// --- sessions ------------------------------------------------------------------------------------

TEST(Sessions, ARetryIsAnsweredFromTheCache) {
  Machine machine;
  const SessionId session = machine.open_session();
  EXPECT_EQ(session.value, 1u);
  EXPECT_EQ(machine.run({"INCR", "n"}, session, 1), Reply::integer(1));
  EXPECT_EQ(machine.run({"INCR", "n"}, session, 1), Reply::integer(1));
  EXPECT_EQ(machine.run({"INCR", "n"}, session, 1), Reply::integer(1));
  EXPECT_EQ(machine.read({"GET", "n"}), Reply::bulk("1"));
  EXPECT_EQ(machine.run({"INCR", "n"}, session, 2), Reply::integer(2));
  EXPECT_EQ(machine.run({"INCR", "n"}, session, 9), Reply::integer(3));  // gaps are allowed
  EXPECT_EQ(machine.run({"INCR", "n"}, session, 5), Reply::error("ERR session: stale sequence"));
  EXPECT_EQ(machine.read({"GET", "n"}), Reply::bulk("3"));
}

TEST(Sessions, ErrorsAreRepliesAndCachedToo) {
  Machine machine;
  const SessionId session = machine.open_session();
  machine.run({"SET", "k", "text"});
  const Reply first = machine.run({"INCR", "k"}, session, 1);
  EXPECT_TRUE(first.is_error());
  machine.run({"SET", "k", "1"});
  EXPECT_EQ(machine.run({"INCR", "k"}, session, 1), first);
  EXPECT_EQ(machine.read({"GET", "k"}), Reply::bulk("1"));
}

TEST(Sessions, UnknownOnesAreRefusedRecognisablyAndNothingIsApplied) {
  Machine machine;
  const Reply reply = machine.run({"SET", "k", "v"}, SessionId{77}, 1);
  EXPECT_TRUE(reply.has_error_code("SESSIONEXPIRED"));
  EXPECT_EQ(machine.state().key_count(), 0u);
  const SessionId session = machine.open_session();
  EXPECT_EQ(machine.run({"SET", "k", "v"}, session, 0),
            Reply::error("ERR session: invalid sequence"));
  EXPECT_EQ(machine.state().key_count(), 0u);
  Request close;
  close.kind = RequestKind::kCloseSession;
  close.session = session;
  EXPECT_EQ(machine.apply(close), Reply::ok());
  EXPECT_EQ(machine.apply(close), Reply::ok());
  EXPECT_TRUE(machine.run({"SET", "k", "v"}, session, 1).has_error_code("SESSIONEXPIRED"));
}

TEST(Sessions, WithoutASessionACommandAppliesEachTime) {
  Machine machine;
  EXPECT_EQ(machine.run({"INCR", "n"}), Reply::integer(1));
  EXPECT_EQ(machine.run({"INCR", "n"}), Reply::integer(2));
}

TEST(Sessions, TheLeastRecentlyUsedIsEvicted) {
  Machine machine(StateMachineOptions{.max_sessions = 3});
  const SessionId a = machine.open_session();
  const SessionId b = machine.open_session();
  const SessionId c = machine.open_session();
  machine.run({"INCR", "n"}, a, 1);
  const SessionId d = machine.open_session();  // evicts b
  EXPECT_EQ(machine.state().session_count(), 3u);
  EXPECT_TRUE(machine.run({"INCR", "n"}, b, 1).has_error_code("SESSIONEXPIRED"));
  machine.run({"INCR", "n"}, c, 1);
  machine.run({"INCR", "n"}, a, 1);  // a retry is a use as well
  machine.open_session();            // evicts d
  EXPECT_TRUE(machine.run({"INCR", "n"}, d, 1).has_error_code("SESSIONEXPIRED"));
  EXPECT_EQ(machine.run({"INCR", "n"}, a, 2), Reply::integer(3));
}

TEST(Sessions, AWholeTransactionAppliesOnce) {
  Machine machine;
  const SessionId session = machine.open_session();
  Request request;
  request.session = session;
  request.sequence = 1;
  request.transaction = true;
  request.commands = {{"INCR", "n"}, {"GET", "n"}};
  const Reply reply = machine.apply(request);
  EXPECT_EQ(line_of(reply), "[:1, \"1\"]");
  EXPECT_EQ(machine.apply(request), reply);
  EXPECT_EQ(machine.read({"GET", "n"}), Reply::bulk("1"));
}

TEST(Sessions, SurviveASnapshotWithTheirReplies) {
  Machine machine(StateMachineOptions{.max_sessions = 2});
  const SessionId a = machine.open_session();
  const SessionId b = machine.open_session();
  machine.run({"INCR", "n"}, a, 1);
  std::string bytes;
  machine.state().serialize(bytes);
  Machine copy(StateMachineOptions{.max_sessions = 2});
  ASSERT_TRUE(copy.state().restore(bytes).ok());
  EXPECT_EQ(copy.run({"INCR", "n"}, a, 1), Reply::integer(1));
  copy.open_session();  // evicts b: the order of use survived as well
  EXPECT_TRUE(copy.run({"INCR", "n"}, b, 1).has_error_code("SESSIONEXPIRED"));
  EXPECT_EQ(copy.read({"GET", "n"}), Reply::bulk("1"));
}

#ifdef SYNCHRODB_DEFECTS
TEST(Sessions, TheDefectAppliesARetryTwice) {
  active_defect = Defect::kDuplicateCommandApplied;
  Machine machine;
  const SessionId session = machine.open_session();
  machine.run({"INCR", "n"}, session, 1);
  EXPECT_EQ(machine.run({"INCR", "n"}, session, 1), Reply::integer(2));
  active_defect.reset();
}
#endif

// --- requests ------------------------------------------------------------------------------------

TEST(Requests, WatchedKeysMustNotHaveChanged) {
  Machine machine;
  machine.run({"SET", "k", "1"});
  Request request;
  request.transaction = true;
  request.commands = {{"SET", "k", "2"}};
  request.watched = {{"k", machine.state().version_of("k")}, {"absent", 0}};
  EXPECT_EQ(line_of(machine.apply(request)), "[+\"OK\"]");
  EXPECT_EQ(machine.apply(request), Reply::nil_array());  // k has a new version by now
  request.watched = {{"k", machine.state().version_of("k")}, {"absent", 0}};
  machine.run({"SET", "absent", "1"});
  EXPECT_EQ(machine.apply(request), Reply::nil_array());
  EXPECT_EQ(machine.read({"GET", "k"}), Reply::bulk("2"));
}

TEST(Requests, AWatchedKeyThatExpiresHasChanged) {
  Machine machine;
  machine.run({"SET", "k", "1", "PX", "100"});
  Request request;
  request.transaction = true;
  request.commands = {{"SET", "k", "2"}};
  request.watched = {{"k", machine.state().version_of("k")}};
  machine.now_ms += 101;
  EXPECT_EQ(machine.apply(request), Reply::nil_array());
}

TEST(Requests, APipelineInOneEntryAnswersWithAnArray) {
  Machine machine;
  Request request;
  request.commands = {{"SET", "k", "x"}, {"INCR", "k"}, {"GET", "k"}};
  EXPECT_EQ(line_of(machine.apply(request)),
            "[+\"OK\", -\"ERR value is not an integer or out of range\", \"x\"]");
}

// Longer than what is looked up ahead at once, and with commands that have no key.
TEST(Requests, ALongPipelineIsAnsweredInOrder) {
  Machine machine;
  Request writes;
  Request reads;
  std::vector<Reply> wanted;
  for (int i = 0; i < 100; ++i) {
    const int k = i % 70;
    const std::string key = "key:" + std::to_string(k);
    writes.commands.push_back({"SET", key, std::to_string(i)});
    reads.commands.push_back({"GET", key});
    wanted.push_back(Reply::bulk(std::to_string(k < 30 ? k + 70 : k)));
    if (i % 7 != 0) continue;
    reads.commands.push_back({"DBSIZE"});
    wanted.push_back(Reply::integer(70));
  }
  EXPECT_EQ(machine.apply(writes), Reply::array(std::vector<Reply>(100, Reply::ok())));
  EXPECT_EQ(machine.state().read_encoded(encode(reads)), Reply::array(std::move(wanted)));
}

TEST(Requests, WhatASessionWouldHaveRefusedFailsOnEveryNodeAlike) {
  Machine machine;
  EXPECT_EQ(machine.apply_payload("garbage"), Reply::error("ERR malformed log entry"));
  EXPECT_EQ(machine.apply_payload(""), Reply::error("ERR malformed log entry"));
  EXPECT_TRUE(machine.run({"NOSUCH", "x"}).is_error());
  EXPECT_EQ(machine.run({"SET", "k"}),
            Reply::error("ERR wrong number of arguments for 'set' command"));
  EXPECT_EQ(machine.run({"MULTI"}), Reply::error("ERR Command not allowed inside a transaction"));
  EXPECT_EQ(machine.state().key_count(), 0u);
  EXPECT_EQ(machine.state().applied(), Index{5});
}

TEST(Reads, RefuseWritesAndNonsense) {
  Machine machine;
  EXPECT_EQ(machine.read({"SET", "k", "v"}), Reply::error("ERR 'set' is not a read"));
  EXPECT_EQ(machine.read({"EXEC"}), Reply::error("ERR 'exec' is not a read"));
  EXPECT_TRUE(machine.read({"NOSUCH"}).is_error());
  EXPECT_TRUE(machine.read({}).is_error());
  EXPECT_TRUE(machine.read({"GET"}).is_error());
  EXPECT_EQ(machine.state().key_count(), 0u);
}

TEST(Reads, VersionsAreTheEntriesThatWrote) {
  Machine machine;
  machine.run({"SET", "a", "1"});
  machine.run({"SET", "b", "1"});
  machine.run({"TOUCH", "a"});
  EXPECT_EQ(line_of(machine.read({"SYNCHRODB.VERSIONS", "a", "b", "c"})), "[:1, :2, :0]");
  machine.run({"EXPIRE", "a", "100"});
  EXPECT_EQ(machine.state().version_of("a"), 4u);
  EXPECT_EQ(machine.state().version_of("c"), 0u);
}

TEST(CompareAndSet, SetsOnlyOverTheExpectedValue) {
  Machine machine;
  EXPECT_EQ(machine.run({"SET", "k", "new", "IFEQ", "old"}), Reply::nil());
  machine.run({"SET", "k", "old", "EX", "100"});
  EXPECT_EQ(machine.run({"SET", "k", "new", "IFEQ", "other"}), Reply::nil());
  EXPECT_EQ(machine.run({"SET", "k", "new", "ifeq", "old", "KEEPTTL"}), Reply::ok());
  EXPECT_EQ(machine.read({"TTL", "k"}), Reply::integer(100));
  EXPECT_EQ(machine.run({"SET", "k", "newer", "GET", "IFEQ", "old"}), Reply::bulk("new"));
  EXPECT_EQ(machine.run({"SET", "k", "newer", "IFEQ", "new", "GET"}), Reply::bulk("new"));
  EXPECT_EQ(machine.read({"GET", "k"}), Reply::bulk("newer"));
  EXPECT_EQ(machine.read({"TTL", "k"}), Reply::integer(-1));
  for (const Argv& bad : {Argv{"SET", "k", "v", "IFEQ"}, Argv{"SET", "k", "v", "NX", "IFEQ", "x"},
                          Argv{"SET", "k", "v", "IFEQ", "x", "XX"}}) {
    EXPECT_EQ(machine.run(bad), Reply::error("ERR syntax error"));
  }
}

TEST(Strings, StopAtHalfAGigabyte) {
  Machine machine;
  EXPECT_EQ(machine.run({"SETRANGE", "k", "536870911", "x"}), Reply::integer(536'870'912));
  const Reply too_long =
      Reply::error("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
  const std::uint64_t version = machine.state().version_of("k");
  EXPECT_EQ(machine.run({"APPEND", "k", "x"}), too_long);
  EXPECT_EQ(machine.run({"SETRANGE", "k", "536870911", "xy"}), too_long);
  EXPECT_EQ(machine.run({"APPEND", "k", ""}), Reply::integer(536'870'912));
  EXPECT_NE(machine.state().version_of("k"), version);
}

// --- snapshots and digests -----------------------------------------------------------------------

TEST(Snapshot, DamageIsRefusedAndChangesNothing) {
  Machine machine;
  machine.open_session();
  for (int i = 0; i < 20; ++i) {
    machine.run({"SET", "key" + std::to_string(i), "value", "EX", std::to_string(100 + i)});
  }
  std::string bytes;
  machine.state().serialize(bytes);
  Machine other;
  other.run({"SET", "mine", "1"});
  const std::uint64_t digest = other.state().digest();
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_FALSE(other.state().restore(bytes.substr(0, cut)).ok()) << cut;
  }
  EXPECT_FALSE(other.state().restore(bytes + "x").ok());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const int bit : {0, 3, 7}) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      EXPECT_FALSE(other.state().restore(damaged).ok()) << at;
    }
  }
  EXPECT_EQ(other.state().digest(), digest);
  EXPECT_EQ(other.read({"GET", "mine"}), Reply::bulk("1"));
  EXPECT_TRUE(other.state().restore(bytes).ok());
  EXPECT_EQ(other.state().digest(), machine.state().digest());
}

TEST(Snapshot, NewerVersionsAreNamed) {
  Machine machine;
  std::string bytes;
  machine.state().serialize(bytes);
  bytes[4] = 9;
  const auto result = machine.state().restore(bytes);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kUnsupported);
}

TEST(Digest, TellsEveryPartOfTheStateApart) {
  const auto digest_after = [](const std::vector<Argv>& commands, std::int64_t shift = 0) {
    Machine machine;
    machine.now_ms += shift;
    for (const Argv& argv : commands) machine.run(argv);
    return machine.state().digest();
  };
  const std::uint64_t base = digest_after({{"SET", "k", "v"}});
  EXPECT_EQ(digest_after({{"SET", "k", "v"}}), base);
  EXPECT_NE(digest_after({{"SET", "k", "w"}}), base);
  EXPECT_NE(digest_after({{"SET", "j", "v"}}), base);
  EXPECT_NE(digest_after({{"SET", "k", "v", "PX", "1000"}}), base);
  EXPECT_NE(digest_after({{"SET", "k", "v"}}, 1), base);
  EXPECT_NE(digest_after({{"PING"}}), base);
  // The same keys and values, written by different entries.
  EXPECT_NE(digest_after({{"SET", "a", "1"}, {"SET", "b", "1"}}),
            digest_after({{"SET", "b", "1"}, {"SET", "a", "1"}}));
}

TEST(Digest, CoversSessionsAndTheirReplies) {
  Machine a, b;
  const SessionId session = a.open_session();
  b.open_session();
  EXPECT_EQ(a.state().digest(), b.state().digest());
  a.run({"GET", "k"}, session, 1);
  b.run({"STRLEN", "k"}, session, 1);  // another reply
  EXPECT_NE(a.state().digest(), b.state().digest());
}

TEST(StateMachine, ClearForgetsEverything) {
  Machine machine;
  const std::uint64_t empty = machine.state().digest();
  machine.open_session();
  machine.run({"SET", "k", "v", "EX", "5"});
  machine.state().clear();
  EXPECT_EQ(machine.state().digest(), empty);
  EXPECT_EQ(machine.state().applied(), Index{0});
  EXPECT_EQ(machine.state().key_count(), 0u);
}

TEST(StateMachineDeathTest, EntriesComeInOrder) {
  StateMachine machine;
  const auto entry = make_entry(Term{1}, Index{2}, EntryKind::kCommand, wall_at_ms(kToday),
                                encode(stamp_request()));
  EXPECT_DEATH(machine.apply(*entry), "one after the other");
}

}  // namespace
}  // namespace synchrodb::testing
