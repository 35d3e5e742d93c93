// What a protocol's node keeps over a crash: names and bytes, in one file. Each change is appended;
// a file that is mostly history is written anew beside and renamed.
//
// The file is a row of records, each: CRC32C of the rest (4 bytes), length of the name (4), length
// of the bytes, all ones for an erasure (4), name, bytes; integers are little-endian. Records after
// one that is torn or damaged are lost.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/env/disk.h"
#include "sim/protocol/behaviour.h"

namespace synchrodb::sim {

class ProtocolStorage {
 public:
  explicit ProtocolStorage(Disk& disk) : disk_(disk) {}

  // Fiber only, all of these: they may park. After an error the storage cannot be used any more.
  Result<> open();  // what it finds is durable
  Result<> put(const std::string& name, const std::string& bytes);
  Result<> erase(const std::string& name);
  Result<> sync();

  // What a node that asks its own storage finds: what was put, durable or not.
  const ProtocolContents& contents() const { return contents_; }

 private:
  Result<> append(const std::string& record);
  // If little of the file still counts. What fails before the rename leaves the file as it was.
  Result<> compact_if_worthwhile();
  Result<std::unique_ptr<File>> write_anew(const std::string& bytes);
  void account(const std::string& name, const std::string* bytes);
  std::size_t replay(const std::string& bytes);

  Disk& disk_;
  std::unique_ptr<File> file_;
  std::uint64_t end_ = 0;
  std::uint64_t live_ = 0;           // bytes of the records that still count
  std::uint64_t worthwhile_at_ = 0;  // the file's length; after a failure, a longer one
  ProtocolContents contents_;
};

}  // namespace synchrodb::sim
