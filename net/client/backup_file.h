// A snapshot saved by an operator: one file that says what it is and proves that it is whole.
//
//   offset  bytes
//   0       8      magic "SYNCBAK\n"
//   8       4      version of this format, 1
//   12      4      CRC32C of the header's other 68 bytes
//   16      16     cluster id
//   32      8      node that gave the snapshot
//   40      8      index of the snapshot
//   48      8      when the file was made, milliseconds since the epoch
//   56      8      length of the payload
//   64      8      XXH3 (64 bits) of the payload
//   72      …      the payload: the snapshot as the node sent it
//
// Numbers are little-endian.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "engine/env/result.h"

namespace synchrodb::net {

inline constexpr std::uint32_t kBackupVersion = 1;
inline constexpr std::size_t kBackupHeaderBytes = 72;

struct BackupHeader {
  std::array<unsigned char, 16> cluster{};
  std::uint64_t node = 0;
  std::uint64_t index = 0;
  std::uint64_t made_ms = 0;
  std::uint64_t bytes = 0;
  std::uint64_t checksum = 0;
};

// Writes FILE beside itself; nothing of that name is touched before commit().
class BackupWriter {
 public:
  // `replace` false: an error if the file exists, now or at commit().
  static Result<std::unique_ptr<BackupWriter>> create(const std::string& path, bool replace);
  // Removes what was not committed.
  ~BackupWriter();
  BackupWriter(const BackupWriter&) = delete;
  BackupWriter& operator=(const BackupWriter&) = delete;

  Result<> append(std::string_view bytes);
  std::uint64_t bytes() const { return bytes_; }

  // Completes the header (`bytes` and `checksum` are the writer's), syncs, reads all of it back,
  // and only then gives the file its name.
  Result<BackupHeader> commit(BackupHeader header);

 private:
  BackupWriter(std::string path, bool replace);

  struct Hash;
  std::string path_;
  std::string beside_;
  bool replace_;
  int fd_ = -1;
  std::uint64_t bytes_ = 0;
  std::unique_ptr<Hash> hash_;
};

// Reads the file from end to end and checks it. `on_payload`, unless null, gets the payload piece
// by piece, before the verdict is known. kCorrupt: what is wrong, and where; kUnsupported: another
// version.
Result<BackupHeader> read_backup(const std::string& path,
                                 const std::function<void(std::string_view)>& on_payload = nullptr);

}  // namespace synchrodb::net
