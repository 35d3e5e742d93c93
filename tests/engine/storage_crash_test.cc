// A crash at every effect boundary, with every kind of loss of what was not synced: what was
// acknowledged is recovered, and what is recovered is a state that the storage was in.
#include <gtest/gtest.h>

#include "tests/engine/support/storage_model.h"

namespace synchrodb {
namespace {

using testing::Dice;
using testing::disagreement;
using testing::MemoryDisk;
using testing::model_of;
using testing::StorageDriver;

constexpr int kSteps = 14;

// Every other one is written ahead of the log.
StorageOptions small_segments(std::uint64_t seed = 0) {
  StorageOptions options;
  options.segment_bytes = 8 * 512;
  options.fill_ahead_bytes = seed % 2 == 0 ? 0 : 2 * 512;
  return options;
}

// Runs the same work until the disk fails; nothing if it never did.
bool run(StorageDriver& driver) {
  if (!driver.open()) return false;
  for (int i = 0; i < kSteps; ++i) {
    if (!driver.step()) return false;
  }
  return true;
}

// Ways to lose unsynced items: nothing, everything, random ones; all subsets when there are few.
std::vector<std::vector<bool>> losses(std::size_t items, Dice& dice) {
  std::vector<std::vector<bool>> ways;
  if (items <= 4) {
    for (std::size_t bits = 0; bits < std::size_t{1} << items; ++bits) {
      std::vector<bool> way;
      for (std::size_t i = 0; i < items; ++i) way.push_back((bits >> i & 1) != 0);
      ways.push_back(way);
    }
    return ways;
  }
  ways.emplace_back(items, false);
  ways.emplace_back(items, true);
  for (int i = 0; i < 8; ++i) {
    std::vector<bool> way;
    for (std::size_t k = 0; k < items; ++k) way.push_back(dice.one_in(2));
    ways.push_back(way);
  }
  return ways;
}

void crash(MemoryDisk& disk, const std::vector<bool>& keep) {
  std::size_t i = 0;
  disk.crash([&] { return i < keep.size() && keep[i++]; });
}

// Recovers from `disk` as it is after a crash; sometimes crashes again on the way.
void check_recovery(MemoryDisk disk, const StorageDriver& crashed, Dice& dice, int depth,
                    const std::string& where) {
  if (depth > 0) {
    MemoryDisk trial = disk;
    StorageDriver counting(trial, 1, small_segments(), false);
    const std::uint64_t start = trial.effects();
    ASSERT_TRUE(counting.open()) << where;
    MemoryDisk again = disk;
    again.fail_at(start + 1 + dice.below(trial.effects() - start), ErrorCode::kIo, true);
    StorageDriver interrupted(again, 1, small_segments(), false);
    ASSERT_FALSE(interrupted.open());
    again.crash([&] { return dice.one_in(2); });
    check_recovery(again, crashed, dice, depth - 1, where + " and again");
  }
  StorageDriver driver(disk, dice.next(), small_segments(), dice.one_in(2));
  auto recovered = driver.open();
  ASSERT_TRUE(recovered) << where << ": " << recovered.error().message;
  ASSERT_EQ(disagreement(crashed.before, crashed.after, recovered.value(), driver.storage()), "")
      << where;
  // What recovery reported is durable, and work goes on from it.
  driver.before = driver.after = model_of(recovered.value());
  disk.crash([] { return false; });
  recovered = driver.open();
  ASSERT_TRUE(recovered) << where;
  ASSERT_EQ(disagreement(driver.before, driver.before, recovered.value(), driver.storage()), "")
      << where << ", second recovery";
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(driver.step());
  disk.crash([] { return false; });
  recovered = driver.open();
  ASSERT_TRUE(recovered) << where;
  ASSERT_EQ(disagreement(driver.before, driver.before, recovered.value(), driver.storage()), "")
      << where << ", after more work";
}

void crash_everywhere(std::uint64_t seed) {
  const bool buggify = seed % 2 == 1;
  MemoryDisk whole;
  StorageDriver counting(whole, seed, small_segments(seed), buggify);
  ASSERT_TRUE(run(counting));
  Dice dice(seed + 12345);
  for (std::uint64_t effect = 1; effect <= whole.effects(); ++effect) {
    MemoryDisk disk;
    disk.fail_at(effect, ErrorCode::kIo, true);
    StorageDriver driver(disk, seed, small_segments(seed), buggify);
    ASSERT_FALSE(run(driver));
    for (const std::vector<bool>& keep : losses(disk.unsynced(), dice)) {
      MemoryDisk left = disk;
      crash(left, keep);
      const std::string where = "seed " + std::to_string(seed) + ", effect " +
                                std::to_string(effect) + ", kept " + ::testing::PrintToString(keep);
      check_recovery(left, driver, dice, dice.one_in(4) ? 1 : 0, where);
      if (::testing::Test::HasFatalFailure()) return;
    }
  }
}

TEST(StorageCrash, AcknowledgedStateSurvivesACrashAtEveryEffect) {
  for (std::uint64_t seed = 1; seed <= 24; ++seed) {
    crash_everywhere(seed);
    if (HasFatalFailure()) return;
  }
}

// Life after life: crashes at random moments of long runs, recoveries interrupted too.
TEST(StorageCrash, ManyLivesLoseNothing) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    MemoryDisk disk;
    Dice dice(seed);
    StorageDriver driver(disk, seed, small_segments(seed), seed % 3 == 0);
    for (int life = 0; life < 12; ++life) {
      disk.fail_at(disk.effects() + 1 + dice.below(60), ErrorCode::kIo, true);
      auto recovered = driver.open();
      if (recovered) {
        ASSERT_EQ(disagreement(driver.before, driver.after, recovered.value(), driver.storage()),
                  "")
            << "seed " << seed << ", life " << life;
        driver.before = driver.after = model_of(recovered.value());
        while (driver.step()) {
        }
      }
      disk.crash([&] { return dice.one_in(2); });
    }
  }
}

}  // namespace
}  // namespace synchrodb
