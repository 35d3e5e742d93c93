// What a client program needs: addresses, and backups that prove themselves.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "net/client/backup_file.h"
#include "net/client/dialer.h"

namespace synchrodb::net {
namespace {

TEST(ClientDestination, IsAHostAndAPort) {
  for (const auto& [text, host, port] :
       {std::tuple{"localhost:7379", "localhost", 7379}, std::tuple{"[::1]:1", "::1", 1},
        std::tuple{"10.0.0.1:65535", "10.0.0.1", 65535}}) {
    Result<Destination> parsed = parse_destination(text);
    ASSERT_TRUE(parsed.ok()) << text;
    EXPECT_EQ(parsed.value(), (Destination{host, static_cast<std::uint16_t>(port)}));
    EXPECT_EQ(parsed.value().text(), text);
  }
}

TEST(ClientDestination, NothingElseIs) {
  for (const char* text : {"", "host", ":1", "host:", "host:0", "host:65536", "host:1x", "host:-1",
                           "host: 1", "::1:7379", "[]:1", "ho st:1", "unix:/tmp/socket:1"}) {
    Result<Destination> parsed = parse_destination(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_NE(parsed.error().message.find(text), std::string::npos);
  }
}

class ClientBackup : public testing::Test {
 protected:
  ClientBackup() {
    std::string pattern = testing::TempDir() + "backup-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~ClientBackup() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  bool empty() const { return std::filesystem::is_empty(folder_); }

  std::filesystem::path folder_;
};

BackupHeader header() {
  BackupHeader header;
  header.cluster = {1, 2, 3};
  header.node = 7;
  header.index = 99;
  header.made_ms = 1'700'000'000'000;
  return header;
}

TEST_F(ClientBackup, ReadsAsItWasWritten) {
  Result<std::unique_ptr<BackupWriter>> writer = BackupWriter::create(path("b"), false);
  ASSERT_TRUE(writer.ok());
  std::string payload;
  for (int i = 0; i < 5; ++i) {
    const std::string piece(700'000, static_cast<char>('a' + i));
    ASSERT_TRUE(writer.value()->append(piece).ok());
    payload += piece;
  }
  ASSERT_FALSE(std::filesystem::exists(path("b"))) << "before it is whole";
  Result<BackupHeader> written = writer.value()->commit(header());
  ASSERT_TRUE(written.ok()) << written.error().message;

  std::string read;
  Result<BackupHeader> found = read_backup(path("b"), [&](std::string_view p) { read.append(p); });
  ASSERT_TRUE(found.ok()) << found.error().message;
  EXPECT_EQ(read, payload);
  EXPECT_EQ(found.value().cluster, header().cluster);
  EXPECT_EQ(found.value().node, 7U);
  EXPECT_EQ(found.value().index, 99U);
  EXPECT_EQ(found.value().made_ms, header().made_ms);
  EXPECT_EQ(found.value().bytes, payload.size());
}

TEST_F(ClientBackup, WithoutACommitNothingIsLeft) {
  {
    Result<std::unique_ptr<BackupWriter>> writer = BackupWriter::create(path("b"), false);
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE(writer.value()->append("half").ok());
  }
  EXPECT_TRUE(empty());
}

TEST_F(ClientBackup, DoesNotTakeANameThatSomebodyTookMeanwhile) {
  Result<std::unique_ptr<BackupWriter>> writer = BackupWriter::create(path("b"), false);
  ASSERT_TRUE(writer.ok());
  std::ofstream(path("b")) << "precious";
  EXPECT_FALSE(writer.value()->commit(header()).ok());
  std::string kept;
  std::ifstream(path("b")) >> kept;
  EXPECT_EQ(kept, "precious");
}

TEST_F(ClientBackup, AnEmptySnapshotIsOne) {
  Result<std::unique_ptr<BackupWriter>> writer = BackupWriter::create(path("b"), false);
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(writer.value()->commit(header()).ok());
  EXPECT_TRUE(read_backup(path("b")).ok());
}

}  // namespace
}  // namespace synchrodb::net
