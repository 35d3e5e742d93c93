// A disk that answers with errors: the storage says so, refuses everything from then on, and loses
// nothing that it acknowledged.
#include <gtest/gtest.h>

#include "tests/engine/support/storage_model.h"

namespace synchrodb {
namespace {

using testing::Dice;
using testing::disagreement;
using testing::MemoryDisk;
using testing::StorageDriver;

StorageOptions small_segments() {
  StorageOptions options;
  options.segment_bytes = 8 * 512;
  return options;
}

void expect_refusal(const Result<>& result) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kIo);
  EXPECT_TRUE(result.error().message.starts_with("storage failed earlier"))
      << result.error().message;
}

void expect_refuses_everything(MemoryDisk& disk, Storage& storage) {
  const std::uint64_t effects = disk.effects();
  std::vector<StagedSnapshot> staged;
  GroupBatch batch{GroupId{1}, {}};
  batch.batch.hard_state = HardState{Term{1'000}, NodeId{1}};
  expect_refusal(storage.write({batch}, staged));
  expect_refusal(storage.confirm());
  const SnapshotMeta meta = testing::snapshot_meta(Index{10'000}, Term{1'000});
  expect_refusal(testing::save_snapshot(storage, GroupId{1}, meta, "state"));
  EXPECT_FALSE(storage.needs_confirmation());
  EXPECT_EQ(disk.effects(), effects) << "a failed storage touched the disk";
}

// Each effect of a run fails once, the node stops, and with or without a power failure recovers. A
// failed sync has dropped its pages although reads still show them: so a power failure comes after
// the recovery, too.
void fail_everywhere(std::uint64_t seed, ErrorCode code) {
  for (std::uint64_t effect = 1;; ++effect) {
    const std::string where = "seed " + std::to_string(seed) + ", effect " + std::to_string(effect);
    MemoryDisk disk;
    Dice dice(seed + effect);
    StorageDriver driver(disk, seed, small_segments(), seed % 2 == 0);
    disk.fail_at(effect, code, false);
    bool failed = !driver.open();
    if (!failed) {
      int steps = 0;
      while (steps < 14 && driver.step()) ++steps;
      if (steps == 14) return;  // all effects have had their turn
      expect_refuses_everything(disk, driver.storage());
    }
    disk.forget_failures();
    if (dice.one_in(2)) disk.crash([&] { return dice.one_in(2); });
    for (std::uint64_t again = dice.below(3); again > 0; --again) {
      disk.fail_at(disk.effects() + 1 + dice.below(14), code, false);
      if (driver.open()) break;
    }
    disk.forget_failures();
    auto recovered = driver.open();
    ASSERT_TRUE(recovered) << where << ": " << recovered.error().message;
    ASSERT_EQ(disagreement(driver.before, driver.after, recovered.value(), driver.storage()), "")
        << where;
    const auto reported = recovered.value();
    disk.crash([] { return false; });
    recovered = driver.open();
    ASSERT_TRUE(recovered) << where;
    ASSERT_EQ(recovered.value().size(), reported.size()) << where;
    ASSERT_FALSE(driver.observer.marks.contains("recovery found a damaged log")) << where;
    for (const auto& [id, state] : reported) {
      const DurableState& now = recovered.value().at(id);
      ASSERT_FALSE(now.fault) << where << ", after a power failure";
      ASSERT_EQ(now.hard_state, state.hard_state) << where << ", after a power failure";
      ASSERT_EQ(now.snapshot, state.snapshot) << where << ", after a power failure";
      ASSERT_TRUE(testing::same_entries(now.entries, state.entries)) << where;
    }
  }
}

TEST(StorageFailure, AnInputOutputErrorIsFinal) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    fail_everywhere(seed, ErrorCode::kIo);
    if (HasFatalFailure()) return;
  }
}

TEST(StorageFailure, AFullDiskIsFinalAndHarmsNothing) {
  for (std::uint64_t seed = 20; seed <= 30; ++seed) {
    fail_everywhere(seed, ErrorCode::kNoSpace);
    if (HasFatalFailure()) return;
  }
}

TEST(StorageFailure, TheFirstErrorIsHandedOn) {
  MemoryDisk disk;
  StorageDriver driver(disk, 1, small_segments(), false);
  ASSERT_TRUE(driver.open());
  disk.fail_at(disk.effects() + 1, ErrorCode::kNoSpace, false);
  std::vector<StagedSnapshot> staged;
  GroupBatch batch{GroupId{1}, {}};
  batch.batch.hard_state = HardState{Term{1}, NodeId{1}};
  const Result<> failed = driver.storage().write({batch}, staged);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kNoSpace);
}

}  // namespace
}  // namespace synchrodb
