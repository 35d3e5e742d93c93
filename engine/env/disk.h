// Files in one locked directory. Errors are values that the caller must handle.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/env/result.h"

namespace synchrodb {

// An open file. Calls may park the running fiber. Nothing is durable before sync() has returned ok;
// unsynced writes may be lost or torn by a crash, in any combination of 512-byte sectors.
class File {
 public:
  virtual ~File() = default;

  // Writes all of `bytes` at `offset`, extending the file as needed. After an error, what of the
  // range was written is unknown.
  virtual Result<> write(std::uint64_t offset, std::string_view bytes) = 0;
  // At most `length` bytes from `offset`; shorter only at the end of the file.
  virtual Result<std::string> read(std::uint64_t offset, std::size_t length) = 0;
  // Makes contents and size durable. A failed sync is never retried as if it had worked: the page
  // cache may have been dropped, so that a second one would lie.
  virtual Result<> sync() = 0;
  virtual Result<> truncate(std::uint64_t size) = 0;
  // Reserves space, reading as zeros, so that later writes do not change the file's size.
  virtual Result<> preallocate(std::uint64_t size) = 0;
  virtual std::uint64_t size() const = 0;
};

class Disk {
 public:
  virtual ~Disk() = default;

  enum class Mode { kMustExist, kCreate };
  // Names are plain file names within the directory: no slash, at most 64 bytes.
  virtual Result<std::unique_ptr<File>> open(std::string_view name, Mode mode) = 0;
  // Sorted.
  virtual Result<std::vector<std::string>> list() = 0;
  // Creation, rename and remove are durable only after sync_directory().
  virtual Result<> rename(std::string_view from, std::string_view to) = 0;
  virtual Result<> remove(std::string_view name) = 0;
  virtual Result<> sync_directory() = 0;
};

}  // namespace synchrodb
