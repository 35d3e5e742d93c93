// What the state machine tells of changes, and what the history remembers of them.
#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "engine/kv/change_history.h"
#include "tests/engine/kv_support.h"

namespace synchrodb::testing {
namespace {

// Tells each entry's changes as "index: key=value, gone!, *cleared*".
class Storyteller final : public ChangeListener {
 public:
  void on_changes(const EntryChanges& changes) override {
    std::string line = std::to_string(changes.index.value) + ":";
    if (changes.cleared) line += " *cleared*";
    for (const Change& change : changes.keys) {
      line += " " + std::string(change.key);
      line += change.record != nullptr ? "=" + change.record->value : "!";
    }
    story.push_back(line);
  }
  void on_replaced(Index applied) override {
    story.push_back("replaced at " + std::to_string(applied.value));
  }
  std::vector<std::string> story;
};

using Story = std::vector<std::string>;

Request transaction(std::vector<Argv> commands) {
  Request request;
  request.transaction = true;
  request.commands = std::move(commands);
  return request;
}

TEST(KvChanges, AreToldByEntryWithWhatItLeftOfEachKey) {
  Machine machine;
  Storyteller teller;
  machine.state().listen(&teller);
  machine.run({"SET", "a", "1"});
  machine.run({"GET", "a"});
  machine.run({"APPEND", "a", "2"});
  machine.apply(transaction({{"SET", "c", "x"}, {"SET", "b", "y"}, {"SET", "c", "z"}}));
  machine.run({"RENAME", "b", "d"});
  machine.run({"DEL", "a", "nothing"});
  machine.run({"SETRANGE", "d", "0", "Y"});
  machine.run({"PEXPIRE", "d", "5"});
  machine.tick(10);
  EXPECT_EQ(teller.story, Story({"1: a=1", "3: a=12", "4: b=y c=z", "5: b! d=y", "6: a!", "7: d=Y",
                                 "8: d=Y", "9: d!"}));
}

TEST(KvChanges, OfAFlushAreOneHoweverManyKeys) {
  Machine machine;
  Storyteller teller;
  machine.run({"MSET", "a", "1", "b", "2"});
  machine.state().listen(&teller);
  machine.apply(transaction({{"SET", "c", "3"}, {"FLUSHALL"}, {"SET", "d", "4"}}));
  EXPECT_EQ(teller.story, Story({"2: *cleared* d=4"}));
}

TEST(KvChanges, ARepetitionInASessionChangesNothing) {
  Machine machine;
  Storyteller teller;
  const SessionId session = machine.open_session();
  machine.state().listen(&teller);
  machine.run({"APPEND", "a", "x"}, session, 1);
  machine.run({"APPEND", "a", "x"}, session, 1);
  EXPECT_EQ(teller.story, Story({"2: a=x"}));
}

TEST(KvChanges, OfASnapshotAreNotToldButThatItReplacedTheState) {
  Machine source;
  source.run({"SET", "a", "1"});
  source.run({"SET", "b", "2"});
  std::string snapshot;
  source.state().serialize(snapshot);
  StateMachine target;
  Storyteller teller;
  target.listen(&teller);
  ASSERT_TRUE(target.restore(snapshot).ok());
  EXPECT_EQ(teller.story, Story({"replaced at 2"}));
  StateMachine old = std::exchange(target, StateMachine());
  old = StateMachine();
  EXPECT_EQ(teller.story, Story({"replaced at 2", "replaced at 0"})) << "the listener stays";
}

// The law: whoever applies the changes to a copy has the keys.
RC_GTEST_PROP(KvChangesProperty, MakeACopyOfTheKeys, ()) {
  struct Copy final : ChangeListener {
    void on_changes(const EntryChanges& changes) override {
      if (changes.cleared) keys.clear();
      for (const Change& change : changes.keys) {
        keys.erase(std::string(change.key));
        if (change.record != nullptr) keys.emplace(change.key, change.record->value);
      }
    }
    void on_replaced(Index) override { keys.clear(); }
    std::map<std::string, std::string> keys;
  } copy;
  Machine listened;
  Machine alone;
  listened.state().listen(&copy);
  const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 1000));
  for (const int step : steps) {
    const std::string key(1, static_cast<char>('a' + step % 5));
    const std::string other(1, static_cast<char>('a' + step / 5 % 5));
    const Argv commands[] = {{"SET", key, std::to_string(step)},
                             {"DEL", key, other},
                             {"APPEND", key, other},
                             {"RENAME", key, other},
                             {"PEXPIRE", key, "3"},
                             {"SET", key, "v", "PX", "2"},
                             {"COPY", key, other, "REPLACE"},
                             {"GETDEL", key},
                             {"FLUSHALL"},
                             {"SETRANGE", key, "2", "x"}};
    const Argv& argv = commands[step / 25 % 10];
    for (Machine* machine : {&listened, &alone}) {
      machine->now_ms += step % 2;
      machine->run(argv);
    }
  }
  for (Machine* machine : {&listened, &alone}) machine->tick(1000);
  std::map<std::string, std::string> keys;
  for (const char* key : {"a", "b", "c", "d", "e"}) {
    const Reply value = listened.read({"GET", key});
    if (!value.is_nil()) keys.emplace(key, value.text());
  }
  RC_ASSERT(copy.keys == keys);
  RC_ASSERT(listened.state().digest() == alone.state().digest());
}

// ---- The history -------------------------------------------------------------------------------

std::string told(const ChangeHistory& history, std::uint64_t from) {
  std::string all;
  for (auto entry = history.at_or_after(Index{from}); entry != nullptr;
       entry = history.at_or_after(entry->index.next())) {
    all += std::to_string(entry->index.value) + (entry->cleared ? "*" : "");
    for (const RememberedChange& change : entry->changes) {
      all += std::string(change.key) + (change.gone ? "!" : "=" + std::string(change.value));
    }
    all += " ";
  }
  return all;
}

TEST(KvChangeHistory, IsReadFromAnyPlace) {
  ChangeHistory history(1 << 20);
  Machine machine;
  machine.state().listen(&history);
  machine.run({"SET", "a", "1"});
  machine.run({"GET", "a"});
  machine.run({"DEL", "a"});
  machine.run({"FLUSHALL"});
  EXPECT_EQ(history.begin(), Index{1});
  EXPECT_EQ(told(history, 1), "1a=1 3a! 4* ");
  EXPECT_EQ(told(history, 2), "3a! 4* ");
  EXPECT_EQ(told(history, 5), "");
}

TEST(KvChangeHistory, ForgetsTheOldestWhenItIsFullAndSaysSo) {
  ChangeHistory history(10'000);
  Machine machine;
  machine.state().listen(&history);
  for (int i = 0; i < 100; ++i) machine.run({"SET", "k", std::string(1000, 'x')});
  EXPECT_LE(history.bytes(), 10'000u);
  EXPECT_GT(history.begin(), Index{90});
  EXPECT_LT(history.begin(), Index{95});
  EXPECT_EQ(history.at_or_after(Index{1})->index, history.begin());
  machine.run({"SET", "k", std::string(20'000, 'x')});
  EXPECT_EQ(history.begin(), Index{102}) << "it alone is too much";
  EXPECT_EQ(history.bytes(), 0u);
}

TEST(KvChangeHistory, LeavesHugeValuesOut) {
  ChangeHistory history(std::size_t{4} << 20);
  Machine machine;
  machine.state().listen(&history);
  machine.run({"SET", "k", std::string(ChangeHistory::kMaxValueBytes + 1, 'x')});
  const auto entry = history.at_or_after(Index{1});
  ASSERT_NE(entry, nullptr);
  EXPECT_TRUE(entry->changes[0].value_omitted);
  EXPECT_EQ(entry->changes[0].value, "");
  EXPECT_EQ(entry->changes[0].version, 1u);
}

TEST(KvChangeHistory, BeginsAnewAfterASnapshot) {
  ChangeHistory history(1 << 20);
  Machine machine;
  machine.state().listen(&history);
  machine.run({"SET", "a", "1"});
  std::string snapshot;
  machine.state().serialize(snapshot);
  int news = 0;
  history.on_news([&news] { ++news; });
  ASSERT_TRUE(machine.state().restore(snapshot).ok());
  EXPECT_EQ(news, 1);
  EXPECT_EQ(history.begin(), Index{2});
  EXPECT_EQ(told(history, 1), "");
}

// ---- The commands behind the typed API ---------------------------------------------------------

TEST(KvConditions, DecideWhetherATransactionHappens) {
  Machine machine;
  machine.run({"SET", "a", "1"});  // version 1
  const auto attempt = [&](Argv condition) {
    return line_of(machine.apply(transaction({std::move(condition), {"SET", "b", "2"}})));
  };
  EXPECT_EQ(attempt({"SYNCHRODB.REQUIRE", "a", "ABSENT"}), "nil-array");
  EXPECT_EQ(attempt({"SYNCHRODB.REQUIRE", "a", "VALUE", "2"}), "nil-array");
  EXPECT_EQ(attempt({"SYNCHRODB.REQUIRE", "a", "VERSION", "2"}), "nil-array");
  EXPECT_EQ(attempt({"SYNCHRODB.REQUIRE", "b", "PRESENT"}), "nil-array");
  EXPECT_EQ(attempt({"SYNCHRODB.REQUIRE", "a", "WHATEVER"}), "nil-array");
  EXPECT_EQ(line_of(machine.read({"GET", "b"})), "nil");
  EXPECT_EQ(attempt({"SYNCHRODB.REQUIRE", "b", "ABSENT"}), "[:1, +\"OK\"]");
  EXPECT_EQ(attempt({"synchrodb.require", "a", "value", "1"}), "[:1, +\"OK\"]");
  EXPECT_EQ(attempt({"SYNCHRODB.REQUIRE", "a", "VERSION", "1"}), "[:1, +\"OK\"]");
  EXPECT_EQ(attempt({"SYNCHRODB.REQUIRE", "none", "VERSION", "0"}), "[:1, +\"OK\"]");
  EXPECT_EQ(line_of(machine.read({"SYNCHRODB.REQUIRE", "a", "PRESENT"})), ":1");
}

TEST(KvConditions, AreEvaluatedBeforeAnythingWhereverTheyStand) {
  Machine machine;
  EXPECT_EQ(line_of(machine.apply(
                transaction({{"SET", "a", "1"}, {"SYNCHRODB.REQUIRE", "a", "PRESENT"}}))),
            "nil-array");
  EXPECT_EQ(line_of(machine.read({"GET", "a"})), "nil");
}

TEST(KvRangeScan, GivesEachKeyOfTheRangeOnceWithItsValueVersionAndExpiry) {
  Machine machine;
  for (int i = 0; i < 500; ++i) machine.run({"SET", "k" + std::to_string(i), std::to_string(i)});
  machine.run({"SET", "other", "x"});
  std::map<std::string, std::string> found;
  std::string cursor = "0";
  do {
    const Reply page = machine.read({"SYNCHRODB.SCAN", cursor, "k", "l", "7"});
    cursor = page.elements()[0].text();
    const std::vector<Reply>& fields = page.elements()[1].elements();
    ASSERT_EQ(fields.size() % 4, 0u);
    for (std::size_t i = 0; i < fields.size(); i += 4) {
      EXPECT_TRUE(found.emplace(fields[i].text(), fields[i + 1].text()).second);
      EXPECT_EQ(fields[i + 2].number(), std::stoll(fields[i + 1].text()) + 1);
      EXPECT_EQ(fields[i + 3].number(), -1);
    }
  } while (cursor != "0");
  EXPECT_EQ(found.size(), 500u);
  EXPECT_EQ(line_of(machine.read({"SYNCHRODB.SCAN", "0", "other", "", "9", "KEYSONLY"})),
            "[\"0\", [\"other\", nil, :501, :-1]]");
  EXPECT_TRUE(machine.read({"SYNCHRODB.SCAN", "x", "", "", "9"}).is_error());
  EXPECT_TRUE(machine.read({"SYNCHRODB.SCAN", "0", "", "", "0"}).is_error());
  EXPECT_TRUE(machine.read({"SYNCHRODB.SCAN", "0", "", "", "9", "VALUES"}).is_error());
}

}  // namespace
}  // namespace synchrodb::testing
