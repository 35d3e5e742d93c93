// FaultyDisk: what was not synced dies with the process; the rest is on the disk below.
#include "net/disk/faulty_disk.h"

#include <gtest/gtest.h>

#include <csignal>
#include <map>
#include <memory>
#include <random>

#include "engine/env/sync.h"
#include "net/disk/directory_disk.h"
#include "tests/net/support/disk_support.h"

namespace synchrodb::net {
namespace {

using Mode = Disk::Mode;
using testing::contents;
using testing::in_child;
using testing::on_loop;
using testing::put;
using testing::raw_contents;
using testing::TemporaryFolder;

std::unique_ptr<File> open(Disk& disk, std::string_view name) {
  auto file = disk.open(name, Mode::kCreate);
  EXPECT_TRUE(file) << file.error().message;
  return std::move(file).value();
}

template <class T>
void expect_error(const Result<T>& result, ErrorCode code, const std::string& part) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, code) << result.error().message;
  EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message;
}

TEST(FaultyDisk, UnsyncedBytesAreNotInTheFolderAndSyncedOnesAre) {
  TemporaryFolder place;
  on_loop([&](Loop& loop) {
    auto below = DirectoryDisk::open(loop, place.path()).value();
    put(*below, "wal-1", "old old old");
    FaultyDisk disk(loop, *below);
    auto file = open(disk, "wal-1");
    ASSERT_TRUE(file->write(0, "new"));
    EXPECT_EQ(contents(disk, "wal-1"), "new old old");
    EXPECT_EQ(contents(*below, "wal-1"), "old old old");
    EXPECT_EQ(raw_contents(place.path("data/wal-1")), "old old old");
    EXPECT_EQ(disk.unsynced_bytes(), 3U);
    ASSERT_TRUE(file->sync());
    EXPECT_EQ(raw_contents(place.path("data/wal-1")), "new old old");
    EXPECT_EQ(disk.unsynced_bytes(), 0U);
    ASSERT_TRUE(file->truncate(3));
    EXPECT_EQ(raw_contents(place.path("data/wal-1")), "new old old");
  });
}

TEST(FaultyDisk, NamesReachTheFolderWithTheDirectorysSync) {
  TemporaryFolder place;
  on_loop([&](Loop& loop) {
    auto below = DirectoryDisk::open(loop, place.path()).value();
    put(*below, "gone", "1");
    put(*below, "moved", "2");
    FaultyDisk disk(loop, *below);
    ASSERT_TRUE(disk.remove("gone"));
    ASSERT_TRUE(disk.rename("moved", "there"));
    put(disk, "made", "synced, but not its name");
    ASSERT_TRUE(open(disk, "made")->write(0, "S"));
    EXPECT_EQ(disk.unsynced_names(), 3U);
    EXPECT_EQ(below->list().value(), (std::vector<std::string>{"gone", "moved"}));
    EXPECT_EQ(disk.list().value(), (std::vector<std::string>{"made", "there"}));
    ASSERT_TRUE(disk.sync_directory());
    EXPECT_EQ(below->list().value(), (std::vector<std::string>{"made", "there"}));
    EXPECT_EQ(raw_contents(place.path("data/made")), "synced, but not its name");
    EXPECT_EQ(contents(disk, "made"), "Synced, but not its name");
    ASSERT_TRUE(open(disk, "made")->sync());
    EXPECT_EQ(raw_contents(place.path("data/made")), "Synced, but not its name");
  });
}

TEST(FaultyDisk, KillLosesExactlyWhatWasNotSynced) {
  TemporaryFolder place;
  EXPECT_EQ(in_child([&] {
              on_loop([&](Loop& loop) {
                auto below = DirectoryDisk::open(loop, place.path()).value();
                FaultyDisk disk(loop, *below);
                put(disk, "log", "acknowledged");
                ASSERT_TRUE(disk.sync_directory());
                auto log = open(disk, "log");
                ASSERT_TRUE(log->write(12, ", in flight"));
                put(disk, "nameless", "synced in vain");
                ASSERT_TRUE(disk.rename("log", "renamed"));
                EXPECT_EQ(contents(disk, "renamed"), "acknowledged, in flight");
                ::raise(SIGKILL);
              });
            }),
            -SIGKILL);
  on_loop([&](Loop& loop) {
    auto below = DirectoryDisk::open(loop, place.path()).value();
    FaultyDisk disk(loop, *below);
    EXPECT_EQ(disk.list().value(), (std::vector<std::string>{"log"}));
    EXPECT_EQ(contents(disk, "log"), "acknowledged");
  });
}

// A disk as the seam describes it: which bytes and names a power failure leaves.
class Model {
 public:
  explicit Model(unsigned seed) : random_(seed) {}

  void step(Disk& disk) {
    const std::string name = kNames[below(3)];
    auto it = visible_.find(name);
    switch (below(8)) {
      case 0:
        ASSERT_TRUE(disk.sync_directory());
        durable_ = visible_;
        return;
      case 1:
        if (it == visible_.end()) return;
        ASSERT_TRUE(disk.remove(name));
        visible_.erase(it);
        return;
      case 2: {
        const std::string to = kNames[below(3)];
        if (it == visible_.end() || to == name) return;
        ASSERT_TRUE(disk.rename(name, to));
        visible_[to] = it->second;
        visible_.erase(name);
        return;
      }
      default: {
        std::unique_ptr<File> file = open(disk, name);
        std::shared_ptr<Bytes>& bytes = visible_[name];
        if (!bytes) bytes = std::make_shared<Bytes>();
        change(*file, *bytes);
      }
    }
  }

  // After a power failure.
  void compare(Disk& disk) {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : durable_) {
      names.push_back(name);
      ASSERT_EQ(contents(disk, name), bytes->synced) << name;
    }
    ASSERT_EQ(disk.list().value(), names);
  }

 private:
  struct Bytes {
    std::string visible;
    std::string synced;
  };
  static constexpr const char* kNames[] = {"a", "b", "c"};

  unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }

  void change(File& file, Bytes& bytes) {
    const std::size_t at = below(20);
    std::string& v = bytes.visible;
    switch (below(4)) {
      case 0:
        ASSERT_TRUE(file.sync());
        bytes.synced = v;
        break;
      case 1:
        ASSERT_TRUE(file.truncate(at));
        v.resize(at, '\0');
        break;
      default: {
        const std::string written(1 + below(9), static_cast<char>('a' + below(26)));
        ASSERT_TRUE(file.write(at, written));
        v.resize(std::max(v.size(), at + written.size()), '\0');
        v.replace(at, written.size(), written);
      }
    }
    ASSERT_EQ(file.read(0, 99).value(), v);
  }

  std::mt19937 random_;
  std::map<std::string, std::shared_ptr<Bytes>> visible_;
  std::map<std::string, std::shared_ptr<Bytes>> durable_;
};

TEST(FaultyDisk, AfterAPowerFailureTheDiskBelowHoldsWhatTheSeamPromises) {
  for (unsigned seed = 1; seed <= 200 && !::testing::Test::HasFatalFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    on_loop([&](Loop& loop) {
      MemoryDisk below;
      Model model(seed);
      FaultyDisk disk(loop, below);
      for (int i = 0; i < 60 && !::testing::Test::HasFatalFailure(); ++i) model.step(disk);
      model.compare(below);
    });
  }
}

TEST(FaultyDisk, SyncsTakeLongerWhenTold) {
  on_loop([](Loop& loop) {
    MemoryDisk below;
    FaultyDisk disk(loop, below);
    disk.set_fault({.sync_delay = milliseconds(20)});
    auto file = open(disk, "a");
    const Instant before = monotonic_now();
    ASSERT_TRUE(file->sync());
    ASSERT_TRUE(disk.sync_directory());
    EXPECT_GE((monotonic_now() - before).ns, milliseconds(40).ns);
    disk.set_fault({});
    EXPECT_TRUE(file->sync());
  });
}

TEST(FaultyDisk, IsFullAfterSoManyBytes) {
  on_loop([](Loop& loop) {
    MemoryDisk below;
    FaultyDisk disk(loop, below);
    auto file = open(disk, "a");
    disk.set_fault({.room = 10});
    ASSERT_TRUE(file->write(0, "12345"));
    expect_error(file->write(5, "678901"), ErrorCode::kNoSpace, "no space");
    ASSERT_TRUE(file->preallocate(10));
    expect_error(file->write(0, "1"), ErrorCode::kNoSpace, "no space");
    expect_error(file->preallocate(11), ErrorCode::kNoSpace, "no space");
    EXPECT_TRUE(file->sync());
    EXPECT_EQ(file->read(0, 99).value(), std::string("12345\0\0\0\0\0", 10));
    disk.set_fault({});
    EXPECT_TRUE(file->write(0, "room again"));
  });
}

TEST(FaultyDisk, AnInjectedFailureOfASyncIsFinal) {
  on_loop([](Loop& loop) {
    MemoryDisk below;
    FaultyDisk disk(loop, below);
    put(disk, "a", "before");
    put(disk, "b", "");
    ASSERT_TRUE(disk.sync_directory());
    auto file = open(disk, "a");
    ASSERT_TRUE(file->write(0, "BEFORE"));
    disk.set_fault({.fail_syncs = true});
    expect_error(file->sync(), ErrorCode::kIo, "sync of a: injected");
    disk.set_fault({});
    expect_error(file->sync(), ErrorCode::kIo, "earlier failure");
    expect_error(open(disk, "a")->write(0, "x"), ErrorCode::kIo, "earlier failure");
    EXPECT_TRUE(open(disk, "b")->sync());
    EXPECT_EQ(contents(below, "a"), "before");
    disk.set_fault({.fail_syncs = true});
    expect_error(disk.sync_directory(), ErrorCode::kIo, "injected");
    disk.set_fault({});
    expect_error(disk.sync_directory(), ErrorCode::kIo, "earlier failure");
  });
}

TEST(FaultyDisk, ALyingSyncMakesNothingDurableAndTheNextHonestOneMakesAll) {
  on_loop([](Loop& loop) {
    MemoryDisk below;
    FaultyDisk disk(loop, below);
    put(disk, "a", "before");
    ASSERT_TRUE(disk.sync_directory());
    auto file = open(disk, "a");
    disk.set_fault({.lie = true});
    ASSERT_TRUE(file->write(0, "BEFORE"));
    EXPECT_TRUE(file->sync());
    put(disk, "b", "new");
    EXPECT_TRUE(disk.sync_directory());
    EXPECT_EQ(contents(disk, "a"), "BEFORE");
    EXPECT_EQ(contents(below, "a"), "before");
    EXPECT_EQ(below.list().value(), std::vector<std::string>{"a"});
    disk.set_fault({});
    EXPECT_TRUE(file->sync());
    EXPECT_TRUE(open(disk, "b")->sync());
    EXPECT_TRUE(disk.sync_directory());
    EXPECT_EQ(contents(below, "a"), "BEFORE");
    EXPECT_EQ(contents(below, "b"), "new");
  });
}

TEST(FaultyDisk, AnUnfinishedFileOfADeadProcessIsNotSeen) {
  on_loop([](Loop& loop) {
    MemoryDisk below;
    put(below, "fault-injection-unfinished", "half of something");
    FaultyDisk disk(loop, below);
    EXPECT_EQ(disk.list().value(), std::vector<std::string>{});
    put(disk, "a", "whole");
    ASSERT_TRUE(disk.sync_directory());
    EXPECT_EQ(below.list().value(), (std::vector<std::string>{"a"}));
    EXPECT_EQ(contents(below, "a"), "whole");
  });
}

}  // namespace
}  // namespace synchrodb::net
