// What a crash leaves: synced data always, unsynced data in every way that a real disk might.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "sim/disk/sim_disk.h"

namespace synchrodb::sim {
namespace {

struct CrashTest : testing::Test {
  FaultCounters counters;
  Kernel kernel;

  SimDisk disk(std::uint64_t key) { return SimDisk(kernel, Streams(key), 1, counters); }

  static std::unique_ptr<File> create(SimDisk& disk, std::string_view name) {
    auto file = disk.open(name, Disk::Mode::kCreate);
    EXPECT_TRUE(file.ok());
    EXPECT_TRUE(disk.sync_directory().ok());
    return std::move(file).value();
  }
  static std::string content(SimDisk& disk, std::string_view name) {
    auto file = disk.open(name, Disk::Mode::kMustExist);
    if (!file.ok()) return "(absent)";
    return file.value()->read(0, 1 << 20).value();
  }
};

TEST_F(CrashTest, SyncedDataSurvivesEveryMode) {
  for (std::uint64_t key = 0; key < 60; ++key) {
    SimDisk d = disk(key);
    auto file = create(d, "log");
    ASSERT_TRUE(file->write(0, std::string(3'000, 'a')).ok());
    ASSERT_TRUE(file->sync().ok());
    ASSERT_TRUE(file->write(3'000, std::string(2'000, 'b')).ok());
    d.crash(static_cast<CrashMode>(key % 3), key % 2 == 0 ? 512 : 4'096);
    d.boot();
    EXPECT_EQ(content(d, "log").substr(0, 3'000), std::string(3'000, 'a'));
  }
}

TEST_F(CrashTest, LoseAllGoesBackToTheLastSync) {
  SimDisk d = disk(1);
  auto file = create(d, "log");
  ASSERT_TRUE(file->write(0, "durable").ok());
  ASSERT_TRUE(file->sync().ok());
  ASSERT_TRUE(file->write(2, "XX").ok());
  ASSERT_TRUE(file->write(7, std::string(9'000, 'y')).ok());
  EXPECT_EQ(file->size(), 9'007U);
  const CrashReport report = d.crash(CrashMode::kLoseAll);
  d.boot();
  EXPECT_EQ(content(d, "log"), "durable");
  EXPECT_EQ(report.lost, report.unsynced);
  EXPECT_EQ(counters[FaultKind::kLostWrites].effective, 1U);
}

TEST_F(CrashTest, APrefixIsTheStateAfterSomeOfTheWrites) {
  std::set<std::string> seen;
  for (std::uint64_t key = 0; key < 200; ++key) {
    SimDisk d = disk(key);
    auto file = create(d, "log");
    std::string model;
    std::set<std::string> possible{model};
    for (char c = 'a'; c < 'h'; ++c) {
      // Overlapping writes within one sector: states are exact only if each version is kept.
      const std::size_t at = static_cast<std::size_t>(c - 'a') * 2;
      ASSERT_TRUE(file->write(at, std::string(4, c)).ok());
      model.resize(std::max(model.size(), at + 4));
      model.replace(at, 4, std::string(4, c));
      possible.insert(model);
    }
    d.crash(CrashMode::kKeepPrefix);
    d.boot();
    const std::string left = content(d, "log");
    EXPECT_EQ(possible.count(left), 1U) << left;
    seen.insert(left);
  }
  EXPECT_EQ(seen.size(), 8U) << "every prefix turns up";
}

TEST_F(CrashTest, ASubsetOfSectorsSurvivesEachWholeOrNotAtAll) {
  std::set<std::string> patterns;
  for (std::uint64_t key = 0; key < 400; ++key) {
    SimDisk d = disk(key);
    auto file = create(d, "log");
    ASSERT_TRUE(file->write(0, std::string(4 * 512, '-')).ok());
    ASSERT_TRUE(file->sync().ok());
    ASSERT_TRUE(file->write(0, std::string(4 * 512, '+')).ok());
    d.crash(CrashMode::kKeepSubset);
    d.boot();
    const std::string left = content(d, "log");
    ASSERT_EQ(left.size(), 4U * 512);
    std::string pattern;
    for (std::size_t sector = 0; sector < 4; ++sector) {
      pattern += left[sector * 512];
      EXPECT_EQ(left.substr(sector * 512, 512), std::string(512, pattern.back()));
    }
    patterns.insert(pattern);
  }
  EXPECT_EQ(patterns.size(), 16U);
  EXPECT_GT(counters[FaultKind::kTornWrite].effective, 100U);
}

TEST_F(CrashTest, InASubsetASectorMayHoldAnyOfItsVersions) {
  std::set<char> seen;
  for (std::uint64_t key = 0; key < 100; ++key) {
    SimDisk d = disk(key);
    auto file = create(d, "log");
    ASSERT_TRUE(file->write(0, std::string(512, '0')).ok());
    ASSERT_TRUE(file->sync().ok());
    for (const char c : {'1', '2', '3'}) ASSERT_TRUE(file->write(0, std::string(512, c)).ok());
    d.crash(CrashMode::kKeepSubset);
    d.boot();
    seen.insert(content(d, "log")[0]);
  }
  EXPECT_EQ(seen, (std::set<char>{'0', '1', '2', '3'}));
}

TEST_F(CrashTest, AtFourKibibytesSectorsOfABlockShareTheirFate) {
  std::set<std::string> patterns;
  for (std::uint64_t key = 0; key < 100; ++key) {
    for (const CrashMode mode : {CrashMode::kKeepPrefix, CrashMode::kKeepSubset}) {
      SimDisk d = disk(key);
      auto file = create(d, "log");
      ASSERT_TRUE(file->write(0, std::string(2 * 4096, '-')).ok());
      ASSERT_TRUE(file->sync().ok());
      ASSERT_TRUE(file->write(0, std::string(2 * 4096, '+')).ok());
      d.crash(mode, 4'096);
      d.boot();
      const std::string left = content(d, "log");
      EXPECT_EQ(left.substr(0, 4'096), std::string(4'096, left[0]));
      EXPECT_EQ(left.substr(4'096), std::string(4'096, left[4'096]));
      patterns.insert({left[0], left[4'096]});
    }
  }
  EXPECT_EQ(patterns.size(), 4U);
}

TEST_F(CrashTest, TheSizeOfAnUnsyncedAppendMayComeWithoutItsData) {
  bool size_without_data = false;
  bool neither = false;
  for (std::uint64_t key = 0; key < 100; ++key) {
    SimDisk d = disk(key);
    auto file = create(d, "log");
    ASSERT_TRUE(file->write(0, std::string(100, 'x')).ok());
    d.crash(CrashMode::kKeepSubset);
    d.boot();
    const std::string left = content(d, "log");
    size_without_data = size_without_data || left == std::string(100, '\0');
    neither = neither || left.empty();
    EXPECT_TRUE(left.empty() || left == std::string(100, '\0') || left == std::string(100, 'x'));
  }
  EXPECT_TRUE(size_without_data);
  EXPECT_TRUE(neither);
}

TEST_F(CrashTest, AnUnsyncedTruncationMayComeBack) {
  SimDisk d = disk(1);
  auto file = create(d, "log");
  const std::string old = std::string(700, 'o') + std::string(5'000, 'p');
  ASSERT_TRUE(file->write(0, old).ok());
  ASSERT_TRUE(file->sync().ok());
  ASSERT_TRUE(file->truncate(100).ok());
  EXPECT_EQ(content(d, "log"), std::string(100, 'o'));
  ASSERT_TRUE(file->write(100, "new").ok());
  d.crash(CrashMode::kLoseAll);
  d.boot();
  EXPECT_EQ(content(d, "log"), old);
}

TEST_F(CrashTest, PreallocatedSpaceReadsAsZerosAndCostsNoMemory) {
  SimDisk d = disk(1);
  auto file = create(d, "segment");
  ASSERT_TRUE(file->preallocate(64 << 20).ok());
  ASSERT_TRUE(file->sync().ok());
  EXPECT_EQ(file->size(), 64U << 20);
  EXPECT_EQ(file->read(1 << 20, 10).value(), std::string(10, '\0'));
  ASSERT_TRUE(file->write(0, "x").ok());
  ASSERT_TRUE(file->sync().ok());
  d.crash();
  d.boot();
  EXPECT_LT(d.memory(), 64U * 1024);
}

TEST_F(CrashTest, NamesSurviveOnlyWithTheDirectorySynced) {
  SimDisk d = disk(1);
  auto file = create(d, "a");
  ASSERT_TRUE(file->write(0, "A").ok());
  ASSERT_TRUE(file->sync().ok());
  ASSERT_TRUE(d.rename("a", "b").ok());
  auto fresh = d.open("c", Disk::Mode::kCreate);
  ASSERT_TRUE(fresh.value()->write(0, "C").ok());
  ASSERT_TRUE(fresh.value()->sync().ok());
  EXPECT_EQ(d.list().value(), (std::vector<std::string>{"b", "c"}));
  const CrashReport report = d.crash(CrashMode::kLoseAll);
  EXPECT_EQ(report.lost_names, 2U);
  d.boot();
  EXPECT_EQ(d.list().value(), std::vector<std::string>{"a"});
  EXPECT_EQ(content(d, "a"), "A");
  EXPECT_EQ(counters[FaultKind::kLostRename].effective, 1U);

  ASSERT_TRUE(d.rename("a", "b").ok());
  ASSERT_TRUE(d.sync_directory().ok());
  d.crash(CrashMode::kLoseAll);
  d.boot();
  EXPECT_EQ(d.list().value(), std::vector<std::string>{"b"});
}

TEST_F(CrashTest, ARenameOverAFileKeepsOneOfThemWhole) {
  std::set<std::string> seen;
  for (std::uint64_t key = 0; key < 50; ++key) {
    SimDisk d = disk(key);
    auto old = create(d, "state");
    ASSERT_TRUE(old->write(0, "old").ok());
    ASSERT_TRUE(old->sync().ok());
    auto next = create(d, "state.next");
    ASSERT_TRUE(next->write(0, "new").ok());
    ASSERT_TRUE(next->sync().ok());
    ASSERT_TRUE(d.rename("state.next", "state").ok());
    d.crash();
    d.boot();
    seen.insert(content(d, "state"));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"new", "old"}));
}

TEST_F(CrashTest, AKilledProcessLosesNothing) {
  SimDisk d = disk(1);
  auto file = create(d, "log");
  ASSERT_TRUE(file->write(0, "unsynced").ok());
  d.detach();
  d.boot();
  EXPECT_EQ(content(d, "log"), "unsynced");
  d.crash(CrashMode::kLoseAll);
  d.boot();
  EXPECT_EQ(content(d, "log"), "") << "the machine's crash loses it still";
}

TEST_F(CrashTest, SameKeySameSurvivors) {
  const auto survivors = [&](std::uint64_t key) {
    SimDisk d = disk(key);
    auto file = create(d, "log");
    Stream stream = Streams(9).stream("writes");
    for (int i = 0; i < 40; ++i) {
      EXPECT_TRUE(file->write(stream.uniform(20'000),
                              std::string(1 + stream.uniform(900),
                                          static_cast<char>('a' + stream.uniform(26))))
                      .ok());
    }
    d.crash(CrashMode::kKeepSubset);
    d.boot();
    return content(d, "log");
  };
  std::set<std::string> distinct;
  for (std::uint64_t key = 0; key < 30; ++key) {
    EXPECT_EQ(survivors(key), survivors(key));
    distinct.insert(survivors(key));
  }
  EXPECT_EQ(distinct.size(), 30U);
}

// A known-broken victim: it acknowledges before it syncs.
TEST_F(CrashTest, ACrashBitesWhoeverAcknowledgesBeforeTheSync) {
  int lost = 0;
  for (std::uint64_t key = 0; key < 100; ++key) {
    SimDisk d = disk(key);
    auto file = create(d, "log");
    ASSERT_TRUE(file->write(0, "acknowledged").ok());
    d.crash();
    d.boot();
    lost += content(d, "log") == "acknowledged" ? 0 : 1;
  }
  EXPECT_GT(lost, 40);
  EXPECT_LT(lost, 90);
}

}  // namespace
}  // namespace synchrodb::sim
