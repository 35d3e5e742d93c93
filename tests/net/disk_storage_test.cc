// The storage engine on the disks of the real world, through kill -9 and power loss.
#include <gtest/gtest.h>

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <new>

#include "engine/env/sync.h"
#include "engine/storage/storage.h"
#include "net/disk/directory_disk.h"
#include "net/disk/faulty_disk.h"
#include "net/disk/file_name.h"
#include "tests/net/support/disk_support.h"

namespace synchrodb::net {
namespace {

using testing::in_child;
using testing::on_loop;
using testing::TemporaryFolder;

constexpr GroupId kGroup{1};

class NeverBuggify : public Buggify {
 public:
  bool buggify(const char*) override { return false; }
};

// A storage on a disk, recovered.
struct Engine {
  explicit Engine(Disk& disk) {
    StorageOptions options;
    options.segment_bytes = 16 * 1024;  // rotates and recycles often
    storage = make_storage(disk, buggify, observer, options);
    auto recovered = storage->recover();
    EXPECT_TRUE(recovered) << recovered.error().message;
    if (recovered) state = recovered.value()[kGroup];
  }

  std::uint64_t last() const {
    if (!state.entries.empty()) return state.entries.back()->index().value;
    return state.snapshot ? state.snapshot->index.value : 0;
  }

  Result<> append(std::uint64_t index) {
    std::vector<GroupBatch> batches(1);
    batches[0].group = kGroup;
    if (index % 10 == 1) batches[0].batch.hard_state = HardState{Term{index}, NodeId{1}};
    batches[0].batch.entries = {
        make_entry(Term{1}, Index{index}, EntryKind::kCommand, {},
                   "command " + std::to_string(index) + std::string(index * 37 % 3000, 'x'))};
    std::vector<StagedSnapshot> staged;
    return storage->write(batches, staged);
  }

  Result<> snapshot(std::uint64_t index) {
    SnapshotMeta meta;
    meta.index = Index{index};
    meta.term = Term{1};
    if (Result<> r = storage->begin_snapshot(kGroup, meta); !r) return r;
    if (Result<> r = storage->extend_snapshot(kGroup, "state at " + std::to_string(index)); !r) {
      return r;
    }
    return storage->finish_snapshot(kGroup);
  }

  NeverBuggify buggify;
  Observer observer;
  std::unique_ptr<Storage> storage;
  DurableState state;
};

TEST(StorageOnRealDisks, RecoversWhatItWroteAndKeepsSnapshotsInTheirLane) {
  TemporaryFolder place;
  on_loop([&](Loop& loop) {
    {
      auto disk = DirectoryDisk::open(loop, place.path()).value();
      Engine engine(*disk);
      EXPECT_EQ(engine.last(), 0U);
      for (std::uint64_t i = 1; i <= 100; ++i) {
        ASSERT_TRUE(engine.append(i));
        ASSERT_TRUE(i % 30 != 0 || engine.snapshot(i));
      }
      const std::vector<std::string> names = disk->list().value();
      std::size_t bulk = 0;
      for (const std::string& name : names) {
        EXPECT_EQ(is_bulk(name), name.find("snapshot") != std::string::npos) << name;
        bulk += is_bulk(name) ? 1 : 0;
      }
      EXPECT_EQ(bulk, 1U);
    }
    auto disk = DirectoryDisk::open(loop, place.path()).value();
    Engine engine(*disk);
    EXPECT_FALSE(engine.state.fault);
    EXPECT_EQ(engine.state.hard_state.term, Term{91});
    ASSERT_TRUE(engine.state.snapshot);
    EXPECT_EQ(engine.state.snapshot->index, Index{90});
    EXPECT_EQ(engine.storage->open_snapshot(kGroup).value()->read(0, 100).value(), "state at 90");
    ASSERT_EQ(engine.state.entries.size(), 10U);
    EXPECT_TRUE(engine.state.entries[9]->payload().starts_with("command 100x"));
  });
}

// What the process that is killed has acknowledged: memory that both see.
class Acknowledged {
 public:
  Acknowledged() {
    void* const page =
        ::mmap(nullptr, sizeof(Value), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    value_ = new (page) Value{0};
  }
  ~Acknowledged() { ::munmap(value_, sizeof(Value)); }
  Acknowledged(const Acknowledged&) = delete;
  Acknowledged& operator=(const Acknowledged&) = delete;
  std::uint64_t get() const { return *value_; }
  void set(std::uint64_t value) { *value_ = value; }

 private:
  using Value = std::atomic<std::uint64_t>;
  Value* value_;
};

// Passes everything on but syncs of files, which it only claims to make.
class LyingDisk final : public Disk {
 public:
  explicit LyingDisk(Disk& below) : below_(below) {}
  Result<std::unique_ptr<File>> open(std::string_view name, Mode mode) override {
    auto file = below_.open(name, mode);
    if (!file) return file;
    return std::unique_ptr<File>(std::make_unique<LyingFile>(std::move(file).value()));
  }
  Result<std::vector<std::string>> list() override { return below_.list(); }
  Result<> rename(std::string_view from, std::string_view to) override {
    return below_.rename(from, to);
  }
  Result<> remove(std::string_view name) override { return below_.remove(name); }
  Result<> sync_directory() override { return below_.sync_directory(); }

 private:
  class LyingFile final : public File {
   public:
    explicit LyingFile(std::unique_ptr<File> below) : below_(std::move(below)) {}
    Result<> write(std::uint64_t offset, std::string_view bytes) override {
      return below_->write(offset, bytes);
    }
    Result<std::string> read(std::uint64_t offset, std::size_t length) override {
      return below_->read(offset, length);
    }
    Result<> sync() override { return {}; }
    Result<> truncate(std::uint64_t size) override { return below_->truncate(size); }
    Result<> preallocate(std::uint64_t size) override { return below_->preallocate(size); }
    std::uint64_t size() const override { return below_->size(); }

   private:
    std::unique_ptr<File> below_;
  };

  Disk& below_;
};

// One life of a node: recovers, checks that nothing acknowledged is missing, writes on, and is
// killed in the middle of something.
enum class World { kReal, kPowerLoss, kLyingSyncs };

void live(const std::string& folder, World world, Acknowledged& acknowledged, unsigned life) {
  on_loop([&](Loop& loop) {
    auto disk = DirectoryDisk::open(loop, folder).value();
    FaultyDisk faulty(loop, *disk);
    LyingDisk lying(faulty);
    Disk& used = world == World::kReal        ? static_cast<Disk&>(*disk)
                 : world == World::kPowerLoss ? static_cast<Disk&>(faulty)
                                              : static_cast<Disk&>(lying);
    Engine engine(used);
    if (engine.state.fault || engine.last() < acknowledged.get()) ::_exit(1);
    // Strikes after a number of syncs, wherever those are.
    loop.spawn("reaper", [&] {
      sleep_until(loop, monotonic_now() + microseconds(4'000 + life * 1'717 % 9'000));
      ::raise(SIGKILL);
    });
    for (std::uint64_t i = engine.last() + 1;; ++i) {
      if (!engine.append(i)) ::_exit(2);
      acknowledged.set(i);
      if (i % 7 == 0 && !engine.snapshot(i)) ::_exit(3);
    }
  });
}

TEST(StorageOnRealDisks, NothingAcknowledgedIsLostByKillOrPowerLoss) {
  for (const World world : {World::kReal, World::kPowerLoss}) {
    TemporaryFolder place;
    Acknowledged acknowledged;
    for (unsigned life = 0; life < 20; ++life) {
      ASSERT_EQ(in_child([&] { live(place.path(), world, acknowledged, life); }), -SIGKILL)
          << "life " << life << " of world " << static_cast<int>(world);
    }
    EXPECT_GT(acknowledged.get(), 0U);
  }
}

// The tester tested: with syncs taken out, a power loss must be noticed.
TEST(StorageOnRealDisks, WithoutSyncsPowerLossLosesWhatWasAcknowledged) {
  TemporaryFolder place;
  Acknowledged acknowledged;
  ASSERT_EQ(in_child([&] { live(place.path(), World::kLyingSyncs, acknowledged, 0); }), -SIGKILL);
  ASSERT_GT(acknowledged.get(), 0U);
  EXPECT_NE(in_child([&] { live(place.path(), World::kPowerLoss, acknowledged, 1); }), -SIGKILL);
}

}  // namespace
}  // namespace synchrodb::net
