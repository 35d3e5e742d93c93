// The deliberate defect torn-tail-accepted: a torn batch that nobody was told of is believed.
#include <gtest/gtest.h>

#include <utility>

#include "consensus/defects.h"
#include "tests/engine/support/storage_model.h"

namespace synchrodb {
namespace {

using testing::MemoryDisk;
using testing::StorageDriver;
using testing::test_entry;

// A batch of one large entry of which only the first sector reached the disk.
MemoryDisk torn() {
  MemoryDisk disk;
  StorageDriver driver(disk, 1, StorageOptions{}, false);
  EXPECT_TRUE(driver.open());
  std::vector<StagedSnapshot> staged;
  GroupBatch b{GroupId{1}, {}};
  b.batch.hard_state = HardState{Term{1}, NodeId{1}};
  b.batch.entries.push_back(test_entry(GroupId{1}, Term{1}, Index{1}, 100));
  EXPECT_TRUE(driver.storage().write({b}, staged));
  b.batch.hard_state.reset();
  b.batch.entries = {test_entry(GroupId{1}, Term{1}, Index{2}, 1'000)};
  disk.fail_at(disk.effects() + 2, ErrorCode::kIo, true);  // written, not synced
  EXPECT_FALSE(driver.storage().write({b}, staged));
  bool first = true;
  disk.crash([&] { return std::exchange(first, false); });
  return disk;
}

TEST(StorageDefect, ATornTailIsCut) {
  MemoryDisk disk = torn();
  StorageDriver driver(disk, 1, StorageOptions{}, false);
  auto recovered = driver.open();
  ASSERT_TRUE(recovered);
  const DurableState& state = recovered.value().at(GroupId{1});
  EXPECT_EQ(state.entries.size(), 1U);
  EXPECT_FALSE(state.fault);
}

#ifdef SYNCHRODB_DEFECTS
TEST(StorageDefect, TheDefectBelievesATornTail) {
  MemoryDisk disk = torn();
  active_defect = Defect::kTornTailAccepted;
  StorageDriver driver(disk, 1, StorageOptions{}, false);
  auto recovered = driver.open();
  active_defect.reset();
  ASSERT_TRUE(recovered);
  const DurableState& state = recovered.value().at(GroupId{1});
  ASSERT_EQ(state.entries.size(), 2U);
  EXPECT_EQ(state.entries[1]->term(), Term{1});
  const std::uint64_t digest = state.entries[1]->digest();
  EXPECT_NE(digest, test_entry(GroupId{1}, Term{1}, Index{2}, 1'000)->digest());
  // It has become part of the log for good.
  disk.crash([] { return false; });
  recovered = driver.open();
  ASSERT_TRUE(recovered);
  ASSERT_EQ(recovered.value().at(GroupId{1}).entries.size(), 2U);
  EXPECT_EQ(recovered.value().at(GroupId{1}).entries[1]->digest(), digest);
}
#endif

}  // namespace
}  // namespace synchrodb
