// Recovery on bytes that no storage wrote: no crash, no claim on memory, nothing made up.
#include <gtest/gtest.h>

#include "engine/storage/batch_builder.h"
#include "engine/storage/format.h"
#include "engine/storage/records.h"
#include "engine/storage/segment_scan.h"
#include "tests/engine/support/storage_model.h"

namespace synchrodb {
namespace {

using testing::Dice;
using testing::MemoryDisk;
using testing::StorageDriver;

StorageOptions small_segments() {
  StorageOptions options;
  options.segment_bytes = 8 * 512;
  return options;
}

std::string random_bytes(Dice& dice, std::size_t most) {
  std::string bytes(dice.below(most + 1), '\0');
  for (char& c : bytes) c = static_cast<char>(dice.next());
  return bytes;
}

// Recovers, and if that succeeds works on and recovers again.
void live_with(MemoryDisk disk, std::uint64_t seed) {
  StorageDriver driver(disk, seed, small_segments(), false);
  auto recovered = driver.open();
  if (!recovered) return;
  std::size_t groups = recovered.value().size();
  disk.crash([] { return false; });
  recovered = driver.open();
  ASSERT_TRUE(recovered) << "seed " << seed << ": " << recovered.error().message;
  EXPECT_EQ(recovered.value().size(), groups);
  for (const auto& [id, state] : recovered.value()) {
    Index last = state.snapshot ? state.snapshot->index : Index{};
    for (const EntryRef& e : state.entries) {
      ASSERT_EQ(e->index(), last.next());
      last = e->index();
    }
    ASSERT_TRUE(!state.fault || state.fault->intact == last);
  }
}

TEST(StorageFuzz, RandomFiles) {
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    Dice dice(seed);
    MemoryDisk disk;
    static constexpr const char* kNames[] = {"hard-state-a",
                                             "hard-state-b",
                                             "wal-0000000000000001",
                                             "wal-0000000000000007",
                                             "wal-ffffffffffffff00",
                                             "snapshot-0000000000000001-0000000000000004",
                                             "staging-0000000000000001",
                                             "saving-0000000000000001",
                                             "wal-new",
                                             "wal-xyz",
                                             "snapshot-1",
                                             "lock"};
    for (const char* name : kNames) {
      if (dice.one_in(2)) disk.set_contents(name, random_bytes(dice, 6'000));
    }
    live_with(std::move(disk), seed);
    if (HasFatalFailure()) return;
  }
}

// Valid files, ruined in some places, partly with valid checksums over wrong contents.
TEST(StorageFuzz, RuinedFiles) {
  for (std::uint64_t seed = 1; seed <= 1'500; ++seed) {
    Dice dice(seed);
    MemoryDisk disk;
    StorageDriver driver(disk, seed % 50, small_segments(), seed % 2 == 0);
    ASSERT_TRUE(driver.open());
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(driver.step());
    disk.crash([] { return false; });
    for (std::uint64_t i = 0; i <= dice.below(4); ++i) {
      const auto names = disk.names();
      const std::string& name = names[dice.below(names.size())];
      std::string bytes = disk.contents(name);
      if (bytes.size() < 512) continue;
      const std::size_t at = dice.below(bytes.size() / 512) * 512;
      for (std::uint64_t k = 0; k <= dice.below(6); ++k) {
        bytes[at + 4 + dice.below(508)] = static_cast<char>(dice.next());
      }
      if (dice.one_in(2)) {
        storage::put(bytes.data() + at, crc32c(0, bytes.data() + at + 4, 508));
      }
      disk.set_contents(name, std::move(bytes));
    }
    live_with(std::move(disk), seed);
    if (HasFatalFailure()) return;
  }
}

// End to end, below the sectors' checksums: a record that was put together wrongly is noticed.
TEST(StorageFuzz, AFlippedBitOfARecordIsNoticed) {
  storage::BatchBuilder builder;
  builder.entry(GroupId{1}, *testing::test_entry(GroupId{1}, Term{1}, Index{1}, 60), Term{});
  const std::string sectors(builder.seal(1, 1, 1, 0));
  const std::string payload = storage::batch_payload(std::string(512, '\0') + sectors, 1, 1,
                                                     static_cast<std::uint32_t>(builder.length()));
  ASSERT_TRUE(storage::parse_records(payload).whole);
  for (std::size_t bit = 0; bit < payload.size() * 8; ++bit) {
    std::string flipped = payload;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(storage::parse_records(flipped).whole) << bit;
  }
}

// Found by fuzzing: a reader that took what the log's reader refuses made a log that could be read
// once and no more.
TEST(StorageFuzz, NumbersBeyondTheBoundAreDamageEverywhere) {
  constexpr std::uint64_t kBeyond = std::uint64_t{1} << 63;
  StorageOptions options = small_segments();
  MemoryDisk disk;
  StorageDriver driver(disk, 1, options, false);
  ASSERT_TRUE(driver.open());
  for (const auto& [index, term] : {std::pair{kBeyond, std::uint64_t{1}}, {4, kBeyond}}) {
    MemoryDisk with_snapshot = disk;
    StorageDriver owner(with_snapshot, 1, options, false);
    ASSERT_TRUE(owner.open());
    const SnapshotMeta meta = testing::snapshot_meta(Index{index}, Term{term});
    ASSERT_TRUE(testing::save_snapshot(owner.storage(), GroupId{1}, meta, "state"));
    const auto recovered = StorageDriver(with_snapshot, 1, options, false).open();
    ASSERT_TRUE(recovered);
    EXPECT_FALSE(recovered.value().at(GroupId{1}).snapshot);
  }
  MemoryDisk with_votes = disk;
  StorageDriver owner(with_votes, 1, options, false);
  ASSERT_TRUE(owner.open());
  GroupBatch vote{GroupId{1}, {}};
  vote.batch.hard_state = HardState{Term{kBeyond}, NodeId{1}};
  std::vector<StagedSnapshot> staged;
  ASSERT_TRUE(owner.storage().write({vote}, staged));
  EXPECT_FALSE(StorageDriver(with_votes, 1, options, false).open());
}

// Found by fuzzing: eight million sectors of which there are two.
TEST(StorageFuzz, AClaimedSizeBuysNoMemory) {
  const std::string two = storage::encode_segment_header(1, 1u << 23) + std::string(512, '\0');
  const storage::SegmentScan scan = storage::scan_segment(two, 1, 1u << 23);
  ASSERT_EQ(scan.sectors.size(), 3u);
  EXPECT_EQ(scan.sectors[1].verdict, storage::SectorVerdict::kOld);
  EXPECT_EQ(scan.sectors[2].verdict, storage::SectorVerdict::kRotten);
  EXPECT_EQ(storage::scan_segment("", 1, 8).sectors.back().verdict,
            storage::SectorVerdict::kRotten);
}

// Found by fuzzing: the head of a batch that was not replayed was written again.
TEST(StorageFuzz, ABatchThatIsNotReplayedIsNotRepeated) {
  MemoryDisk disk;
  StorageDriver driver(disk, 1, small_segments(), false);
  ASSERT_TRUE(driver.open());
  storage::BatchBuilder builder;
  builder.entry(GroupId{9}, *testing::test_entry(GroupId{9}, Term{1}, Index{1}, 20), Term{});
  builder.position(static_cast<storage::RecordType>(99), GroupId{9}, Index{1}, Term{1});
  const std::string name = disk.names().back();
  ASSERT_EQ(name, storage::segment_name(1));
  std::string segment = disk.contents(name);
  const auto scan = storage::scan_segment(segment, 1, 8);
  ASSERT_FALSE(scan.batches.empty());
  const storage::FoundBatch last = scan.batches.back();
  const std::uint32_t next = last.first_sector + last.sectors;
  const std::uint64_t sequence = last.header.sequence;
  const std::string_view sectors = builder.seal(1, next, sequence + 1, sequence);
  segment.replace(next * 512, sectors.size(), sectors);
  disk.set_contents(name, segment);
  for (int restart = 0; restart < 2; ++restart) {
    const auto recovered = driver.open();
    ASSERT_TRUE(recovered);
    EXPECT_FALSE(recovered.value().contains(GroupId{9}));
  }
}

TEST(StorageFuzz, RandomRecords) {
  for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
    Dice dice(seed);
    std::string payload = random_bytes(dice, 300);
    if (payload.size() > 17) {
      storage::put(payload.data() + 4, static_cast<std::uint32_t>(dice.below(300)));
      payload[16] = static_cast<char>(dice.below(9));
    }
    for (bool check : {true, false}) {
      const storage::ParsedBatch batch = storage::parse_records(payload, check);
      EXPECT_LE(batch.records.size(), payload.size() / storage::kRecordHeader);
    }
  }
}

}  // namespace
}  // namespace synchrodb
