// The identity of a data folder: made once, found again, and never taken for another's.
#include <gtest/gtest.h>

#include "engine/storage/crc32c.h"
#include "engine/storage/format.h"
#include "net/disk/data_directory.h"
#include "net/disk/faulty_disk.h"
#include "net/disk/memory_disk.h"
#include "tests/net/support/disk_support.h"

namespace synchrodb::net {
namespace {

using testing::contents;
using testing::on_loop;
using testing::put;

ClusterId cluster(std::uint8_t first) {
  ClusterId id;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    id.bytes[i] = static_cast<std::uint8_t>(first + 16 * i);
  }
  return id;
}

NodeIdentity sample() {
  return {cluster(3), NodeId{2}, storage::kFormatVersion, "synchrodb 0.1.0"};
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

// `lines` with the checksum that belongs to them.
std::string sealed(const std::string& lines) {
  char line[32];
  std::snprintf(line, sizeof line, "crc32c %08x\n", crc32c(0, lines));
  return lines + line;
}

TEST(DataDirectory, IsReadAsItWasMade) {
  MemoryDisk disk;
  ASSERT_TRUE(create_identity(disk, "/data", sample()));
  EXPECT_EQ(contents(disk, "node-identity"), sealed("synchrodb-node-identity 1\n"
                                                    "cluster 03132333435363738393a3b3c3d3e3f3\n"
                                                    "node 2\n"
                                                    "storage-format 1\n"
                                                    "created-by synchrodb 0.1.0\n"));
  auto identity = read_identity(disk, "/data");
  ASSERT_TRUE(identity) << identity.error().message;
  EXPECT_EQ(identity.value(), sample());
  EXPECT_EQ(disk.list().value(), (std::vector<std::string>{"node-identity"}));
}

TEST(DataDirectory, AnEmptyFolderBelongsToNobody) {
  MemoryDisk disk;
  expect_error(read_identity(disk, "/data"), ErrorCode::kNotFound, {"/data", "no node yet"});
}

// A cluster that was restored or recovered is another than --initial-cluster stands for.
TEST(DataDirectory, MayBeNamedByItsFoundersInsteadOfItsCluster) {
  MemoryDisk disk;
  NodeIdentity renamed = sample();
  renamed.named = cluster(9);
  ASSERT_TRUE(create_identity(disk, "/data", sample()));
  ASSERT_TRUE(write_identity(disk, renamed));
  EXPECT_EQ(contents(disk, "node-identity"), sealed("synchrodb-node-identity 1\n"
                                                    "cluster 03132333435363738393a3b3c3d3e3f3\n"
                                                    "node 2\n"
                                                    "storage-format 1\n"
                                                    "created-by synchrodb 0.1.0\n"
                                                    "named 09192939495969798999a9b9c9d9e9f9\n"));
  EXPECT_EQ(read_identity(disk, "/data").value(), renamed);
  EXPECT_TRUE(check_identity(renamed, {NodeId{2}, cluster(9)}, "/data"));
  expect_error(check_identity(renamed, {NodeId{2}, cluster(3)}, "/data"), ErrorCode::kInvalid,
               {"belongs to node 2"});
  MemoryDisk malformed;
  put(malformed, "node-identity",
      sealed("synchrodb-node-identity 1\n"
             "cluster 03132333435363738393a3b3c3d3e3f3\n"
             "node 2\n"
             "storage-format 1\n"
             "created-by synchrodb 0.1.0\n"
             "named 09\n"));
  expect_error(read_identity(malformed, "/data"), ErrorCode::kCorrupt, {"named"});
}

TEST(DataDirectory, ASecondBootstrapIsRefused) {
  MemoryDisk disk;
  ASSERT_TRUE(create_identity(disk, "/data", sample()));
  NodeIdentity other = sample();
  other.node = NodeId{7};
  expect_error(create_identity(disk, "/data", other), ErrorCode::kInvalid,
               {"/data", "second bootstrap"});
  EXPECT_EQ(read_identity(disk, "/data").value(), sample());
  put(disk, "node-identity", "damaged");
  expect_error(create_identity(disk, "/data", other), ErrorCode::kInvalid, {"second bootstrap"});
}

TEST(DataDirectory, AFolderWithFilesButNoIdentityIsNotTaken) {
  MemoryDisk disk;
  put(disk, "wal-0000000000000001", "somebody's log");
  expect_error(create_identity(disk, "/data", sample()), ErrorCode::kInvalid,
               {"/data", "not empty", "wal-0000000000000001"});
}

TEST(DataDirectory, WhoseItIsGoesBeforeWhatElseItHolds) {
  MemoryDisk disk;
  ASSERT_TRUE(create_identity(disk, "/data", sample()));
  put(disk, "addresses", "");
  expect_error(check_unused(disk, "/data"), ErrorCode::kInvalid, {"belongs to a node already"});
}

TEST(DataDirectory, AnAttemptThatACrashEndedIsRepeated) {
  MemoryDisk disk;
  put(disk, "node-identity-new", std::string(1000, 'x'));
  ASSERT_TRUE(create_identity(disk, "/data", sample()));
  EXPECT_EQ(read_identity(disk, "/data").value(), sample());
}

TEST(DataDirectory, NoChangedByteGoesUnnoticed) {
  MemoryDisk disk;
  ASSERT_TRUE(create_identity(disk, "/data", sample()));
  const std::string whole = contents(disk, "node-identity");
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const int flip : {1, 32, 128}) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ flip);
      put(disk, "node-identity", bytes);
      expect_error(read_identity(disk, "/data"), ErrorCode::kCorrupt, {"/data", "damaged"});
    }
  }
  for (std::size_t length = 0; length < whole.size(); ++length) {
    ASSERT_TRUE(disk.open("node-identity", Disk::Mode::kMustExist).value()->truncate(0));
    put(disk, "node-identity", whole.substr(0, length));
    expect_error(read_identity(disk, "/data"), ErrorCode::kCorrupt, {"/data", "damaged"});
  }
}

TEST(DataDirectory, LinesThatNobodyWroteAreDamage) {
  const std::string head = "synchrodb-node-identity 1\n";
  const std::string id = "cluster 03132333435363738393a3b3c3d3e3f3\n";
  const std::string tail = "storage-format 1\ncreated-by x\n";
  for (const std::string& lines :
       {head, head + id, head + id + "node 0\n" + tail, head + id + "node -1\n" + tail,
        head + id + "node 2 \n" + tail, head + id + "node 99999999999999999999\n" + tail,
        head + "cluster 03\nnode 2\n" + tail, head + id + "node 2\n" + tail + "more\n",
        head + id + "node 2\nstorage-format x\ncreated-by x\n",
        std::string("synchrodb-node-identity one\n")}) {
    MemoryDisk disk;
    put(disk, "node-identity", sealed(lines));
    expect_error(read_identity(disk, "/data"), ErrorCode::kCorrupt, {"damaged"});
  }
  MemoryDisk disk;
  put(disk, "node-identity", sealed(head + id + "node 2\n" + tail));
  EXPECT_TRUE(read_identity(disk, "/data")) << "the lines above are wrong for one reason each";
  put(disk, "node-identity", std::string(1'000'000, 'x'));
  expect_error(read_identity(disk, "/data"), ErrorCode::kCorrupt, {"too long"});
}

TEST(DataDirectory, UnknownVersionsAreToldApartFromDamage) {
  MemoryDisk disk;
  put(disk, "node-identity", sealed("synchrodb-node-identity 2\nwho knows what\n"));
  expect_error(read_identity(disk, "/data"), ErrorCode::kUnsupported, {"/data", "version 2"});
  MemoryDisk later;
  NodeIdentity identity = sample();
  identity.storage_format = 99;
  identity.created_by = "synchrodb 9.0";
  ASSERT_TRUE(create_identity(later, "/data", identity));
  expect_error(read_identity(later, "/data"), ErrorCode::kUnsupported,
               {"/data", "format 99", "synchrodb 9.0"});
}

TEST(DataDirectory, AnotherNodesFolderIsRefusedWithAdvice) {
  EXPECT_TRUE(check_identity(sample(), {NodeId{2}, {}}, "/data"));
  EXPECT_TRUE(check_identity(sample(), {NodeId{2}, cluster(3)}, "/data"));
  expect_error(check_identity(sample(), {NodeId{1}, {}}, "/data"), ErrorCode::kInvalid,
               {"the data in /data belongs to node 2 of cluster 03132333",
                "this server was started as node 1:", "start it with the node id of the data"});
  expect_error(check_identity(sample(), {NodeId{2}, cluster(4)}, "/data"), ErrorCode::kInvalid,
               {"node 2 of cluster 03132333", "as node 2 of cluster 04142434"});
}

TEST(DataDirectory, HexIsStrict) {
  EXPECT_EQ(ClusterId::from_hex(cluster(9).hex()), cluster(9));
  EXPECT_FALSE(ClusterId::from_hex(""));
  EXPECT_FALSE(ClusterId::from_hex(std::string(31, '0')));
  EXPECT_FALSE(ClusterId::from_hex(std::string(33, '0')));
  EXPECT_FALSE(ClusterId::from_hex(std::string(31, '0') + "G"));
  EXPECT_FALSE(ClusterId::from_hex(std::string(31, '0') + "A"));
}

// When it returned ok, a power failure leaves it whole; when it failed, there is none or a whole
// one.
TEST(DataDirectory, IsDurableWhenMade) {
  on_loop([](Loop& loop) {
    MemoryDisk below;
    FaultyDisk disk(loop, below);
    ASSERT_TRUE(create_identity(disk, "/data", sample()));
    EXPECT_EQ(read_identity(below, "/data").value(), sample());
    MemoryDisk below_failing;
    FaultyDisk failing(loop, below_failing);
    failing.set_fault({.fail_syncs = true});
    expect_error(create_identity(failing, "/data", sample()), ErrorCode::kIo, {"injected"});
    expect_error(read_identity(below_failing, "/data"), ErrorCode::kNotFound, {});
    expect_error(read_identity(failing, "/data"), ErrorCode::kNotFound, {});
  });
}

}  // namespace
}  // namespace synchrodb::net
