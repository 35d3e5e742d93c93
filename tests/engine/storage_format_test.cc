// The format is frozen: today's code writes the bytes of tests/data/storage, and reads them.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/engine/support/storage_model.h"

namespace synchrodb {
namespace {

using testing::MemoryDisk;
using testing::same_entries;
using testing::snapshot_meta;
using testing::StorageDriver;
using testing::test_entry;

const std::filesystem::path kFixture =
    std::filesystem::path(SYNCHRODB_TEST_DATA) / "storage" / "v1";

StorageOptions options() {
  StorageOptions options;
  options.segment_bytes = 8 * 512;
  return options;
}

EntryRef entry(std::uint64_t index) {
  const WallInterval written{{1'700'000'000'000'000'000 + static_cast<std::int64_t>(index)},
                             {1'700'000'000'000'500'000 + static_cast<std::int64_t>(index)},
                             index % 2 == 0};
  return make_entry(Term{2}, Index{index}, EntryKind::kCommand, written,
                    "SET key:" + std::to_string(index) + " value");
}

// The life that the fixture holds: two groups, hard state, entries, a snapshot, a rotation, a
// confirmation.
void live(MemoryDisk& disk) {
  StorageDriver driver(disk, 1, options(), false);
  ASSERT_TRUE(driver.open());
  Storage& storage = driver.storage();
  std::vector<StagedSnapshot> staged;
  GroupBatch first{GroupId{1}, {}};
  first.batch.hard_state = HardState{Term{2}, NodeId{3}};
  for (std::uint64_t i = 1; i <= 12; ++i) first.batch.entries.push_back(entry(i));
  GroupBatch second{GroupId{77}, {}};
  second.batch.hard_state = HardState{Term{9}, NodeId{1}, Term{8}, Index{40}};
  ASSERT_TRUE(storage.write({first, second}, staged));
  ASSERT_TRUE(testing::save_snapshot(storage, GroupId{1}, snapshot_meta(Index{10}, Term{2}),
                                     "the state at ten"));
  for (std::uint64_t i = 13; i <= 18; ++i) {
    GroupBatch b{GroupId{1}, {}};
    b.batch.entries.push_back(entry(i));
    ASSERT_TRUE(storage.write({b}, staged));
  }
  ASSERT_TRUE(storage.confirm());
}

std::string slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

MemoryDisk fixture() {
  MemoryDisk disk;
  for (const auto& file : std::filesystem::directory_iterator(kFixture)) {
    disk.set_contents(file.path().filename().string(), slurp(file.path()));
  }
  return disk;
}

TEST(StorageFormat, TodaysCodeReadsTheFrozenBytes) {
  MemoryDisk disk = fixture();
  StorageDriver driver(disk, 1, options(), false);
  auto recovered = driver.open();
  ASSERT_TRUE(recovered) << recovered.error().message;
  ASSERT_EQ(recovered.value().size(), 2U);
  const DurableState& one = recovered.value().at(GroupId{1});
  EXPECT_EQ(one.hard_state, (HardState{Term{2}, NodeId{3}}));
  EXPECT_EQ(one.snapshot, snapshot_meta(Index{10}, Term{2}));
  EXPECT_FALSE(one.fault);
  std::vector<EntryRef> expected;
  for (std::uint64_t i = 11; i <= 18; ++i) expected.push_back(entry(i));
  EXPECT_TRUE(same_entries(one.entries, expected));
  EXPECT_EQ(testing::read_snapshot(driver.storage(), GroupId{1}).value(), "the state at ten");
  const DurableState& other = recovered.value().at(GroupId{77});
  EXPECT_EQ(other.hard_state, (HardState{Term{9}, NodeId{1}, Term{8}, Index{40}}));
  EXPECT_TRUE(other.entries.empty());
}

TEST(StorageFormat, TodaysCodeWritesTheFrozenBytes) {
  MemoryDisk disk;
  live(disk);
  MemoryDisk frozen = fixture();
  ASSERT_EQ(disk.names(), frozen.names());
  for (const std::string& name : disk.names()) {
    EXPECT_TRUE(disk.contents(name) == frozen.contents(name)) << name << " differs";
  }
}

// Run by hand, with --gtest_also_run_disabled_tests, for a new version of the format.
TEST(StorageFormat, DISABLED_WriteTheFixture) {
  MemoryDisk disk;
  live(disk);
  std::filesystem::create_directories(kFixture);
  for (const std::string& name : disk.names()) {
    std::ofstream(kFixture / name, std::ios::binary) << disk.contents(name);
  }
}

}  // namespace
}  // namespace synchrodb
