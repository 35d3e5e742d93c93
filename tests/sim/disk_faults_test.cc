// Failures of a disk that does not crash: errors, latency, damage, lies.
#include <gtest/gtest.h>

#include <string>

#include "sim/disk/sim_disk.h"

namespace synchrodb::sim {
namespace {

struct FaultyDiskTest : testing::Test {
  FaultCounters counters;
  Kernel kernel;
  SimDisk disk{kernel, Streams(1), 1, counters};

  std::unique_ptr<File> create(std::string_view name) {
    auto file = disk.open(name, Disk::Mode::kCreate);
    EXPECT_TRUE(disk.sync_directory().ok());
    return std::move(file).value();
  }
  std::string content(std::string_view name) {
    auto file = disk.open(name, Disk::Mode::kMustExist);
    return file.value()->read(0, 1 << 20).value();
  }
  void crash_and_boot() {
    disk.crash(CrashMode::kLoseAll);
    disk.boot();
  }
};

TEST_F(FaultyDiskTest, FilesBehaveLikeFiles) {
  auto file = create("f");
  EXPECT_EQ(file->size(), 0U);
  ASSERT_TRUE(file->write(5'000, "tail").ok());
  EXPECT_EQ(file->size(), 5'004U);
  EXPECT_EQ(file->read(4'998, 100).value(), std::string("\0\0tail", 6));
  EXPECT_EQ(file->read(9'999, 1).value(), "");
  ASSERT_TRUE(file->truncate(5'002).ok());
  ASSERT_TRUE(file->truncate(6'000).ok());
  EXPECT_EQ(file->read(4'998, 8).value(), std::string("\0\0ta\0\0\0\0", 8));
  ASSERT_TRUE(file->preallocate(10).ok());
  EXPECT_EQ(file->size(), 6'000U) << "preallocation never shrinks";
}

TEST_F(FaultyDiskTest, NamesAreChecked) {
  for (const char* bad : {"", ".", "..", "a/b"}) {
    EXPECT_EQ(disk.open(bad, Disk::Mode::kCreate).error().code, ErrorCode::kInvalid);
  }
  EXPECT_EQ(disk.open(std::string(65, 'x'), Disk::Mode::kCreate).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(disk.open("absent", Disk::Mode::kMustExist).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(disk.rename("absent", "x").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(disk.remove("absent").error().code, ErrorCode::kNotFound);
}

TEST_F(FaultyDiskTest, AFullDiskRefusesGrowthOnly) {
  disk.options().capacity = 1'000;
  auto file = create("f");
  ASSERT_TRUE(file->write(0, std::string(1'000, 'x')).ok());
  EXPECT_EQ(file->write(1'000, "y").error().code, ErrorCode::kNoSpace);
  EXPECT_EQ(file->preallocate(2'000).error().code, ErrorCode::kNoSpace);
  EXPECT_TRUE(file->write(0, "z").ok());
  EXPECT_EQ(counters[FaultKind::kDiskFull].effective, 2U);
  ASSERT_TRUE(file->truncate(10).ok());
  EXPECT_TRUE(file->write(10, "y").ok());
}

TEST_F(FaultyDiskTest, ErrorsComeAsOftenAsAsked) {
  auto file = create("f");
  disk.options().write_error_ppm = 100'000;
  disk.options().read_error_ppm = 100'000;
  int writes = 0;
  int reads = 0;
  for (int i = 0; i < 10'000; ++i) {
    writes += file->write(0, "x").ok() ? 0 : 1;
    reads += file->read(0, 1).ok() ? 0 : 1;
  }
  EXPECT_NEAR(writes, 1'000, 150);
  EXPECT_NEAR(reads, 1'000, 150);
  EXPECT_EQ(counters[FaultKind::kDiskError].offered, 20'000U);
  EXPECT_EQ(counters[FaultKind::kDiskError].effective,
            static_cast<std::uint64_t>(writes) + static_cast<std::uint64_t>(reads));
}

TEST_F(FaultyDiskTest, OperationsTakeTheirTime) {
  disk.options().sync = {milliseconds(2), Duration{}};
  disk.options().write = {milliseconds(1), milliseconds(1)};
  const Owner owner = kernel.add_owner("node");
  std::vector<std::int64_t> ends;
  kernel.spawn(owner, "writer", [&] {
    auto file = disk.open("f", Disk::Mode::kCreate);
    EXPECT_TRUE(file.value()->sync().ok());
    ends.push_back(kernel.now().ns);
    disk.options().slow_percent = 300;
    EXPECT_TRUE(file.value()->sync().ok());
    ends.push_back(kernel.now().ns);
    disk.options().slow_percent = 100;
    EXPECT_TRUE(file.value()->write(0, "x").ok());
    ends.push_back(kernel.now().ns);
    disk.stall_until(kernel.now() + seconds(1));
    EXPECT_TRUE(file.value()->sync().ok());
    ends.push_back(kernel.now().ns);
  });
  kernel.run(TrueTime{} + seconds(10));
  ASSERT_EQ(ends.size(), 4U);
  EXPECT_EQ(ends[0], 2'000'000);
  EXPECT_EQ(ends[1], 8'000'000);
  EXPECT_GT(ends[2], 9'000'000);
  EXPECT_EQ(ends[3], ends[2] + 1'002'000'000);
  EXPECT_EQ(counters[FaultKind::kDiskLatency].effective, 1U);
  EXPECT_EQ(counters[FaultKind::kDiskStall].effective, 1U);
}

TEST_F(FaultyDiskTest, ASyncCoversOnlyWhatWasWrittenBeforeItBegan) {
  disk.options().sync = {milliseconds(10), Duration{}};
  const Owner owner = kernel.add_owner("node");
  kernel.spawn(owner, "syncer", [&] {
    auto file = disk.open("f", Disk::Mode::kCreate).value()->sync();
    EXPECT_TRUE(file.ok());
  });
  auto file = create("f");
  ASSERT_TRUE(file->write(0, "before").ok());
  kernel.at(TrueTime{} + milliseconds(5), [&] { EXPECT_TRUE(file->write(6, " after").ok()); });
  kernel.run(TrueTime{} + milliseconds(50));
  EXPECT_EQ(content("f"), "before after");
  crash_and_boot();
  EXPECT_EQ(content("f"), "before");
}

TEST_F(FaultyDiskTest, AfterAFailedSyncALaterOneLies) {
  int vanished_at_once = 0;
  int vanished_in_crash = 0;
  for (int i = 0; i < 40; ++i) {
    auto file = create("f" + std::to_string(i));
    ASSERT_TRUE(file->write(0, "durable").ok());
    ASSERT_TRUE(file->sync().ok());
    ASSERT_TRUE(file->write(0, "DURABLE").ok());
    disk.fail_next_sync();
    EXPECT_EQ(file->sync().error().code, ErrorCode::kIo);
    const std::string seen = file->read(0, 7).value();
    EXPECT_TRUE(file->sync().ok()) << "the page cache is clean";
    vanished_at_once += seen == "durable" ? 1 : 0;
    vanished_in_crash += seen == "DURABLE" ? 1 : 0;
    file.reset();
    crash_and_boot();
    EXPECT_EQ(content("f" + std::to_string(i)), "durable");
  }
  EXPECT_GT(vanished_at_once, 5);
  EXPECT_GT(vanished_in_crash, 5);
  EXPECT_EQ(counters[FaultKind::kSyncFailure].effective, 40U);
}

TEST_F(FaultyDiskTest, RewritingAfterAFailedSyncMakesDurable) {
  for (int i = 0; i < 20; ++i) {
    const std::string name = "f" + std::to_string(i);
    auto file = create(name);
    ASSERT_TRUE(file->write(0, "payload").ok());
    disk.fail_next_sync();
    EXPECT_FALSE(file->sync().ok());
    ASSERT_TRUE(file->write(0, "payload").ok());
    ASSERT_TRUE(file->sync().ok());
    crash_and_boot();
    EXPECT_EQ(content(name), "payload");
  }
}

TEST_F(FaultyDiskTest, AWriteThatSurvivesBringsTheDroppedOnesOfItsSectorAlong) {
  int survived = 0;
  for (int i = 0; i < 60; ++i) {
    const std::string name = "f" + std::to_string(i);
    auto file = create(name);
    ASSERT_TRUE(file->write(0, "....").ok());
    ASSERT_TRUE(file->sync().ok());
    ASSERT_TRUE(file->write(0, "ab").ok());
    disk.fail_next_sync();
    EXPECT_FALSE(file->sync().ok());
    const std::string cached = file->read(0, 2).value();
    ASSERT_TRUE(file->write(2, "cd").ok());
    disk.crash(CrashMode::kKeepPrefix);
    disk.boot();
    // The sector was written whole, or not at all.
    const std::string left = content(name);
    EXPECT_TRUE(left == "...." || left == cached + "cd") << left;
    survived += left == "abcd" ? 1 : 0;
  }
  EXPECT_GT(survived, 5);
}

TEST_F(FaultyDiskTest, ALyingSyncLosesWhatItPromised) {
  auto file = create("f");
  ASSERT_TRUE(file->write(0, "promised").ok());
  disk.lie_next_sync();
  EXPECT_TRUE(file->sync().ok());
  EXPECT_EQ(content("f"), "promised");
  crash_and_boot();
  EXPECT_NE(content("f"), "promised");
  EXPECT_EQ(counters[FaultKind::kLyingSync].effective, 1U);
}

TEST_F(FaultyDiskTest, RotFlipsOneDurableBitUntilItIsWrittenAgain) {
  auto file = create("log");
  const std::string good(2'000, 'g');
  ASSERT_TRUE(file->write(0, good).ok());
  EXPECT_FALSE(disk.rot().has_value()) << "unsynced sectors do not rot";
  ASSERT_TRUE(file->sync().ok());
  EXPECT_FALSE(disk.rot("snapshot").has_value());
  const auto damage = disk.rot("log", 512);
  ASSERT_TRUE(damage.has_value());
  EXPECT_EQ(damage->file, "log");
  EXPECT_GE(damage->offset, 512U);
  EXPECT_EQ(counters[FaultKind::kBitRot].effective, 0U) << "nobody has read it";
  EXPECT_EQ(file->read(0, 512).value(), good.substr(0, 512));
  EXPECT_EQ(counters[FaultKind::kBitRot].effective, 0U);
  const std::string seen = content("log");
  int bits = 0;
  for (std::size_t i = 0; i < good.size(); ++i) {
    bits += __builtin_popcount(static_cast<unsigned char>(seen[i] ^ good[i]));
  }
  EXPECT_EQ(bits, 1);
  EXPECT_EQ(counters[FaultKind::kBitRot].effective, 1U);
  crash_and_boot();
  EXPECT_EQ(content("log"), seen) << "persistent";
  EXPECT_EQ(disk.damages().size(), 1U);
  auto again = disk.open("log", Disk::Mode::kMustExist);
  ASSERT_TRUE(again.value()->write(0, good).ok());
  EXPECT_TRUE(disk.damages().empty());
  EXPECT_EQ(content("log"), good);
}

TEST_F(FaultyDiskTest, AMisdirectedWriteDamagesTwoSectors) {
  auto file = create("log");
  ASSERT_TRUE(file->write(0, std::string(4 * 512, 'o')).ok());
  ASSERT_TRUE(file->sync().ok());
  disk.misdirect_next_write();
  ASSERT_TRUE(file->write(512, std::string(512, 'n')).ok());
  ASSERT_TRUE(file->sync().ok());
  const std::string seen = content("log");
  EXPECT_EQ(seen.substr(512, 512), std::string(512, 'o')) << "it never arrived";
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 'n'), 512) << "but elsewhere";
  EXPECT_EQ(disk.damages().size(), 2U);
  EXPECT_EQ(counters[FaultKind::kMisdirectedWrite].effective, 1U);
  crash_and_boot();
  EXPECT_EQ(content("log"), seen);
  EXPECT_EQ(disk.damages().size(), 2U);
}

TEST_F(FaultyDiskTest, AMisdirectedWriteThatWasNeverSyncedIsAnOrdinaryLoss) {
  auto file = create("log");
  const std::string old(4 * 512, 'o');
  ASSERT_TRUE(file->write(0, old).ok());
  ASSERT_TRUE(file->sync().ok());
  disk.misdirect_next_write();
  ASSERT_TRUE(file->write(512, std::string(512, 'n')).ok());
  crash_and_boot();
  EXPECT_EQ(content("log"), old);
  EXPECT_TRUE(disk.damages().empty());
}

TEST_F(FaultyDiskTest, YoungDamageCanBeHealedForTheBudget) {
  auto file = create("log");
  std::string good(4 * 512, 'o');
  ASSERT_TRUE(file->write(0, good).ok());
  ASSERT_TRUE(file->sync().ok());
  ASSERT_TRUE(disk.rot("log").has_value());
  kernel.run(TrueTime{} + seconds(5));
  disk.misdirect_next_write();
  ASSERT_TRUE(file->write(1'000, "news").ok());
  good.replace(1'000, 4, "news");
  ASSERT_TRUE(file->sync().ok());
  const std::size_t all = disk.damages().size();
  ASSERT_GE(all, 2U);
  EXPECT_EQ(disk.heal_younger_than(seconds(1)), 2U);
  EXPECT_EQ(disk.damages().size(), all - 2);
  disk.heal_all();
  EXPECT_EQ(content("log"), good);
}

TEST_F(FaultyDiskTest, AProcessThatHasDiedMustNotUseItsDisk) {
  auto file = create("log");
  const Owner owner = kernel.add_owner("node");
  kernel.spawn(owner, "writer", [&] {
    struct Writes {
      File& file;
      ~Writes() { static_cast<void>(file.write(0, "from beyond")); }
    } writes{*file};
    kernel.park();
  });
  kernel.at(TrueTime{} + milliseconds(1), [&] {
    disk.crash();
    kernel.kill_owner(owner);
  });
  EXPECT_THROW(kernel.run(TrueTime{} + seconds(1)), AssertionFailed);
  disk.boot();
  bool refused = false;
  kernel.at(kernel.now(), [&] {
    try {
      static_cast<void>(file->size());  // a handle of the life before
    } catch (const AssertionFailed&) {
      refused = true;
    }
  });
  kernel.run(TrueTime{} + seconds(1));
  EXPECT_TRUE(refused);
}

TEST_F(FaultyDiskTest, AWipedDiskIsEmpty) {
  auto file = create("log");
  ASSERT_TRUE(file->write(0, "x").ok());
  ASSERT_TRUE(file->sync().ok());
  file.reset();
  disk.crash();
  disk.wipe();
  disk.boot();
  EXPECT_TRUE(disk.list().value().empty());
  EXPECT_EQ(disk.bytes_used(), 0U);
  EXPECT_LT(disk.memory(), 64U * 1024);
}

// Random operations against a model that knows only contents and syncs.
TEST_F(FaultyDiskTest, WhatWasSyncedIsWhatComesBack) {
  Stream stream = Streams(11).stream("ops");
  std::string now;
  std::string durable;
  auto file = create("f");
  for (int i = 0; i < 4'000; ++i) {
    switch (stream.uniform(8)) {
      case 0:
        ASSERT_TRUE(file->sync().ok());
        durable = now;
        break;
      case 1: {
        const auto size = static_cast<std::size_t>(stream.uniform(12'000));
        ASSERT_TRUE(file->truncate(size).ok());
        now.resize(size, '\0');
        break;
      }
      case 2:
        if (stream.bernoulli(200'000)) {
          crash_and_boot();
          file = std::move(disk.open("f", Disk::Mode::kMustExist)).value();
          now = durable;
        }
        break;
      default: {
        const auto at = static_cast<std::size_t>(stream.uniform(12'000));
        const std::string bytes(static_cast<std::size_t>(1 + stream.uniform(1'500)),
                                static_cast<char>('a' + stream.uniform(26)));
        ASSERT_TRUE(file->write(at, bytes).ok());
        now.resize(std::max(now.size(), at + bytes.size()), '\0');
        now.replace(at, bytes.size(), bytes);
        break;
      }
    }
    ASSERT_EQ(file->read(0, 1 << 20).value(), now) << "after operation " << i;
  }
}

}  // namespace
}  // namespace synchrodb::sim
