#include "tests/bench/peers/load/workload.h"

#include <gtest/gtest.h>

#include <set>

namespace synchrodb::load {
namespace {

Options some() {
  Options options;
  options.endpoints = {{"localhost", "1"}};
  return options;
}

TEST(Workload, KeysAreThoseOfRedisBenchmark) {
  EXPECT_EQ(Key(0).text(), "key:000000000000");
  EXPECT_EQ(Key(9'876).text(), "key:000000009876");
}

TEST(Workload, FillTakesEachKeyOnceOverAllThreads) {
  Options options = some();
  options.operation = Operation::kFill;
  options.key_space = 1'001;
  options.threads = 3;
  std::multiset<std::uint64_t> keys;
  for (unsigned thread = 0; thread < 3; ++thread) {
    Workload workload(options, thread);
    while (const auto request = workload.next()) {
      EXPECT_TRUE(request->write);
      keys.insert(request->key);
    }
  }
  EXPECT_EQ(keys.size(), 1'001u);
  EXPECT_EQ(std::set<std::uint64_t>(keys.begin(), keys.end()).size(), 1'001u);
  EXPECT_EQ(*keys.rbegin(), 1'000u);
}

TEST(Workload, MixedKeepsItsShareAndTheKeySpace) {
  Options options = some();
  options.operation = Operation::kMixed;
  options.set_percent = 20;
  options.key_space = 16;
  Workload workload(options, 0);
  unsigned writes = 0;
  std::set<std::uint64_t> keys;
  for (int i = 0; i < 10'000; ++i) {
    const auto request = workload.next();
    writes += request->write ? 1 : 0;
    keys.insert(request->key);
  }
  EXPECT_NEAR(writes, 2'000, 200);
  EXPECT_EQ(keys.size(), 16u);
  EXPECT_EQ(*keys.rbegin(), 15u);
}

TEST(Workload, ThreadsDrawDifferentKeysAndEachTheSameAgain) {
  Options options = some();
  options.threads = 2;
  options.key_space = 1'000'000'000;
  Workload one(options, 0), again(options, 0), other(options, 1);
  const auto key = one.next()->key;
  EXPECT_EQ(again.next()->key, key);
  EXPECT_NE(other.next()->key, key);
}

}  // namespace
}  // namespace synchrodb::load
