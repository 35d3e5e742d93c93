// DirectoryDisk where the system, another process or the device is against it.
#include "net/disk/directory_disk.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <thread>

#include "engine/env/sync.h"
#include "net/disk/file_name.h"
#include "tests/net/support/disk_support.h"

namespace synchrodb::net {
namespace {

using Mode = Disk::Mode;
using testing::in_child;
using testing::Interposed;
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
void expect_error(const Result<T>& result, ErrorCode code, const std::vector<std::string>& parts) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, code) << result.error().message;
  for (const std::string& part : parts) {
    EXPECT_NE(result.error().message.find(part), std::string::npos)
        << result.error().message << "\nlacks: " << part;
  }
}

TEST(DirectoryDisk, MakesItsFolderForTheOwnerAlone) {
  TemporaryFolder place;
  on_loop([&](Loop& loop) {
    auto disk = DirectoryDisk::open(loop, place.path());
    ASSERT_TRUE(disk) << disk.error().message;
    put(*disk.value(), "a", "bytes");
    struct stat status;
    ASSERT_EQ(::stat(place.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0700U);
    ASSERT_EQ(::stat(place.path("data/a").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600U);
    EXPECT_EQ(raw_contents(place.path("data/LOCK")), std::to_string(::getpid()) + "\n");
  });
}

TEST(DirectoryDisk, SaysWhyAFolderCannotBe) {
  TemporaryFolder place;
  Loop loop;
  expect_error(DirectoryDisk::open(loop, place.path("no/such/parent")), ErrorCode::kNotFound,
               {"making the data folder", "no/such/parent", "No such file"});
  expect_error(DirectoryDisk::open(loop, ""), ErrorCode::kInvalid, {"name"});
  const Descriptor file(::open(place.path("file").c_str(), O_CREAT | O_WRONLY, 0600));
  expect_error(DirectoryDisk::open(loop, place.path("file")), ErrorCode::kInvalid,
               {place.path("file"), "Not a directory"});
}

TEST(DirectoryDisk, ListsAndOpensRegularFilesOnly) {
  TemporaryFolder place;
  on_loop([&](Loop& loop) {
    auto disk = DirectoryDisk::open(loop, place.path()).value();
    put(*disk, "file", "bytes");
    std::filesystem::create_directory(place.path("data/lost+found"));
    std::filesystem::create_symlink("/etc/passwd", place.path("data/link"));
    ASSERT_EQ(::mkfifo(place.path("data/pipe").c_str(), 0600), 0);
    EXPECT_EQ(disk->list().value(), (std::vector<std::string>{"file"}));
    for (const char* name : {"lost+found", "link", "pipe"}) {
      expect_error(disk->open(name, Mode::kCreate), ErrorCode::kInvalid, {name, place.path()});
    }
  });
}

TEST(DirectoryDisk, BelongsToOneProcess) {
  TemporaryFolder place;
  on_loop([&](Loop& loop) {
    auto disk = DirectoryDisk::open(loop, place.path());
    ASSERT_TRUE(disk);
    const std::string holder = "process " + std::to_string(::getpid());
    EXPECT_EQ(in_child([&] {
                // The child has the descriptor, but the lock is its parent's.
                expect_error(DirectoryDisk::open(loop, place.path()), ErrorCode::kUnavailable,
                             {place.path(), "in use", holder});
              }),
              0);
  });
  // Its holder gone, even by kill -9, the folder is free.
  EXPECT_EQ(in_child([&] {
              Loop loop;
              auto disk = DirectoryDisk::open(loop, place.path());
              if (disk) ::raise(SIGKILL);
            }),
            -SIGKILL);
  Loop loop;
  EXPECT_TRUE(DirectoryDisk::open(loop, place.path()));
}

TEST(DirectoryDisk, AFolderWithoutPermissionIsSaidToBeSo) {
  TemporaryFolder place;
  ASSERT_EQ(::mkdir(place.path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod(place.path("").c_str(), 0755), 0);
  ASSERT_EQ(::chmod(place.path().c_str(), 0555), 0);
  EXPECT_EQ(in_child([&] {
              ASSERT_TRUE(::getuid() != 0 || ::setuid(65534) == 0);
              Loop loop;
              expect_error(DirectoryDisk::open(loop, place.path()), ErrorCode::kInvalid,
                           {"cannot be written", place.path(), "Permission denied"});
            }),
            0);
}

// A small file system of its own; not everybody may have one.
class Mounted {
 public:
  explicit Mounted(std::string path) : path_(std::move(path)) {
    ::mkdir(path_.c_str(), 0700);
    mounted_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=256k") == 0;
  }
  ~Mounted() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  bool make_read_only() {
    return ::mount("tmpfs", path_.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, "size=256k") == 0;
  }
  explicit operator bool() const { return mounted_; }

 private:
  std::string path_;
  bool mounted_;
};

TEST(DirectoryDisk, AFullDiskIsNoSpaceAndHarmsNothingElse) {
  TemporaryFolder place;
  Mounted mounted(place.path());
  if (!mounted) GTEST_SKIP() << "mounting is not permitted here";
  on_loop([&](Loop& loop) {
    auto disk = DirectoryDisk::open(loop, place.path()).value();
    put(*disk, "good", "bytes");
    auto file = open(*disk, "wal-1");
    expect_error(file->preallocate(1'000'000), ErrorCode::kNoSpace,
                 {"preallocation of wal-1", place.path(), "No space left"});
    EXPECT_EQ(file->size(), 0U);
    // Small writes are found out at the sync, and it is final.
    ASSERT_TRUE(file->write(0, std::string(500'000, 'x')));
    expect_error(file->sync(), ErrorCode::kNoSpace, {"write of wal-1", "No space left"});
    EXPECT_EQ(file->size(), std::filesystem::file_size(place.path("data/wal-1")));
    expect_error(file->sync(), ErrorCode::kNoSpace, {"sync of wal-1", "refused after an earlier"});
    expect_error(file->write(0, "x"), ErrorCode::kNoSpace, {"write of wal-1", "refused"});
    file.reset();
    ASSERT_TRUE(disk->remove("wal-1"));
    // A large write is found out at once.
    auto large = open(*disk, "saving-1");
    expect_error(large->write(0, std::string(2'000'000, 'x')), ErrorCode::kNoSpace,
                 {"write of saving-1", "No space left"});
    ASSERT_TRUE(large->truncate(0));
    ASSERT_TRUE(large->sync());
    EXPECT_EQ(testing::contents(*disk, "good"), "bytes");
    put(*disk, "wal-1", "room again");
  });
}

TEST(DirectoryDisk, ALimitOfTheProcessIsNoSpace) {
  TemporaryFolder place;
  EXPECT_EQ(in_child([&] {
              ::signal(SIGXFSZ, SIG_IGN);
              const rlimit limit{64 * 1024, 64 * 1024};
              ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
              on_loop([&](Loop& loop) {
                auto disk = DirectoryDisk::open(loop, place.path()).value();
                auto file = open(*disk, "a");
                ASSERT_TRUE(file->write(0, std::string(100'000, 'x')));
                expect_error(file->sync(), ErrorCode::kNoSpace, {"write of a", "File too large"});
              });
            }),
            0);
}

TEST(DirectoryDisk, AReadOnlyFileSystemIsSaidToBeSo) {
  TemporaryFolder place;
  Mounted mounted(place.path());
  if (!mounted || !mounted.make_read_only()) GTEST_SKIP() << "mounting is not permitted here";
  Loop loop;
  expect_error(DirectoryDisk::open(loop, place.path()), ErrorCode::kInvalid,
               {"cannot be written", "Read-only file system"});
}

TEST(DirectoryDisk, AFailedSyncIsNeverRetried) {
  TemporaryFolder place;
  on_loop([&](Loop& loop) {
    auto disk = DirectoryDisk::open(loop, place.path()).value();
    auto file = open(*disk, "wal-1");
    auto other = open(*disk, "wal-2");
    ASSERT_TRUE(file->write(0, "lost"));
    std::atomic<int> calls = 0;
    {
      Interposed failing([&](const std::string&) { return ++calls, EIO; }, nullptr);
      expect_error(file->sync(), ErrorCode::kIo, {"sync of wal-1", place.path(), "Input/output"});
    }
    Interposed counting([&](const std::string&) { return ++calls, 0; }, nullptr);
    expect_error(file->sync(), ErrorCode::kIo, {"refused after an earlier failure"});
    expect_error(file->write(0, "again"), ErrorCode::kIo, {"refused"});
    expect_error(file->truncate(0), ErrorCode::kIo, {"refused"});
    expect_error(file->preallocate(9), ErrorCode::kIo, {"refused"});
    // Nor by another handle, under another name, or after all handles were closed.
    expect_error(open(*disk, "wal-1")->sync(), ErrorCode::kIo, {"refused"});
    ASSERT_TRUE(disk->rename("wal-1", "wal-3"));
    file.reset();
    expect_error(open(*disk, "wal-3")->sync(), ErrorCode::kIo, {"sync of wal-3", "refused"});
    EXPECT_EQ(calls, 1) << "the kernel must not be asked again";
    ASSERT_TRUE(other->sync());
    // A new file under the old name is another file.
    ASSERT_TRUE(disk->remove("wal-3"));
    put(*disk, "wal-3", "new");
  });
}

TEST(DirectoryDisk, PreallocationFallsBackToZeros) {
  TemporaryFolder place;
  on_loop([&](Loop& loop) {
    auto disk = DirectoryDisk::open(loop, place.path()).value();
    Interposed unsupported(nullptr, [](const std::string&) { return EOPNOTSUPP; });
    auto file = open(*disk, "wal-1");
    ASSERT_TRUE(file->write(0, "begin"));
    ASSERT_TRUE(file->preallocate(1'000'000));
    ASSERT_TRUE(file->sync());
    EXPECT_EQ(file->size(), 1'000'000U);
    EXPECT_TRUE(raw_contents(place.path("data/wal-1")) == "begin" + std::string(999'995, '\0'));
    struct stat status;
    ASSERT_EQ(::stat(place.path("data/wal-1").c_str(), &status), 0);
    EXPECT_GE(status.st_blocks * 512, 1'000'000) << "the space is there";
  });
}

TEST(DirectoryDisk, ASlowSyncStallsNeitherTheLoopNorTheOtherLane) {
  TemporaryFolder place;
  on_loop([&](Loop& loop) {
    auto disk = DirectoryDisk::open(loop, place.path()).value();
    auto log = open(*disk, "wal-1");
    std::atomic<bool> bulk_syncing = false;
    std::atomic<bool> release = false;
    std::atomic<bool> on_loops_thread = false;
    const std::thread::id self = std::this_thread::get_id();
    Interposed slow(
        [&](const std::string& name) {
          if (std::this_thread::get_id() == self) on_loops_thread = true;
          if (is_bulk(name)) {
            bulk_syncing = true;
            while (!release) std::this_thread::sleep_for(std::chrono::milliseconds(1));
          }
          return 0;
        },
        nullptr);
    Event saved(loop);
    loop.spawn("snapshot", [&] {
      put(*disk, "saving-1", "snapshot");
      saved.set();
    });
    while (!bulk_syncing) sleep_until(loop, monotonic_now() + milliseconds(1));
    // The snapshot's sync cannot end before the log's ten have.
    for (int i = 0; i < 10; ++i) {
      ASSERT_TRUE(log->write(0, "entry"));
      ASSERT_TRUE(log->sync());
    }
    EXPECT_FALSE(saved.wait(monotonic_now()));
    release = true;
    EXPECT_TRUE(saved.wait(monotonic_now() + seconds(60)));
    EXPECT_FALSE(on_loops_thread);
  });
}

TEST(DirectoryDisk, AFiberThatIsCancelledInASyncLeavesTheFileSound) {
  TemporaryFolder place;
  on_loop([&](Loop& loop) {
    auto disk = DirectoryDisk::open(loop, place.path()).value();
    auto file = open(*disk, "a");
    std::atomic<bool> syncing = false;
    std::atomic<bool> release = false;
    Interposed failing(
        [&](const std::string&) {
          syncing = true;
          while (!release) std::this_thread::sleep_for(std::chrono::milliseconds(1));
          return EIO;
        },
        nullptr);
    bool cancelled = false;
    Fiber* const fiber = loop.spawn("writer", [&] {
      try {
        ASSERT_TRUE(file->write(0, "written"));
        (void)file->sync();
      } catch (const Cancelled&) {
        cancelled = true;
        throw;
      }
    });
    while (!syncing) sleep_until(loop, monotonic_now() + milliseconds(1));
    loop.cancel(fiber);
    sleep_until(loop, monotonic_now() + milliseconds(2));
    EXPECT_FALSE(cancelled) << "the thread still works for it";
    release = true;
    while (!cancelled) sleep_until(loop, monotonic_now() + milliseconds(1));
    EXPECT_EQ(raw_contents(place.path("data/a")), "written");
    expect_error(file->sync(), ErrorCode::kIo, {"refused after an earlier failure"});
  });
}

}  // namespace
}  // namespace synchrodb::net
