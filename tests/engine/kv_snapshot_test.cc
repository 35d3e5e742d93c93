// Snapshots made and read back piece by piece, while entries go on being applied.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "engine/kv/keyspace_snapshot.h"
#include "tests/engine/kv_support.h"

namespace synchrodb::testing {
namespace {

std::string serialized(const StateMachine& state) {
  std::string bytes;
  state.serialize(bytes);
  return bytes;
}

// A few keys that share slots and many that do not, so that writes fall before, on and behind the
// place that a snapshot has reached.
std::string some_key() {
  const int n = *rc::gen::inRange(0, 40);
  return (n % 4 == 0 ? "{tag}" : "key") + std::to_string(n);
}

// Long enough, at times, to be split between pieces.
std::string some_value() {
  const auto length = *rc::gen::element<std::size_t>(0, 3, 20, 200, 3'000);
  return std::string(length, static_cast<char>('a' + *rc::gen::inRange(0, 26)));
}

struct Sessions {
  std::vector<std::pair<SessionId, std::uint64_t>> open;
};

void open_or_close_session(Machine& machine, Sessions& sessions) {
  if (sessions.open.size() < 6 || *rc::gen::inRange(0, 3) > 0) {
    sessions.open.emplace_back(machine.open_session(), 0);
    return;
  }
  const auto at = *rc::gen::inRange<std::size_t>(0, sessions.open.size());
  Request request;
  request.kind = RequestKind::kCloseSession;
  request.session = sessions.open[at].first;
  machine.apply(request);
  sessions.open.erase(sessions.open.begin() + static_cast<std::ptrdiff_t>(at));
}

void apply_something(Machine& machine, Sessions& sessions) {
  SessionId session;
  std::uint64_t sequence = 0;
  if (!sessions.open.empty() && *rc::gen::inRange(0, 2) == 0) {
    auto& chosen = sessions.open[*rc::gen::inRange<std::size_t>(0, sessions.open.size())];
    session = chosen.first;
    // At times the same request again.
    sequence = *rc::gen::inRange(0, 4) == 0 ? chosen.second : ++chosen.second;
  }
  const auto run = [&](const Argv& argv) { machine.run(argv, session, sequence); };
  switch (*rc::gen::inRange(0, 15)) {
    case 0:
    case 1:
    case 2:
      return run({"SET", some_key(), some_value()});
    case 3:
      return run({"SET", some_key(), some_value(), "PX", "50"});
    case 4:
      return run({"APPEND", some_key(), some_value()});
    case 5:
      return run({"SETRANGE", some_key(), "5", some_value()});
    case 6:
      return run({"DEL", some_key(), some_key()});
    case 7:
      return run({"RENAME", some_key(), some_key()});
    case 8:
      return run({"COPY", some_key(), some_key(), "REPLACE"});
    case 9:
      return run({"PEXPIRE", some_key(), "30"});
    case 10:
      return run({"GETSET", some_key(), some_value()});
    case 13:
      return run({"GETDEL", some_key()});
    case 11:
      return open_or_close_session(machine, sessions);
    case 12:
      return machine.tick(*rc::gen::inRange(0, 40));
    default:
      if (*rc::gen::inRange(0, 8) == 0) return run({"FLUSHALL"});
      return run({"PERSIST", some_key()});
  }
}

void apply_some(Machine& machine, Sessions& sessions, int most) {
  for (int n = *rc::gen::inRange(0, most + 1); n > 0; --n) apply_something(machine, sessions);
}

RC_GTEST_PROP(KvSnapshot, PiecesAreTheStateOfTheBeginningWhateverIsAppliedBetweenThem, ()) {
  StateMachineOptions options;
  options.max_sessions = 8;  // so that they are evicted, too
  Machine machine(options);
  Sessions sessions;
  apply_some(machine, sessions, 120);
  for (int round = 0; round < 2; ++round) {
    const std::string expected = serialized(machine.state());
    const std::size_t piece = *rc::gen::element<std::size_t>(1, 7, 64, 500, 4'000);
    machine.state().begin_snapshot();
    std::string pieces;
    for (bool last = false; !last;) {
      apply_some(machine, sessions, piece < 64 ? 1 : 6);
      last = machine.state().next_piece(piece, pieces);
    }
    RC_ASSERT(pieces == expected);
    RC_ASSERT(!machine.state().snapshot_active());
  }
  // The snapshots have left no trace in the state.
  Machine replayed(options);
  for (const EntryRef& entry : machine.log()) replayed.state().apply(*entry);
  RC_ASSERT(serialized(replayed.state()) == serialized(machine.state()));
  // Nor in the count of memory, but for buffers that were kept aside instead of used again.
  RC_ASSERT(replayed.state().memory_bytes() <= 2 * machine.state().memory_bytes());
  RC_ASSERT(machine.state().memory_bytes() <= 2 * replayed.state().memory_bytes());
}

RC_GTEST_PROP(KvSnapshot, AnAbandonedSnapshotLeavesNothingBehind, ()) {
  Machine machine;
  Sessions sessions;
  apply_some(machine, sessions, 60);
  machine.state().begin_snapshot();
  std::string ignored;
  if (!machine.state().next_piece(200, ignored)) {
    apply_some(machine, sessions, 20);
    machine.state().end_snapshot();
  }
  const std::string expected = serialized(machine.state());
  machine.state().begin_snapshot();
  std::string pieces;
  while (!machine.state().next_piece(100, pieces)) {
  }
  RC_ASSERT(pieces == expected);
}

RC_GTEST_PROP(KvSnapshot, RestoringInPiecesOfAnySizeGivesTheSameState, ()) {
  Machine machine;
  Sessions sessions;
  apply_some(machine, sessions, 100);
  const std::string bytes = serialized(machine.state());
  StateMachine restored;
  restored.begin_restore();
  for (std::size_t at = 0; at < bytes.size();) {
    const auto length = *rc::gen::inRange<std::size_t>(1, *rc::gen::element(2, 50, 5'000));
    RC_ASSERT(restored.restore_piece(std::string_view(bytes).substr(at, length)).ok());
    at += length;
  }
  RC_ASSERT(restored.finish_restore().ok());
  RC_ASSERT(restored.digest() == machine.state().digest());
  RC_ASSERT(serialized(restored) == bytes);
}

TEST(KvSnapshot, PiecesAreBounded) {
  Machine machine;
  for (int i = 0; i < 200; ++i) {
    machine.run({"SET", "key" + std::to_string(i), std::string(i % 50 == 0 ? 100'000 : 100, 'v')});
    machine.run({"SET", "s", "v"}, machine.open_session(), 1);
  }
  machine.state().begin_snapshot();
  bool last = false;
  while (!last) {
    std::string piece;
    last = machine.state().next_piece(4'096, piece);
    EXPECT_LE(piece.size(), 4'096u + 64);
    EXPECT_TRUE(last || piece.size() >= 4'096u);
  }
}

TEST(KvSnapshot, AKeyIsFollowedThroughOverwriteEraseAndFlush) {
  for (const Argv& change : {Argv{"SET", "big", "new"}, Argv{"DEL", "big"}, Argv{"FLUSHALL"},
                             Argv{"APPEND", "big", "more"}, Argv{"PEXPIRE", "big", "1"}}) {
    Machine machine;
    machine.run({"SET", "big", std::string(10'000, 'x')});
    const std::string expected = serialized(machine.state());
    machine.state().begin_snapshot();
    std::string pieces;
    ASSERT_FALSE(machine.state().next_piece(3'000, pieces));  // amid the value
    machine.run(change);
    machine.tick(10);
    ASSERT_FALSE(machine.state().next_piece(3'000, pieces));
    machine.run({"SET", "big", "newest"});
    while (!machine.state().next_piece(3'000, pieces)) {
    }
    EXPECT_TRUE(pieces == expected) << change[0];
  }
}

TEST(KvSnapshot, RestoringAndClearingEndIt) {
  Machine machine;
  machine.run({"SET", "k", "v"});
  const std::string bytes = serialized(machine.state());
  machine.state().begin_snapshot();
  ASSERT_TRUE(machine.state().restore(bytes));
  EXPECT_FALSE(machine.state().snapshot_active());
  machine.state().begin_snapshot();
  machine.state().clear();
  EXPECT_FALSE(machine.state().snapshot_active());
}

TEST(KvSnapshot, AMachineIsDismantledInSteps) {
  Machine machine;
  for (int i = 0; i < 1'000; ++i) {
    machine.run({"SET", "key" + std::to_string(i), "v", "PX", "1000000"});
    machine.open_session();
  }
  int steps = 1;
  while (!machine.state().dismantle(100)) ++steps;
  EXPECT_GE(steps, 20);
  EXPECT_LE(steps, 40);
}

// ---- memory ------------------------------------------------------------------------------------

RC_GTEST_PROP(KvMemory, TheRunningCountIsThatOfAFreshMachineWithTheSameContents, ()) {
  Machine machine;
  Sessions sessions;
  apply_some(machine, sessions, 150);
  machine.run({"FLUSHALL"});
  const std::size_t empty = machine.state().memory_bytes();
  std::size_t keys = 0;
  for (int i = 0; i < 50; ++i) machine.run({"SET", "key" + std::to_string(i), some_value()});
  for (int i = 0; i < 50; ++i) keys += *machine.state().memory_of("key" + std::to_string(i));
  const std::size_t full = machine.state().memory_bytes();
  RC_ASSERT(full >= empty + keys);
  for (int i = 0; i < 50; ++i) machine.run({"DEL", "key" + std::to_string(i)});
  // What stays is pages of tables, 2 to 3 KiB each.
  RC_ASSERT(machine.state().memory_bytes() <= full - keys);
  machine.run({"FLUSHALL"});
  RC_ASSERT(machine.state().memory_bytes() == empty);
}

TEST(KvMemory, CountsWhatAValueTakes) {
  Machine machine;
  EXPECT_EQ(machine.state().memory_of("k"), std::nullopt);
  machine.run({"SET", "k", "v"});
  const std::size_t small = *machine.state().memory_of("k");
  EXPECT_LT(small, 300u);
  machine.run({"SET", "k", std::string(1'000'000, 'v')});
  EXPECT_GE(*machine.state().memory_of("k"), 1'000'000u);
  EXPECT_LT(*machine.state().memory_of("k"), 1'100'000u);
  EXPECT_GE(machine.state().memory_bytes(), 1'000'000u);
  machine.run({"PEXPIRE", "k", "10"});
  EXPECT_GE(*machine.state().memory_of("k"), 1'000'050u);
  machine.tick(20);
  EXPECT_EQ(machine.state().memory_of("k"), std::nullopt);
  EXPECT_LT(machine.state().memory_bytes(), 100'000u);
}

TEST(KvMemory, CountsTheRepliesOfSessions) {
  Machine machine;
  machine.run({"SET", "k", std::string(100'000, 'v')});
  const SessionId session = machine.open_session();
  const std::size_t before = machine.state().memory_bytes();
  machine.run({"GETSET", "k", std::string(100'000, 'w')}, session, 1);
  EXPECT_GE(machine.state().memory_bytes(), before + 100'000);
  Request close;
  close.kind = RequestKind::kCloseSession;
  close.session = session;
  machine.apply(close);
  EXPECT_LT(machine.state().memory_bytes(), before);
}

TEST(KvMemory, OnlyCommandsThatMayGrowNeedMemory) {
  Machine machine;
  const auto needs = [&](const Request& request) {
    return machine.state().may_need_memory(encode(request));
  };
  Request request;
  request.commands = {{"SET", "k", "v"}};
  EXPECT_TRUE(needs(request));
  request.commands = {{"DEL", "k"}};
  EXPECT_FALSE(needs(request));
  request.commands = {{"DEL", "k"}, {"append", "k", "v"}};
  EXPECT_TRUE(needs(request));
  request.commands = {{"NOSUCH", "k"}};
  EXPECT_FALSE(needs(request));
  EXPECT_FALSE(machine.state().may_need_memory("not a request"));
  Request stamp;
  stamp.kind = RequestKind::kStamp;
  EXPECT_FALSE(needs(stamp));
}

// Its answer is known: to refuse it would tell a client that nothing happened.
TEST(KvMemory, ARepetitionNeedsNone) {
  Machine machine;
  Request request;
  request.session = machine.open_session();
  request.sequence = 3;
  request.commands = {{"SET", "k", "v"}};
  EXPECT_TRUE(machine.state().may_need_memory(encode(request)));
  machine.apply(request);
  EXPECT_FALSE(machine.state().may_need_memory(encode(request)));
  request.sequence = 4;
  EXPECT_TRUE(machine.state().may_need_memory(encode(request)));
}

}  // namespace
}  // namespace synchrodb::testing
