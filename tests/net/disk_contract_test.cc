// What engine/env/disk.h promises, of every disk of the real world.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/env/sync.h"
#include "net/disk/directory_disk.h"
#include "net/disk/faulty_disk.h"
#include "net/disk/memory_disk.h"
#include "tests/net/support/disk_support.h"

namespace synchrodb::net {
namespace {

using Mode = Disk::Mode;
using testing::contents;
using testing::on_loop;
using testing::put;
using testing::TemporaryFolder;

enum class Kind { kDirectory, kMemory, kFaultyDirectory, kFaultyMemory };

// Null members are not part of this kind.
struct Stand {
  TemporaryFolder folder;
  std::unique_ptr<Disk> base;
  std::unique_ptr<FaultyDisk> faulty;

  Stand(Loop& loop, Kind kind) {
    if (kind == Kind::kMemory || kind == Kind::kFaultyMemory) {
      base = std::make_unique<MemoryDisk>();
    } else {
      base = DirectoryDisk::open(loop, folder.path()).value();
    }
    if (kind == Kind::kFaultyDirectory || kind == Kind::kFaultyMemory) {
      faulty = std::make_unique<FaultyDisk>(loop, *base);
    }
  }
  Disk& disk() { return faulty ? *faulty : *base; }
};

class DiskContract : public ::testing::TestWithParam<Kind> {
 protected:
  void with_disk(const std::function<void(Disk&)>& body) {
    on_loop([&](Loop& loop) {
      Stand stand(loop, GetParam());
      body(stand.disk());
    });
  }
};

std::unique_ptr<File> open(Disk& disk, std::string_view name, Mode mode = Mode::kCreate) {
  auto file = disk.open(name, mode);
  EXPECT_TRUE(file) << file.error().message;
  return std::move(file).value();
}

template <class T>
void expect_error(const Result<T>& result, ErrorCode code) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, code) << result.error().message;
  EXPECT_FALSE(result.error().message.empty());
}

TEST_P(DiskContract, ReadsWhatWasWrittenAndZerosInGaps) {
  with_disk([](Disk& disk) {
    auto file = open(disk, "a");
    EXPECT_EQ(file->size(), 0U);
    EXPECT_EQ(file->read(0, 10).value(), "");
    ASSERT_TRUE(file->write(3, "abc"));
    ASSERT_TRUE(file->write(4, "X"));
    ASSERT_TRUE(file->write(100, ""));
    EXPECT_EQ(file->size(), 6U);
    EXPECT_EQ(file->read(0, 100).value(), std::string("\0\0\0aXc", 6));
    EXPECT_EQ(file->read(4, 1).value(), "X");
    EXPECT_EQ(file->read(6, 1).value(), "");
    ASSERT_TRUE(file->sync());
    EXPECT_EQ(file->read(3, 3).value(), "aXc");
  });
}

TEST_P(DiskContract, LargeAndSmallWritesMixInOrder) {
  with_disk([](Disk& disk) {
    auto file = open(disk, "a");
    const std::string large(3'000'000, 'l');
    ASSERT_TRUE(file->write(10, "small before"));
    ASSERT_TRUE(file->write(0, large));
    ASSERT_TRUE(file->write(20, "small after"));
    std::string expected = large;
    expected.replace(20, 11, "small after");
    EXPECT_EQ(file->size(), large.size());
    EXPECT_TRUE(file->read(0, large.size() + 1).value() == expected);
  });
}

TEST_P(DiskContract, TruncationCutsAndGrowsWithZeros) {
  with_disk([](Disk& disk) {
    auto file = open(disk, "a");
    ASSERT_TRUE(file->write(0, "0123456789"));
    ASSERT_TRUE(file->truncate(4));
    EXPECT_EQ(file->size(), 4U);
    ASSERT_TRUE(file->truncate(6));
    EXPECT_EQ(file->read(0, 99).value(), std::string("0123\0\0", 6));
    ASSERT_TRUE(file->sync());
    EXPECT_EQ(file->read(0, 99).value(), std::string("0123\0\0", 6));
  });
}

TEST_P(DiskContract, PreallocationReservesZerosAndNeverShrinks) {
  with_disk([](Disk& disk) {
    auto file = open(disk, "a");
    ASSERT_TRUE(file->write(0, "begin"));
    ASSERT_TRUE(file->preallocate(100'000));
    EXPECT_EQ(file->size(), 100'000U);
    ASSERT_TRUE(file->preallocate(10));
    EXPECT_EQ(file->size(), 100'000U);
    ASSERT_TRUE(file->sync());
    EXPECT_TRUE(file->read(0, 200'000).value() == "begin" + std::string(99'995, '\0'));
  });
}

TEST_P(DiskContract, NamesAreListedSortedAndAbsenceIsAnError) {
  with_disk([](Disk& disk) {
    expect_error(disk.open("b", Mode::kMustExist), ErrorCode::kNotFound);
    expect_error(disk.remove("b"), ErrorCode::kNotFound);
    expect_error(disk.rename("b", "c"), ErrorCode::kNotFound);
    for (const char* name : {"b", "a", "saving-1", "c"}) open(disk, name);
    EXPECT_EQ(disk.list().value(), (std::vector<std::string>{"a", "b", "c", "saving-1"}));
    ASSERT_TRUE(disk.remove("b"));
    ASSERT_TRUE(disk.rename("saving-1", "snapshot-1"));
    ASSERT_TRUE(disk.sync_directory());
    EXPECT_EQ(disk.list().value(), (std::vector<std::string>{"a", "c", "snapshot-1"}));
  });
}

TEST_P(DiskContract, BadNamesAreRefused) {
  with_disk([](Disk& disk) {
    open(disk, "good");
    const std::string longest(64, 'x');
    const std::vector<std::string> bad = {
        "", ".", "..", "a/b", "/etc/passwd", longest + "x", {"a\0b", 3}, "../x", "LOCK"};
    for (const std::string& name : bad) {
      expect_error(disk.open(name, Mode::kCreate), ErrorCode::kInvalid);
      expect_error(disk.remove(name), ErrorCode::kInvalid);
      expect_error(disk.rename("good", name), ErrorCode::kInvalid);
      expect_error(disk.rename(name, "other"), ErrorCode::kInvalid);
    }
    open(disk, longest);
    EXPECT_EQ(disk.list().value(), (std::vector<std::string>{"good", longest}));
  });
}

TEST_P(DiskContract, HandlesShareTheFileAndFollowItThroughRenames) {
  with_disk([](Disk& disk) {
    auto one = open(disk, "a");
    auto two = open(disk, "a", Mode::kMustExist);
    ASSERT_TRUE(one->write(0, "unsynced"));
    EXPECT_EQ(two->size(), 8U);
    EXPECT_EQ(two->read(0, 8).value(), "unsynced");
    put(disk, "b", "replaced");
    auto old = open(disk, "b");
    ASSERT_TRUE(disk.rename("a", "b"));
    EXPECT_EQ(contents(disk, "b"), "unsynced");
    ASSERT_TRUE(two->write(8, "!"));
    EXPECT_EQ(contents(disk, "b"), "unsynced!");
    EXPECT_EQ(old->read(0, 99).value(), "replaced");
    ASSERT_TRUE(disk.remove("b"));
    ASSERT_TRUE(one->write(0, "U"));
    ASSERT_TRUE(one->sync());
    EXPECT_EQ(two->read(0, 99).value(), "Unsynced!");
    EXPECT_EQ(disk.list().value().size(), 0U);
    EXPECT_EQ(open(disk, "b")->size(), 0U) << "a new file under an old name";
  });
}

TEST_P(DiskContract, UnsyncedBytesOutliveTheHandle) {
  with_disk([](Disk& disk) {
    ASSERT_TRUE(open(disk, "a")->write(0, "kept"));
    EXPECT_EQ(contents(disk, "a"), "kept");
    ASSERT_TRUE(disk.rename("a", "b"));
    EXPECT_EQ(contents(disk, "b"), "kept");
  });
}

TEST_P(DiskContract, WritesFromManyFibersAllArrive) {
  on_loop([&](Loop& loop) {
    Stand stand(loop, GetParam());
    Disk& disk = stand.disk();
    auto file = open(disk, "a");
    int running = 8;
    Event done(loop);
    for (int i = 0; i < 8; ++i) {
      loop.spawn("writer", [&, i] {
        const std::string mine(100, static_cast<char>('a' + i));
        for (int round = 0; round < 20; ++round) {
          const auto at = static_cast<std::uint64_t>(round * 8 + i) * 100;
          ASSERT_TRUE(file->write(at, mine));
          ASSERT_TRUE(file->sync());
          ASSERT_EQ(file->read(at, 100).value(), mine);
        }
        if (--running == 0) done.set();
      });
    }
    done.wait();
    std::string expected;
    for (int i = 0; i < 160; ++i) expected += std::string(100, static_cast<char>('a' + i % 8));
    EXPECT_EQ(file->read(0, 99'999).value(), expected);
  });
}

// A hundred random operations after another, against the plainest model there is.
class Comparison {
 public:
  Comparison(Disk& disk, unsigned seed) : disk_(disk), random_(seed) {}

  void step() {
    const std::string name = kNames[below(4)];
    auto it = files_.find(name);
    if (below(10) == 0) return change_names(name);
    auto opened = disk_.open(name, below(2) == 0 ? Mode::kCreate : Mode::kMustExist);
    if (!opened) {
      ASSERT_EQ(it, files_.end());
      return;
    }
    change_contents(*opened.value(), files_[name]);
  }

  void compare() {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : files_) {
      names.push_back(name);
      ASSERT_TRUE(contents(disk_, name) == bytes) << name;
    }
    ASSERT_EQ(disk_.list().value(), names);
  }

 private:
  static constexpr const char* kNames[] = {"a", "b", "saving-c", "snapshot-c"};

  unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }

  void change_names(const std::string& name) {
    const bool there = files_.contains(name);
    const std::string other = kNames[below(4)];
    switch (below(3)) {
      case 0:
        ASSERT_EQ(disk_.remove(name).ok(), there);
        files_.erase(name);
        break;
      case 1:
        ASSERT_EQ(disk_.rename(name, other).ok(), there);
        if (there && other != name) {
          files_[other] = files_[name];
          files_.erase(name);
        }
        break;
      default:
        ASSERT_TRUE(disk_.sync_directory());
    }
  }

  void change_contents(File& file, std::string& bytes) {
    ASSERT_EQ(file.size(), bytes.size());
    const std::size_t at = below(300'000);
    const std::string written(below(3) == 0 ? below(2'000'000) : below(5'000),
                              static_cast<char>('a' + below(26)));
    switch (below(6)) {
      case 0:
        ASSERT_TRUE(file.truncate(at));
        bytes.resize(at, '\0');
        break;
      case 1:
        ASSERT_TRUE(file.preallocate(at));
        bytes.resize(std::max(bytes.size(), at), '\0');
        break;
      case 2:
        ASSERT_TRUE(file.sync());
        break;
      case 3:
        ASSERT_TRUE(file.read(at, 1000).value() == bytes.substr(std::min(at, bytes.size()), 1000));
        break;
      default:
        ASSERT_TRUE(file.write(at, written));
        if (written.empty()) break;
        bytes.resize(std::max(bytes.size(), at + written.size()), '\0');
        bytes.replace(at, written.size(), written);
    }
  }

  Disk& disk_;
  std::mt19937 random_;
  std::map<std::string, std::string> files_;
};

TEST_P(DiskContract, AgreesWithThePlainestModel) {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    with_disk([seed](Disk& disk) {
      SCOPED_TRACE("seed " + std::to_string(seed));
      Comparison comparison(disk, seed);
      for (int i = 0; i < 100 && !::testing::Test::HasFatalFailure(); ++i) comparison.step();
      comparison.compare();
    });
  }
}

std::string name_of(const ::testing::TestParamInfo<Kind>& kind) {
  static const char* const kNames[] = {"Directory", "Memory", "FaultyOverDirectory",
                                       "FaultyOverMemory"};
  return kNames[static_cast<int>(kind.param)];
}

INSTANTIATE_TEST_SUITE_P(Disks, DiskContract,
                         ::testing::Values(Kind::kDirectory, Kind::kMemory, Kind::kFaultyDirectory,
                                           Kind::kFaultyMemory),
                         name_of);

TEST(MemoryDisk, TakesMemoryForWhatIsWrittenOnly) {
  MemoryDisk disk;
  auto file = open(disk, "wal");
  ASSERT_TRUE(file->preallocate(64 * 1024 * 1024));
  EXPECT_EQ(disk.memory(), 0U);
  ASSERT_TRUE(file->write(1'000'000, "x"));
  EXPECT_EQ(disk.memory(), 64U * 1024);
  expect_error(file->write(~std::uint64_t{0}, "x"), ErrorCode::kNoSpace);
  expect_error(file->preallocate(std::uint64_t{1} << 60), ErrorCode::kNoSpace);
}

}  // namespace
}  // namespace synchrodb::net
