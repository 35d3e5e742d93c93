// What a protocol's node keeps over a crash: names and bytes, in one file that only grows.
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
  std::size_t replay(const std::string& bytes);

  Disk& disk_;
  std::unique_ptr<File> file_;
  std::uint64_t end_ = 0;
  ProtocolContents contents_;
};

}  // namespace synchrodb::sim
