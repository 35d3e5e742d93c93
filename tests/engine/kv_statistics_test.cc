// engine/kv/key_statistics.h: what is counted, and that it is no part of the state.
#include "engine/kv/key_statistics.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/engine/kv_support.h"

namespace synchrodb::testing {
namespace {

std::string counted(Machine& machine) {
  const KeyStatistics& statistics = machine.state().key_statistics();
  return std::to_string(statistics.hits) + " hits, " + std::to_string(statistics.misses) +
         " misses, " + std::to_string(statistics.expired) + " expired";
}

TEST(KeyStatistics, EachKeyThatAReadAsksForIsAHitOrAMiss) {
  Machine machine;
  machine.run({"SET", "k", "v"});
  machine.read({"GET", "k"});
  machine.read({"GET", "none"});
  machine.read({"MGET", "k", "k", "none"});
  machine.read({"EXISTS", "k", "none"});
  machine.read({"STRLEN", "k"});
  machine.read({"TTL", "none"});
  EXPECT_EQ(counted(machine), "5 hits, 4 misses, 0 expired");
  machine.run({"GET", "k"});  // in a transaction, it comes through the log
  EXPECT_EQ(counted(machine), "6 hits, 4 misses, 0 expired");
}

TEST(KeyStatistics, WritesAndWhatNoClientAskedForAreNotCounted) {
  Machine machine;
  machine.run({"SET", "k", "1"});
  machine.run({"SET", "none", "1", "XX"});
  machine.run({"INCR", "k"});
  machine.run({"DEL", "none"});
  EXPECT_NE(machine.state().version_of("k"), 0u);
  EXPECT_TRUE(machine.state().memory_of("k"));
  machine.read({"SYNCHRODB.VERSIONS", "k", "none"});
  machine.read({"SCAN", "0"});
  EXPECT_EQ(counted(machine), "0 hits, 0 misses, 0 expired");
}

TEST(KeyStatistics, AnExpiredKeyIsAMissAndIsCountedOnceWhenItIsRemoved) {
  Machine machine;
  machine.run({"SET", "a", "v", "PX", "10"});
  machine.run({"SET", "b", "v", "PX", "10"});
  machine.run({"SET", "stays", "v", "PX", "1000"});
  machine.tick(11);
  machine.read({"GET", "a"});
  machine.tick(1);
  EXPECT_EQ(counted(machine), "0 hits, 1 misses, 2 expired");
  machine.run({"DEL", "stays"});
  machine.tick(2000);
  EXPECT_EQ(counted(machine), "0 hits, 1 misses, 2 expired");
}

TEST(KeyStatistics, AWriteThatMeetsAnExpiredKeyCountsItsRemoval) {
  Machine machine;
  // More than one entry removes by itself.
  for (int i = 0; i < 1'001; ++i) machine.run({"SET", std::to_string(i), "v", "PX", "10"});
  machine.run({"SET", "last", "v", "PX", "11"});
  machine.now_ms += 12;
  machine.run({"INCR", "last"});
  EXPECT_EQ(counted(machine), "0 hits, 0 misses, 1001 expired");
  machine.tick(0);
  EXPECT_EQ(counted(machine), "0 hits, 0 misses, 1002 expired");
}

TEST(KeyStatistics, AreNoPartOfTheStateAndOutliveItsReplacement) {
  Machine machine;
  machine.run({"SET", "k", "v"});
  std::string before;
  machine.state().serialize(before);
  machine.read({"GET", "k"});
  machine.read({"GET", "none"});
  std::string after;
  machine.state().serialize(after);
  EXPECT_EQ(before, after);

  const std::string expected = "1 hits, 1 misses, 0 expired";
  ASSERT_TRUE(machine.state().restore(before));
  EXPECT_EQ(counted(machine), expected);
  StateMachine other;
  ASSERT_TRUE(other.restore(before));
  machine.state() = std::move(other);
  EXPECT_EQ(counted(machine), expected);
  machine.state().clear();
  EXPECT_EQ(counted(machine), expected);
}

}  // namespace
}  // namespace synchrodb::testing
