// Damage of what was durable: it is mended or reported, never silently cut, never garbage.
#include <gtest/gtest.h>

#include "engine/storage/format.h"
#include "tests/engine/support/storage_model.h"

namespace synchrodb {
namespace {

using testing::Dice;
using testing::disagreement;
using testing::GroupModel;
using testing::MemoryDisk;
using testing::same_entries;
using testing::snapshot_state;
using testing::StorageDriver;

using Recovered = std::map<GroupId, DurableState>;

// Every other one is written ahead of the log.
StorageOptions small_segments(std::uint64_t seed = 0) {
  StorageOptions options;
  options.segment_bytes = 8 * 512;
  options.fill_ahead_bytes = seed % 2 == 0 ? 0 : 2 * 512;
  return options;
}

// A log position at least as high as the model's last.
bool bounds(const StorageFault& fault, const GroupModel& model) {
  if (!fault.lost_index) return fault.lost_term >= model.last_term();
  if (fault.lost_term != model.last_term()) return fault.lost_term > model.last_term();
  return fault.lost_index >= model.last();
}

bool remembered_by_hard_state(const HardState& state) {
  return static_cast<bool>(state.recovery_term);
}

// A storage that worked, stopped and was damaged.
class Damaged {
 public:
  explicit Damaged(std::uint64_t seed, int steps = 12, bool confirmed = true)
      : driver_(disk_, seed, small_segments(seed), seed % 3 == 0) {
    EXPECT_TRUE(driver_.open());
    for (int i = 0; i < steps; ++i) EXPECT_TRUE(driver_.step());
    if (confirmed) {
      EXPECT_TRUE(driver_.confirm());
    }
    disk_.crash([] { return false; });
  }

  MemoryDisk& disk() { return disk_; }
  const StorageDriver& driver() const { return driver_; }

  // Recovers the damaged disk. Exact, or a fault for every group that differs; then the same again
  // after a restart. Returns what is wrong, and counts.
  std::string check(MemoryDisk damaged, bool hard_state_may_be_lost = false) {
    StorageDriver driver(damaged, 1, small_segments(), false);
    if (dice_.one_in(3)) {
      // A recovery that does not get far must not change the verdict.
      damaged.fail_at(damaged.effects() + 1 + dice_.below(14), ErrorCode::kIo, true);
      if (driver.open()) damaged.forget_failures();
      damaged.crash([&] { return dice_.one_in(2); });
    }
    auto first = driver.open();
    if (!first) {
      const bool lost = first.error().code == ErrorCode::kCorrupt && hard_state_may_be_lost;
      return lost ? "" : "recovery failed: " + first.error().message;
    }
    std::string wrong = judge(first.value(), driver.storage());
    if (!wrong.empty()) return wrong;
    damaged.crash([] { return false; });
    auto second = driver.open();
    if (!second) return "second recovery failed: " + second.error().message;
    return same(first.value(), second.value());
  }

  int exact = 0;
  int faults = 0;

 private:
  std::string judge(const Recovered& recovered, Storage& storage) {
    bool faulty = false;
    for (const auto& [id, m] : driver_.before) {
      const std::string name = "group " + std::to_string(id.value) + ": ";
      auto found = recovered.find(id);
      if (found == recovered.end()) {
        if (m.hard_state.term) return name + "vanished";
        continue;
      }
      const DurableState& r = found->second;
      if (r.hard_state != m.hard_state) return name + "hard state";
      if (r.fault) {
        faulty = true;
        const std::string bad = judge_fault(id, m, r);
        if (!bad.empty()) return name + bad;
      } else {
        // A snapshot may be lost without a word only if the log still reaches back far enough.
        const Index from = r.snapshot ? r.snapshot->index : Index{};
        const Term at = r.snapshot ? r.snapshot->term : Term{};
        if (m.term_at(from) != at && r.snapshot != m.snapshot) return name + "snapshot lost";
        if (!same_entries(r.entries, m.view(r.snapshot))) return name + "log silently changed";
      }
      if (r.snapshot) {
        auto state = testing::read_snapshot(storage, id);
        if (!state || state.value() != snapshot_state(id, *r.snapshot)) return name + "state";
      }
    }
    ++(faulty ? faults : exact);
    return {};
  }

  std::string judge_fault(GroupId id, const GroupModel& m, const DurableState& r) {
    Index last = r.snapshot ? r.snapshot->index : Index{};
    for (const EntryRef& e : r.entries) {
      if (e->index() != last.next()) return "a gap in the entries";
      last = e->index();
      if (!driver_.ever.at(id).contains(e->digest())) return "an entry from nowhere";
    }
    if (r.fault->intact != last) return "intact is not the last entry";
    if (!bounds(*r.fault, m)) return "the bound is too low";
    return {};
  }

  static std::string same(const Recovered& a, const Recovered& b) {
    if (a.size() != b.size()) return "a restart changed the groups";
    for (const auto& [id, x] : a) {
      const DurableState& y = b.at(id);
      if (x.hard_state != y.hard_state || x.snapshot != y.snapshot)
        return "a restart changed files";
      if (!same_entries(x.entries, y.entries)) return "a restart changed the log";
      if (x.fault.has_value() != y.fault.has_value()) return "a restart forgot a fault";
      if (x.fault &&
          (x.fault->intact != y.fault->intact || x.fault->lost_index != y.fault->lost_index ||
           x.fault->lost_term != y.fault->lost_term)) {
        return "a restart changed a fault";
      }
    }
    return {};
  }

  MemoryDisk disk_;
  StorageDriver driver_;
  Dice dice_{99};
};

TEST(StorageDamage, EveryFlippedBitIsMendedOrReported) {
  int exact = 0;
  int faults = 0;
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    Damaged d(seed, 8);
    for (const std::string& name : d.disk().names()) {
      // Every bit of the headers, and of the rest every seventeenth: all bits are alike to a
      // checksum.
      const std::uint64_t bits = d.disk().contents(name).size() * 8;
      for (std::uint64_t bit = 0; bit < bits; bit += bit % 4096 < 360 ? 1 : 17) {
        MemoryDisk damaged = d.disk();
        damaged.flip_bit(name, bit);
        ASSERT_EQ(d.check(std::move(damaged)), "")
            << "seed " << seed << ", " << name << ", " << bit;
      }
    }
    exact += d.exact;
    faults += d.faults;
  }
  EXPECT_GT(exact, 0);
  EXPECT_GT(faults, 0);
}

TEST(StorageDamage, EveryFlippedBitOfAnUnconfirmedLogIsMendedOrReported) {
  for (std::uint64_t seed = 10; seed <= 40; ++seed) {
    Damaged d(seed, 12, false);
    Dice dice(seed);
    for (const std::string& name : d.disk().names()) {
      const std::uint64_t bits = d.disk().contents(name).size() * 8;
      for (int i = 0; i < 60; ++i) {
        MemoryDisk damaged = d.disk();
        damaged.flip_bit(name, dice.below(bits));
        ASSERT_EQ(d.check(std::move(damaged)), "") << "seed " << seed << ", " << name;
      }
    }
  }
}

// A write that never reached the disk, or sectors that the device has forgotten.
TEST(StorageDamage, ZeroedSectorsOfAConfirmedLogAreMendedOrReported) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Damaged d(seed);
    for (const std::string& name : d.disk().names()) {
      const std::uint64_t sectors = d.disk().contents(name).size() / 512;
      for (std::uint64_t s = 0; s < sectors; ++s) {
        MemoryDisk damaged = d.disk();
        std::string bytes = damaged.contents(name);
        bytes.replace(s * 512, 512, 512, '\0');
        damaged.set_contents(name, std::move(bytes));
        ASSERT_EQ(d.check(std::move(damaged)), "") << "seed " << seed << ", " << name << " " << s;
      }
    }
  }
}

TEST(StorageDamage, UnreadableSectorsAreMendedOrReported) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Damaged d(seed);
    for (const std::string& name : d.disk().names()) {
      const std::uint64_t sectors = (d.disk().contents(name).size() + 511) / 512;
      for (std::uint64_t s = 0; s < sectors; ++s) {
        MemoryDisk damaged = d.disk();
        damaged.make_unreadable(name, s);
        ASSERT_EQ(d.check(std::move(damaged)), "") << "seed " << seed << ", " << name << " " << s;
      }
    }
  }
}

// A sector lands in another one's place, and its own keeps what it held before: nothing, or (a
// sector that is written twice) the same.
TEST(StorageDamage, MisdirectedWritesAreMendedOrReported) {
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    Damaged d(seed, 12, seed % 2 == 0);
    std::vector<std::pair<std::string, std::uint64_t>> places;
    for (const std::string& name : d.disk().names()) {
      const std::uint64_t sectors = d.disk().contents(name).size() / 512;
      for (std::uint64_t s = 0; s < sectors; ++s) places.emplace_back(name, s * 512);
    }
    Dice dice(seed);
    for (int i = 0; i < 800; ++i) {
      const auto& [from, from_at] = places[dice.below(places.size())];
      const auto& [to, to_at] = places[dice.below(places.size())];
      MemoryDisk damaged = d.disk();
      const std::string sector = damaged.contents(from).substr(from_at, 512);
      // Blank sectors are never written; and what was written to an older segment came too early to
      // land on what is in a later one.
      if (sector == std::string(512, '\0') || from < to) continue;
      if (from == to && from_at == to_at) continue;
      std::string bytes = damaged.contents(to);
      bytes.replace(to_at, 512, sector);
      if (from == to && dice.one_in(2)) bytes.replace(from_at, 512, std::string(512, '\0'));
      damaged.set_contents(to, std::move(bytes));
      ASSERT_EQ(d.check(std::move(damaged)), "")
          << "seed " << seed << ", " << from << "@" << from_at << " over " << to << "@" << to_at;
    }
  }
}

// What a node writes goes on from the highest numbers that it has seen: it must be able to read
// that.
TEST(StorageDamage, NumbersThatNobodyCountedUpToAreNotFollowed) {
  int faults = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Damaged d(seed);
    for (const std::string& name : d.disk().names()) {
      if (!name.starts_with("wal-")) continue;
      for (const std::size_t field : {8u, 16u, 24u}) {  // segment, sequence, watermark
        std::string bytes = d.disk().contents(name);
        char* sector = bytes.data() + 512;
        storage::put(sector + field, std::uint64_t{0xfdfe'f407'b600'0001});
        storage::put(sector, crc32c(0, sector + 4, 512 - 4));
        MemoryDisk damaged = d.disk();
        damaged.set_contents(name, std::move(bytes));
        ASSERT_EQ(d.check(std::move(damaged)), "")
            << "seed " << seed << ", " << name << "+" << field;
      }
    }
    faults += d.faults;
  }
  EXPECT_GT(faults, 0);
}

TEST(StorageDamage, ALostSegmentIsReported) {
  int faults = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Damaged d(seed, 16);
    for (const std::string& name : d.disk().names()) {
      if (!name.starts_with("wal-")) continue;
      // Nothing can miss the last file of the log: its name was never promised anywhere else.
      if (name == d.disk().names().back()) continue;
      MemoryDisk damaged = d.disk();
      damaged.erase(name);
      ASSERT_EQ(d.check(std::move(damaged)), "") << "seed " << seed << ", " << name;
    }
    faults += d.faults;
  }
  EXPECT_GT(faults, 0);
}

TEST(StorageDamage, ATruncatedFileIsMendedOrReported) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Damaged d(seed);
    Dice dice(seed);
    for (const std::string& name : d.disk().names()) {
      const std::string bytes = d.disk().contents(name);
      for (int i = 0; i < 20 && !bytes.empty(); ++i) {
        MemoryDisk damaged = d.disk();
        damaged.set_contents(name, bytes.substr(0, dice.below(bytes.size())));
        ASSERT_EQ(d.check(std::move(damaged)), "") << "seed " << seed << ", " << name;
      }
    }
  }
}

TEST(StorageDamage, ALostLogWithVotesOnRecordIsReported) {
  Damaged d(5);
  MemoryDisk damaged = d.disk();
  for (const std::string& name : damaged.names()) {
    if (name.starts_with("wal-")) damaged.erase(name);
  }
  ASSERT_EQ(d.check(damaged), "");
  EXPECT_EQ(d.faults, 1);
}

class HardStateDamage : public ::testing::Test {
 protected:
  HardStateDamage() : driver_(disk_, 1, small_segments(), false) {
    EXPECT_TRUE(driver_.open());
    for (std::uint64_t term = 1; term <= 3; ++term) {
      GroupBatch b{GroupId{4}, {}};
      b.batch.hard_state = state(term);
      std::vector<StagedSnapshot> staged;
      EXPECT_TRUE(driver_.storage().write({b}, staged));
    }
    disk_.crash([] { return false; });
  }
  static HardState state(std::uint64_t term) {
    return {Term{term}, NodeId{term + 10}, Term{term}, Index{9}};
  }

  MemoryDisk disk_;
  StorageDriver driver_;
};

TEST_F(HardStateDamage, EitherCopyIsMendedFromTheOther) {
  for (const char* name : {"hard-state-a", "hard-state-b"}) {
    MemoryDisk damaged = disk_;
    damaged.flip_bit(name, 300);
    StorageDriver driver(damaged, 1, small_segments(), false);
    auto recovered = driver.open();
    ASSERT_TRUE(recovered);
    EXPECT_EQ(recovered.value().at(GroupId{4}).hard_state, state(3));
    EXPECT_EQ(damaged.contents(name), disk_.contents(name)) << "the copy was not mended";
    damaged = disk_;
    damaged.erase(name);
    recovered = driver.open();
    ASSERT_TRUE(recovered);
    EXPECT_EQ(recovered.value().at(GroupId{4}).hard_state, state(3));
    EXPECT_EQ(damaged.contents(name), disk_.contents(name)) << "the copy was not made again";
  }
}

TEST_F(HardStateDamage, BothCopiesLostMeansThatTheNodeMustGo) {
  for (bool erase : {false, true}) {
    MemoryDisk damaged = disk_;
    for (const char* name : {"hard-state-a", "hard-state-b"}) {
      if (erase) {
        damaged.erase(name);
      } else {
        damaged.flip_bit(name, 300);
      }
    }
    StorageDriver driver(damaged, 1, small_segments(), false);
    auto recovered = driver.open();
    ASSERT_FALSE(recovered);
    EXPECT_EQ(recovered.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(recovered.error().message.find("rejoin under a new id"), std::string::npos);
  }
}

// The fault stays on record until the Raft core has taken it over into its hard state.
TEST(StorageDamage, AFaultIsReportedUntilTheHardStateRemembersIt) {
  Damaged d(2);
  MemoryDisk damaged = d.disk();
  for (const std::string& name : damaged.names()) {
    if (name.starts_with("wal-")) damaged.flip_bit(name, 600 * 8);
  }
  StorageDriver driver(damaged, 1, small_segments(), false);
  auto recovered = driver.open();
  ASSERT_TRUE(recovered);
  std::vector<StagedSnapshot> staged;
  int faults = 0;
  for (const auto& [id, r] : recovered.value()) {
    if (!r.fault) continue;
    ++faults;
    GroupBatch b{id, {}};
    b.batch.hard_state = r.hard_state;
    ASSERT_TRUE(driver.storage().write({b}, staged));  // says nothing about it
  }
  ASSERT_GT(faults, 0);
  auto again = driver.open();
  ASSERT_TRUE(again);
  for (const auto& [id, r] : recovered.value()) {
    ASSERT_EQ(again.value().at(id).fault.has_value(), r.fault.has_value());
    if (!r.fault) continue;
    GroupBatch b{id, {}};
    b.batch.hard_state = r.hard_state;
    b.batch.hard_state->recovery_term = r.fault->lost_term;
    b.batch.hard_state->recovery_index = r.fault->lost_index;
    ASSERT_TRUE(driver.storage().write({b}, staged));
  }
  auto last = driver.open();
  ASSERT_TRUE(last);
  for (const auto& [id, r] : last.value()) {
    EXPECT_FALSE(r.fault);
    EXPECT_EQ(remembered_by_hard_state(r.hard_state), recovered.value().at(id).fault.has_value());
  }
}

// The core recovers already, from an earlier damage that covers this one: it is told once.
TEST(StorageDamage, AFaultThatTheHardStateRemembersIsReportedOnce) {
  MemoryDisk disk;
  StorageDriver driver(disk, 1, StorageOptions{}, false);
  ASSERT_TRUE(driver.open());
  std::vector<StagedSnapshot> staged;
  GroupBatch b{GroupId{1}, {}};
  b.batch.hard_state = HardState{Term{3}, NodeId{1}, Term{3}, Index{}};
  b.batch.entries.push_back(testing::test_entry(GroupId{1}, Term{3}, Index{1}, 50));
  ASSERT_TRUE(driver.storage().write({b}, staged));
  disk.flip_bit(disk.names().back(), 2 * 512 * 8 + 999);
  auto recovered = driver.open();
  ASSERT_TRUE(recovered);
  EXPECT_TRUE(recovered.value().at(GroupId{1}).fault);
  recovered = driver.open();
  ASSERT_TRUE(recovered);
  EXPECT_FALSE(recovered.value().at(GroupId{1}).fault);
}

// Two groups share a log; a hole that lost entries of one is proven not to concern the other.
TEST(StorageDamage, AHoleConcernsOnlyTheGroupsThatItMayHaveHeld) {
  MemoryDisk disk;
  StorageDriver driver(disk, 1, StorageOptions{}, false);
  ASSERT_TRUE(driver.open());
  std::vector<StagedSnapshot> staged;
  std::uint64_t next[3] = {0, 1, 1};
  const auto append = [&](std::uint64_t group) {
    GroupBatch b{GroupId{group}, {}};
    if (next[group] == 1) b.batch.hard_state = HardState{Term{1}, NodeId{1}};
    b.batch.entries.push_back(
        testing::test_entry(GroupId{group}, Term{1}, Index{next[group]++}, 50));
    ASSERT_TRUE(driver.storage().write({b}, staged));
  };
  for (unsigned group : {1U, 2U, 1U, 2U, 1U, 2U, 1U}) append(group);
  // Sector 0 is the segment's header, 1 its first batch; then one sector a batch: this is group 2's
  // second.
  const std::string name = disk.names().back();
  ASSERT_TRUE(name.starts_with("wal-"));
  disk.flip_bit(name, 5 * 512 * 8 + 999);
  auto recovered = driver.open();
  ASSERT_TRUE(recovered);
  const DurableState& whole = recovered.value().at(GroupId{1});
  EXPECT_FALSE(whole.fault);
  EXPECT_EQ(whole.entries.size(), 4U);
  const DurableState& torn = recovered.value().at(GroupId{2});
  ASSERT_TRUE(torn.fault);
  EXPECT_EQ(torn.fault->intact, Index{1});
  EXPECT_EQ(torn.fault->lost_index, Index{3});
  EXPECT_EQ(torn.fault->lost_term, Term{1});
}

}  // namespace
}  // namespace synchrodb
