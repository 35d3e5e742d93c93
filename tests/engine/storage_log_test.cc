// The storage in ordinary life: what is written comes back, segments are reused, snapshots replace.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "engine/storage/crc32c.h"
#include "engine/storage/filler.h"
#include "engine/storage/group_log.h"
#include "engine/storage/segment_scan.h"
#include "tests/engine/support/storage_model.h"

namespace synchrodb {
namespace {

using testing::MemoryDisk;
using testing::snapshot_meta;
using testing::test_entry;

constexpr GroupId kGroup{1};
constexpr GroupId kSlow{2};

class StorageLog : public ::testing::Test {
 protected:
  StorageLog() { options_.segment_bytes = 16 * 512; }

  std::map<GroupId, DurableState> open() {
    storage_ = make_storage(disk_, buggify_, observer_, options_);
    auto recovered = storage_->recover();
    EXPECT_TRUE(recovered);
    return recovered ? std::move(recovered).value() : std::map<GroupId, DurableState>{};
  }
  std::map<GroupId, DurableState> reopen() {
    disk_.crash([] { return false; });
    return open();
  }

  std::vector<StagedSnapshot> write(GroupBatch batch) {
    std::vector<StagedSnapshot> staged;
    EXPECT_TRUE(storage_->write({std::move(batch)}, staged));
    return staged;
  }
  void append(GroupId group, std::uint64_t index, std::uint64_t term, std::size_t bytes = 100) {
    GroupBatch b{group, {}};
    b.batch.entries.push_back(test_entry(group, Term{term}, Index{index}, bytes));
    write(std::move(b));
  }
  void vote(GroupId group, std::uint64_t term) {
    GroupBatch b{group, {}};
    b.batch.hard_state = HardState{Term{term}, NodeId{7}};
    write(std::move(b));
  }
  std::vector<StagedSnapshot> stage(const SnapshotMeta& meta, const std::string& state,
                                    std::uint64_t offset, std::size_t size) {
    GroupBatch b{kGroup, {}};
    b.batch.piece = SnapshotPiece{meta, offset, state.size(),
                                  std::make_shared<std::string>(state.substr(offset, size))};
    return write(std::move(b));
  }
  void install(const SnapshotMeta& meta) {
    GroupBatch b{kGroup, {}};
    b.batch.install = meta;
    write(std::move(b));
  }
  std::vector<std::string> segments() const {
    std::vector<std::string> names;
    for (const std::string& name : disk_.names()) {
      if (name.starts_with("wal-")) names.push_back(name);
    }
    return names;
  }
  static std::vector<std::uint64_t> indexes(const DurableState& state) {
    std::vector<std::uint64_t> out;
    for (const EntryRef& e : state.entries) out.push_back(e->index().value);
    return out;
  }

  MemoryDisk disk_;
  testing::RandomBuggify buggify_{1, false};
  Observer observer_;
  StorageOptions options_;
  std::unique_ptr<Storage> storage_;
};

TEST_F(StorageLog, AnEmptyDirectoryIsANewNode) {
  EXPECT_TRUE(open().empty());
  EXPECT_TRUE(reopen().empty());
  EXPECT_EQ(disk_.names().front(), "hard-state-a");
}

TEST_F(StorageLog, EntriesComeBackAsTheyWere) {
  open();
  GroupBatch b{kGroup, {}};
  b.batch.hard_state = HardState{Term{3}, NodeId{2}};
  for (std::uint64_t i = 1; i <= 5; ++i) {
    b.batch.entries.push_back(test_entry(kGroup, Term{3}, Index{i}, i * 300));
  }
  const std::vector<EntryRef> written = b.batch.entries;
  write(std::move(b));
  const auto recovered = reopen();
  const DurableState& state = recovered.at(kGroup);
  EXPECT_EQ(state.hard_state, (HardState{Term{3}, NodeId{2}}));
  EXPECT_TRUE(testing::same_entries(state.entries, written));
  for (std::size_t i = 0; i < written.size(); ++i) {
    EXPECT_EQ(state.entries[i]->written(), written[i]->written());
    EXPECT_EQ(state.entries[i]->kind(), written[i]->kind());
  }
}

TEST_F(StorageLog, AnEntryThatExistsIsReplacedWithAllThatFollow) {
  open();
  vote(kGroup, 1);
  for (std::uint64_t i = 1; i <= 6; ++i) append(kGroup, i, 1);
  append(kGroup, 4, 2);
  const auto recovered = reopen();
  EXPECT_EQ(indexes(recovered.at(kGroup)), (std::vector<std::uint64_t>{1, 2, 3, 4}));
  EXPECT_EQ(recovered.at(kGroup).entries.back()->term(), Term{2});
}

// As the Raft core does when it is told of damage: it writes again what it still has in memory.
TEST_F(StorageLog, AnEntryWrittenAgainCutsWhatFollowsIt) {
  open();
  vote(kGroup, 1);
  for (std::uint64_t i = 1; i <= 6; ++i) append(kGroup, i, 1);
  append(kGroup, 4, 1);
  EXPECT_EQ(indexes(reopen().at(kGroup)), (std::vector<std::uint64_t>{1, 2, 3, 4}));
}

TEST_F(StorageLog, AChangeOfHardStateAloneWritesNoLog) {
  open();
  const std::string log = disk_.contents(segments().back());
  vote(kGroup, 5);
  EXPECT_EQ(disk_.contents(segments().back()), log);
}

TEST_F(StorageLog, OnlyEntriesCostOneWriteAndOneSync) {
  open();
  vote(kGroup, 1);
  const std::uint64_t before = disk_.effects();
  append(kGroup, 1, 1);
  EXPECT_EQ(disk_.effects(), before + 2);
}

TEST_F(StorageLog, ADurableSectorIsNeverWrittenAgain) {
  options_.segment_bytes = 64 * 512;
  open();
  vote(kGroup, 1);
  std::string log = disk_.contents(segments().back());
  for (std::uint64_t i = 1; i <= 20; ++i) {
    append(kGroup, i, 1, i * 7);
    const std::string now = disk_.contents(segments().back());
    const std::size_t blank = log.find_last_not_of('\0') / 512 + 1;
    EXPECT_EQ(now.substr(0, blank * 512), log.substr(0, blank * 512));
    log = now;
  }
}

TEST_F(StorageLog, AConfirmationIsWrittenOnceAndOnlyWhenNeeded) {
  open();
  vote(kGroup, 1);
  append(kGroup, 1, 1);
  ASSERT_TRUE(storage_->needs_confirmation());
  ASSERT_TRUE(storage_->confirm());
  EXPECT_FALSE(storage_->needs_confirmation());
  const std::uint64_t before = disk_.effects();
  ASSERT_TRUE(storage_->confirm());
  EXPECT_EQ(disk_.effects(), before);
}

// Zeros where the last batch was: cut if nobody can have been told of it, damage once confirmed.
TEST_F(StorageLog, AConfirmedTailIsNotTakenForATornOne) {
  options_.segment_bytes = 64 * 512;
  for (bool confirmed : {false, true}) {
    disk_ = MemoryDisk();
    open();
    vote(kGroup, 1);
    append(kGroup, 1, 1);
    append(kGroup, 2, 1);
    std::string bytes = disk_.contents(segments().back());
    const std::size_t last = bytes.find_last_not_of('\0') / 512;
    if (confirmed) {
      ASSERT_TRUE(storage_->confirm());
    }
    bytes = disk_.contents(segments().back());
    bytes.replace(last * 512, 512, 512, '\0');
    disk_.set_contents(segments().back(), bytes);
    const auto recovered = reopen();
    const DurableState& state = recovered.at(kGroup);
    EXPECT_EQ(indexes(state), std::vector<std::uint64_t>{1});
    ASSERT_EQ(state.fault.has_value(), confirmed);
    if (confirmed) {
      EXPECT_EQ(state.fault->intact, Index{1});
    }
  }
}

// What follows a hole may itself be torn, and still knows that the hole had been synced.
TEST_F(StorageLog, ATornBatchConfirmsTheOneBefore) {
  options_.segment_bytes = 64 * 512;
  open();
  vote(kGroup, 1);
  append(kGroup, 1, 1);
  append(kGroup, 2, 1);
  const std::string name = segments().back();
  const std::size_t second = disk_.contents(name).find_last_not_of('\0') / 512;
  GroupBatch b{kGroup, {}};
  b.batch.entries.push_back(test_entry(kGroup, Term{1}, Index{3}, 2'000));
  std::vector<StagedSnapshot> staged;
  disk_.fail_at(disk_.effects() + 2, ErrorCode::kIo, true);
  ASSERT_FALSE(storage_->write({b}, staged));
  int sector = 0;
  disk_.crash([&] { return ++sector != 2; });
  std::string bytes = disk_.contents(name);
  bytes.replace(second * 512, 512, 512, '\0');
  disk_.set_contents(name, bytes);
  const auto recovered = open();
  EXPECT_EQ(indexes(recovered.at(kGroup)), std::vector<std::uint64_t>{1});
  ASSERT_TRUE(recovered.at(kGroup).fault);
  EXPECT_EQ(recovered.at(kGroup).fault->lost_index, Index{}) << "nobody knows the log's end";
}

// The newest batch went astray within the log: it is missing where it belongs, but it was written.
TEST_F(StorageLog, AStrayBatchIsEvidence) {
  options_.segment_bytes = 64 * 512;
  open();
  vote(kGroup, 1);
  append(kGroup, 1, 1);
  append(kGroup, 2, 1);
  const std::string name = segments().back();
  std::string bytes = disk_.contents(name);
  const std::size_t last = bytes.find_last_not_of('\0') / 512;
  bytes.replace(40 * 512, 512, bytes.substr(last * 512, 512));
  bytes.replace(last * 512, 512, 512, '\0');
  disk_.set_contents(name, bytes);
  const auto recovered = reopen();
  EXPECT_EQ(indexes(recovered.at(kGroup)), std::vector<std::uint64_t>{1});
  EXPECT_TRUE(recovered.at(kGroup).fault);
}

TEST_F(StorageLog, SegmentsAreReusedAndTheirNumberStaysSmall) {
  open();
  vote(kGroup, 1);
  std::size_t most = 0;
  for (std::uint64_t i = 1; i <= 400; ++i) {
    append(kGroup, i, 1);
    if (i % 10 == 0) {
      const SnapshotMeta meta = snapshot_meta(Index{i}, Term{1});
      ASSERT_TRUE(testing::save_snapshot(*storage_, kGroup, meta, "state"));
    }
    most = std::max(most, segments().size());
  }
  EXPECT_LE(most, 5U);
  EXPECT_GT(segments().back(), "wal-0000000000000014");
  for (const std::string& name : segments()) EXPECT_EQ(disk_.contents(name).size(), 16U * 512);
  const auto recovered = reopen();
  EXPECT_TRUE(recovered.at(kGroup).entries.empty());
  EXPECT_EQ(recovered.at(kGroup).snapshot->index, Index{400});
}

// Its next entry must not move the log's head back to a segment that is gone: recovery would take
// the missing one for damage.
TEST(GroupLog, ALogThatWasEmptiedPinsNoOldSegment) {
  storage::GroupLog log;
  log.append(test_entry(kGroup, Term{1}, Index{1}, 10));
  log.note_run(Index{1}, 1);
  EXPECT_EQ(log.oldest_segment(), 1U);
  log.trim(Index{1});
  EXPECT_EQ(log.oldest_segment(), std::nullopt);
  log.append(test_entry(kGroup, Term{1}, Index{2}, 10));
  log.note_run(Index{2}, 7);
  EXPECT_EQ(log.oldest_segment(), 7U);
}

TEST_F(StorageLog, ASlowGroupDoesNotPinTheLog) {
  open();
  vote(kGroup, 1);
  vote(kSlow, 1);
  append(kSlow, 1, 1);
  append(kSlow, 2, 1);
  for (std::uint64_t i = 1; i <= 300; ++i) {
    append(kGroup, i, 1);
    if (i % 10 == 0) {
      const SnapshotMeta meta = snapshot_meta(Index{i}, Term{1});
      ASSERT_TRUE(testing::save_snapshot(*storage_, kGroup, meta, "state"));
    }
  }
  EXPECT_LE(segments().size(), 5U);
  EXPECT_EQ(indexes(reopen().at(kSlow)), (std::vector<std::uint64_t>{1, 2}));
}

TEST_F(StorageLog, RestartsDoNotMakeTheLogGrow) {
  open();
  vote(kGroup, 1);
  for (std::uint64_t i = 1; i <= 10; ++i) append(kGroup, i, 1);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(reopen().at(kGroup).entries.size(), 10U);
  }
  EXPECT_LE(segments().size(), 5U);
}

TEST_F(StorageLog, ABatchLargerThanASegmentGetsALargerOne) {
  open();
  vote(kGroup, 1);
  append(kGroup, 1, 1, 100'000);
  append(kGroup, 2, 1, 10);
  const auto recovered = reopen();
  ASSERT_EQ(recovered.at(kGroup).entries.size(), 2U);
  EXPECT_EQ(recovered.at(kGroup).entries[0]->payload().size(), 100'000U);
}

TEST_F(StorageLog, ASnapshotReplacesTheLogBeforeIt) {
  open();
  vote(kGroup, 1);
  for (std::uint64_t i = 1; i <= 6; ++i) append(kGroup, i, 1);
  const SnapshotMeta meta = snapshot_meta(Index{4}, Term{1});
  const std::string state(200'000, 'x');
  ASSERT_TRUE(testing::save_snapshot(*storage_, kGroup, meta, state));
  EXPECT_EQ(testing::read_snapshot(*storage_, kGroup).value(), state);
  const auto recovered = reopen();
  EXPECT_EQ(recovered.at(kGroup).snapshot, meta);
  EXPECT_EQ(indexes(recovered.at(kGroup)), (std::vector<std::uint64_t>{5, 6}));
  EXPECT_EQ(testing::read_snapshot(*storage_, kGroup).value(), state);
}

TEST_F(StorageLog, AnOlderSnapshotIsIgnored) {
  open();
  vote(kGroup, 1);
  for (std::uint64_t i = 1; i <= 6; ++i) append(kGroup, i, 1);
  ASSERT_TRUE(testing::save_snapshot(*storage_, kGroup, snapshot_meta(Index{4}, Term{1}), "new"));
  ASSERT_TRUE(testing::save_snapshot(*storage_, kGroup, snapshot_meta(Index{2}, Term{1}), "old"));
  EXPECT_EQ(testing::read_snapshot(*storage_, kGroup).value(), "new");
  EXPECT_EQ(reopen().at(kGroup).snapshot->index, Index{4});
}

TEST_F(StorageLog, ThereIsNoSnapshotBeforeTheFirst) {
  open();
  auto none = testing::read_snapshot(*storage_, kGroup);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kNotFound);
}

TEST_F(StorageLog, ADamagedSnapshotIsNotHandedOut) {
  open();
  vote(kGroup, 1);
  append(kGroup, 1, 1);
  const SnapshotMeta meta = snapshot_meta(Index{1}, Term{1});
  ASSERT_TRUE(testing::save_snapshot(*storage_, kGroup, meta, std::string(3000, 'x')));
  for (const std::string& name : disk_.names()) {
    if (name.starts_with("snapshot-")) disk_.flip_bit(name, 8 * 2000);
  }
  auto damaged = testing::read_snapshot(*storage_, kGroup);
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code, ErrorCode::kCorrupt);
}

TEST_F(StorageLog, AReceivedSnapshotIsStagedThenInstalled) {
  open();
  vote(kGroup, 1);
  for (std::uint64_t i = 1; i <= 6; ++i) append(kGroup, i, 1);
  const SnapshotMeta meta = snapshot_meta(Index{20}, Term{1});
  const std::string state(150'000, 's');
  EXPECT_TRUE(stage(meta, state, 0, 70'000).empty());
  const auto staged = stage(meta, state, 70'000, 80'000);
  ASSERT_EQ(staged.size(), 1U);
  EXPECT_TRUE(staged[0].intact);
  EXPECT_EQ(staged[0].meta, meta);
  EXPECT_EQ(reopen().at(kGroup).snapshot, std::nullopt) << "staged is not installed";
  stage(meta, state, 0, 150'000);
  install(meta);
  EXPECT_EQ(testing::read_snapshot(*storage_, kGroup).value(), state);
  append(kGroup, 21, 1);
  const auto recovered = reopen();
  EXPECT_EQ(recovered.at(kGroup).snapshot, meta);
  EXPECT_EQ(indexes(recovered.at(kGroup)), std::vector<std::uint64_t>{21});
}

TEST_F(StorageLog, AnotherSnapshotRestartsTheStaging) {
  open();
  const std::string first(5'000, 'a');
  const std::string second(6'000, 'b');
  stage(snapshot_meta(Index{20}, Term{1}), first, 0, 3'000);
  const SnapshotMeta meta = snapshot_meta(Index{30}, Term{1});
  EXPECT_TRUE(stage(meta, second, 0, 3'000).empty());
  const auto staged = stage(meta, second, 3'000, 3'000);
  ASSERT_EQ(staged.size(), 1U);
  EXPECT_TRUE(staged[0].intact);
  install(meta);
  EXPECT_EQ(testing::read_snapshot(*storage_, kGroup).value(), second);
}

TEST_F(StorageLog, AStagedSnapshotWithAHoleIsNotIntact) {
  open();
  const std::string state(9'000, 'a');
  const SnapshotMeta meta = snapshot_meta(Index{20}, Term{1});
  stage(meta, state, 0, 3'000);
  const auto staged = stage(meta, state, 6'000, 3'000);
  ASSERT_EQ(staged.size(), 1U);
  EXPECT_FALSE(staged[0].intact);
}

TEST_F(StorageLog, AnEmptySnapshotIsOnePiece) {
  open();
  const SnapshotMeta meta = snapshot_meta(Index{20}, Term{1});
  const auto staged = stage(meta, "", 0, 0);
  ASSERT_EQ(staged.size(), 1U);
  EXPECT_TRUE(staged[0].intact);
  install(meta);
  EXPECT_EQ(testing::read_snapshot(*storage_, kGroup).value(), "");
}

// A leader may have applied what its own disk does not hold yet.
TEST_F(StorageLog, ASnapshotMayBeAheadOfTheLog) {
  open();
  vote(kGroup, 1);
  for (std::uint64_t i = 1; i <= 3; ++i) append(kGroup, i, 1);
  ASSERT_TRUE(testing::save_snapshot(*storage_, kGroup, snapshot_meta(Index{5}, Term{1}), "s"));
  GroupBatch b{kGroup, {}};
  for (std::uint64_t i = 4; i <= 7; ++i) {
    b.batch.entries.push_back(test_entry(kGroup, Term{1}, Index{i}, 10));
  }
  write(std::move(b));
  const auto recovered = reopen();
  EXPECT_FALSE(recovered.at(kGroup).fault);
  EXPECT_EQ(indexes(recovered.at(kGroup)), (std::vector<std::uint64_t>{6, 7}));
}

// What only the snapshot held is gone with it; its header, if whole, says how far that reached.
TEST_F(StorageLog, ADamagedSnapshotAheadOfTheLogIsAFault) {
  for (bool header : {false, true}) {
    disk_ = MemoryDisk();
    open();
    vote(kGroup, 2);
    for (std::uint64_t i = 1; i <= 3; ++i) append(kGroup, i, 1);
    ASSERT_TRUE(testing::save_snapshot(*storage_, kGroup, snapshot_meta(Index{5}, Term{1}), "s"));
    for (const std::string& name : disk_.names()) {
      if (name.starts_with("snapshot-")) disk_.flip_bit(name, header ? 8 * 24 : 8 * 512);
    }
    const auto recovered = reopen();
    const DurableState& state = recovered.at(kGroup);
    EXPECT_EQ(state.snapshot, std::nullopt);
    EXPECT_EQ(indexes(state), (std::vector<std::uint64_t>{1, 2, 3}));
    ASSERT_TRUE(state.fault);
    EXPECT_EQ(state.fault->intact, Index{3});
    EXPECT_EQ(state.fault->lost_index, header ? Index{} : Index{5});
    EXPECT_EQ(state.fault->lost_term, header ? Term{2} : Term{1});
  }
}

TEST_F(StorageLog, ANewerVersionIsRefusedByName) {
  open();
  vote(kGroup, 1);
  std::string slot = disk_.contents("hard-state-a");
  slot[4] = 2;
  const std::uint32_t crc = crc32c(0, slot.data() + 4, 508);
  std::memcpy(slot.data(), &crc, 4);
  disk_.set_contents("hard-state-a", slot);
  storage_ = make_storage(disk_, buggify_, observer_, options_);
  auto recovered = storage_->recover();
  ASSERT_FALSE(recovered);
  EXPECT_EQ(recovered.error().code, ErrorCode::kUnsupported);
}

// In its place filler is what was there before; anywhere else it is a write that went astray.
TEST(StorageFiller, IsOldInItsPlaceAndMisplacedElsewhere) {
  const std::string bytes = storage::filler(5, 2);
  ASSERT_EQ(bytes.size(), 2 * storage::kSector);
  const std::string_view sector = std::string_view(bytes).substr(0, storage::kSector);
  EXPECT_EQ(storage::judge_sector(sector, 1, 5).verdict, storage::SectorVerdict::kOld);
  EXPECT_EQ(storage::judge_sector(sector, 1, 6).verdict, storage::SectorVerdict::kMisplaced);
}

TEST_F(StorageLog, ANewSegmentIsWrittenAheadOfTheLog) {
  options_.fill_ahead_bytes = 4 * storage::kSector;
  open();
  const std::string name = storage::segment_name(1);
  const auto written = [&] {
    std::string bytes = disk_.contents(name);
    const std::size_t end = bytes.find_last_not_of('\0');
    return end == std::string::npos ? 0 : end / storage::kSector + 1;
  };
  append(kGroup, 1, 1);
  const std::size_t ahead = written();
  EXPECT_GE(ahead, 2 + 4U);
  append(kGroup, 2, 1);
  EXPECT_EQ(written(), ahead);  // the log comes to what is written already
  for (std::uint64_t i = 3; i < 8; ++i) append(kGroup, i, 1);
  EXPECT_GT(written(), ahead);
  EXPECT_EQ(reopen().at(kGroup).entries.size(), 7U);
}

}  // namespace
}  // namespace synchrodb
