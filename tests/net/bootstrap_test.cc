// How a process becomes a node: the id of its data folder.
#include "net/server/bootstrap.h"

#include <gtest/gtest.h>

#include "net/disk/folder_id.h"
#include "net/disk/hex.h"
#include "net/disk/memory_disk.h"
#include "tests/net/support/disk_support.h"

namespace synchrodb::net {
namespace {

using testing::contents;
using testing::on_loop;
using testing::put;

constexpr char kFolder[] = "/data";

ServerOptions founder_of_three(std::int64_t id) {
  ServerOptions options;
  options.node.node_id = id;
  for (std::uint64_t i = 1; i <= 3; ++i) {
    options.cluster.initial_cluster.push_back({NodeId{i}, {"10.0.0." + std::to_string(i), 17379}});
  }
  return options;
}

// A start with what `disk` holds: what the node says of itself once it has settled.
Result<ClusterIdentity> start(Disk& disk, const ServerOptions& options = founder_of_three(1)) {
  Result<ClusterIdentity> identity = ClusterIdentity{};
  on_loop([&](Loop& loop) {
    const PeerDialer dialer(loop, nullptr, "");
    Result<Membership> membership = find_membership(loop, dialer, disk, options, kFolder);
    if (!membership) {
      identity = membership.error();
      return;
    }
    const Result<> settled = settle(disk, options, membership.value(), kFolder);
    EXPECT_TRUE(settled);
    identity = membership.value().identity;
  });
  return identity;
}

TEST(Bootstrap, AFolderGetsAnIdOnce) {
  MemoryDisk disk;
  const std::string made = start(disk).value().folder;
  EXPECT_EQ(made.size(), kFolderIdBytes);
  EXPECT_EQ(contents(disk, "folder-id"), to_hex(made) + "\n");
  EXPECT_EQ(start(disk).value().folder, made);
}

TEST(Bootstrap, FoldersHaveDifferentIds) {
  MemoryDisk one;
  MemoryDisk other;
  const ClusterIdentity before = start(one).value();
  const ClusterIdentity after = start(other).value();
  EXPECT_EQ(before.cluster, after.cluster);
  EXPECT_NE(before.folder, after.folder);
}

TEST(Bootstrap, AFolderOfAnEarlierVersionGetsAnId) {
  MemoryDisk disk;
  ASSERT_TRUE(start(disk));
  ASSERT_TRUE(disk.remove("folder-id"));
  const std::string made = start(disk).value().folder;
  EXPECT_EQ(made.size(), kFolderIdBytes);
  EXPECT_EQ(start(disk).value().folder, made);
}

TEST(Bootstrap, AnAttemptThatACrashEndedIsRepeated) {
  MemoryDisk disk;
  ASSERT_TRUE(start(disk));
  ASSERT_TRUE(disk.rename("folder-id", "folder-id-new"));
  put(disk, "folder-id-new", std::string(1000, 'x'));
  const std::string made = start(disk).value().folder;
  EXPECT_EQ(contents(disk, "folder-id"), to_hex(made) + "\n");
}

TEST(Bootstrap, ADamagedFolderIdIsNotReplaced) {
  const std::string digits(32, '0');
  for (const std::string& text : {std::string(), std::string("0\n"), digits, digits + "\n\n",
                                  std::string(31, '0') + "G\n", digits + "0\n"}) {
    MemoryDisk disk;
    ASSERT_TRUE(start(disk));
    ASSERT_TRUE(disk.remove("folder-id"));
    put(disk, "folder-id", text);
    const Result<ClusterIdentity> again = start(disk);
    ASSERT_FALSE(again) << text;
    EXPECT_EQ(again.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(again.error().message.find("folder-id in /data is damaged"), std::string::npos);
    EXPECT_EQ(contents(disk, "folder-id"), text);
  }
}

TEST(Bootstrap, AFolderInMemoryHasNoId) {
  MemoryDisk disk;
  ServerOptions options = founder_of_three(1);
  options.node.persistence = Persistence::kNone;
  EXPECT_EQ(start(disk, options).value().folder, "");
  EXPECT_EQ(disk.list().value(), (std::vector<std::string>{"addresses", "node-identity"}));
}

}  // namespace
}  // namespace synchrodb::net
