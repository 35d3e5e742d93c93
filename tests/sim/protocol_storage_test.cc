// The storage of a protocol's node, on a disk by hand: compaction, and crashes in the midst of it.
#include "sim/protocol/protocol_storage.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

namespace synchrodb::sim {
namespace {

constexpr std::uint64_t kLarge = 512 * 1'024;

// Files in memory. After `left` more operations that change anything, all fail.
class TestDisk : public Disk {
 public:
  Result<std::unique_ptr<File>> open(std::string_view name, Mode) override {
    auto& contents = files[std::string(name)];
    if (contents == nullptr) contents = std::make_shared<std::string>();
    return std::unique_ptr<File>(new TestFile(*this, contents));
  }
  Result<std::vector<std::string>> list() override { return std::vector<std::string>{}; }
  Result<> rename(std::string_view from, std::string_view to) override {
    if (Result<> able = act(); !able) return able;
    files[std::string(to)] = files.at(std::string(from));
    files.erase(std::string(from));
    return {};
  }
  Result<> remove(std::string_view name) override {
    files.erase(std::string(name));
    return {};
  }
  Result<> sync_directory() override { return act(); }

  Result<> act() {
    if (left == 0) return Error{ErrorCode::kIo, "the disk is gone"};
    --left;
    return {};
  }

  std::map<std::string, std::shared_ptr<std::string>> files;
  std::uint64_t left = ~std::uint64_t{0};

 private:
  class TestFile : public File {
   public:
    TestFile(TestDisk& disk, std::shared_ptr<std::string> contents)
        : disk_(disk), contents_(std::move(contents)) {}
    Result<> write(std::uint64_t offset, std::string_view bytes) override {
      if (Result<> able = disk_.act(); !able) return able;
      if (contents_->size() < offset + bytes.size()) contents_->resize(offset + bytes.size());
      contents_->replace(offset, bytes.size(), bytes);
      return {};
    }
    Result<std::string> read(std::uint64_t offset, std::size_t length) override {
      return contents_->substr(offset, length);
    }
    Result<> sync() override { return disk_.act(); }
    Result<> truncate(std::uint64_t size) override {
      if (Result<> able = disk_.act(); !able) return able;
      contents_->resize(size);
      return {};
    }
    Result<> preallocate(std::uint64_t) override { return {}; }
    std::uint64_t size() const override { return contents_->size(); }

   private:
    TestDisk& disk_;
    std::shared_ptr<std::string> contents_;
  };
};

ProtocolContents found_on(TestDisk& disk) {
  disk.left = ~std::uint64_t{0};
  ProtocolStorage storage(disk);
  EXPECT_TRUE(storage.open().ok());
  return storage.contents();
}

TEST(ProtocolStorage, AFileThatIsMostlyHistoryIsWrittenAnew) {
  TestDisk disk;
  ProtocolStorage storage(disk);
  ASSERT_TRUE(storage.open().ok());
  ASSERT_TRUE(storage.put("kept", "from the start").ok());
  ASSERT_TRUE(storage.put("gone", "soon").ok());
  ASSERT_TRUE(storage.erase("gone").ok());
  std::size_t longest = 0;
  for (int i = 0; i < 2'000; ++i) {
    ASSERT_TRUE(storage.put("number", std::to_string(i) + std::string(4'000, '.')).ok());
    ASSERT_TRUE(storage.sync().ok());
    longest = std::max(longest, disk.files.at("protocol.log")->size());
  }
  EXPECT_LT(longest, kLarge) << "8 MB were written";
  EXPECT_EQ(disk.files.size(), 1u);
  const ProtocolContents found = found_on(disk);
  EXPECT_EQ(found, storage.contents());
  EXPECT_EQ(found.size(), 2u);
  EXPECT_EQ(found.at("kept"), "from the start");
}

TEST(ProtocolStorage, AFileThatAllCountsOfGrows) {
  TestDisk disk;
  ProtocolStorage storage(disk);
  ASSERT_TRUE(storage.open().ok());
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_TRUE(storage.put("key" + std::to_string(i), std::string(1'000, '.')).ok());
  }
  EXPECT_GT(disk.files.at("protocol.log")->size(), 1'000'000u);
  EXPECT_EQ(found_on(disk), storage.contents());
}

// Wherever the disk goes away, the next process finds each put that had succeeded.
TEST(ProtocolStorage, NothingIsLostWhereverItEnds) {
  for (std::uint64_t end = 0; end < 200; ++end) {
    TestDisk disk;
    auto storage = std::make_unique<ProtocolStorage>(disk);
    ASSERT_TRUE(storage->open().ok());
    disk.left = end;
    int put = -1;
    for (int i = 0; i < 400; ++i) {
      if (!storage->put("number", std::to_string(i) + std::string(4'000, '.')).ok()) break;
      put = i;
    }
    ASSERT_LT(put, 399);
    storage.reset();
    const ProtocolContents found = found_on(disk);
    const int number = found.empty() ? -1 : std::stoi(found.at("number"));
    EXPECT_GE(number, put) << "after " << end << " operations";
    EXPECT_LE(number, put + 1);
  }
}

// A full disk: the new file does not fit, the old one goes on.
TEST(ProtocolStorage, WithoutRoomForANewFileTheOldOneStays) {
  struct Full : TestDisk {
    Result<std::unique_ptr<File>> open(std::string_view name, Mode mode) override {
      if (name != "protocol.log") {
        ++refused;
        return Error{ErrorCode::kNoSpace, "full"};
      }
      return TestDisk::open(name, mode);
    }
    int refused = 0;
  } disk;
  ProtocolStorage storage(disk);
  ASSERT_TRUE(storage.open().ok());
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_TRUE(storage.put("number", std::to_string(i) + std::string(4'000, '.')).ok());
  }
  EXPECT_GT(disk.refused, 1);
  EXPECT_LT(disk.refused, 10) << "it is not tried again with every write";
  EXPECT_EQ(found_on(disk), storage.contents());
}

}  // namespace
}  // namespace synchrodb::sim
