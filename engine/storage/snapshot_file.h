// One snapshot file: encoding, checking, reading.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "consensus/message.h"
#include "engine/env/disk.h"
#include "engine/storage/format.h"

namespace synchrodb::storage {

inline constexpr std::uint32_t kSnapshotBlock = 64 * 1024;

// What stands where in a file of this snapshot: known as soon as its meta data and size are.
struct SnapshotLayout {
  GroupId group;
  SnapshotMeta meta;
  std::string configuration;  // encoded
  std::uint64_t state_bytes = 0;
  std::uint32_t block_bytes = kSnapshotBlock;
  std::uint32_t header_bytes = 0;

  SnapshotLayout() = default;
  SnapshotLayout(GroupId group, const SnapshotMeta& meta, std::uint64_t state_bytes,
                 std::uint32_t block_bytes);
  std::uint64_t blocks() const { return (state_bytes + block_bytes - 1) / block_bytes; }
};

// Checksums of a state that arrives in pieces, in order.
class BlockChecksums {
 public:
  explicit BlockChecksums(std::uint32_t block_bytes) : block_bytes_(block_bytes) {}
  void add(std::string_view bytes);
  const std::vector<std::uint32_t>& blocks();  // ends the last one
  std::uint32_t whole() const { return whole_; }

 private:
  std::uint32_t block_bytes_;
  std::uint32_t filled_ = 0;
  std::uint32_t current_ = 0;
  std::uint32_t whole_ = 0;
  std::vector<std::uint32_t> blocks_;
};

std::string encode_snapshot_header(const SnapshotLayout& layout, BlockChecksums& checksums);

// A checked header.
struct SnapshotHeader {
  SnapshotLayout layout;
  std::vector<std::uint32_t> blocks;
  std::uint32_t whole = 0;
};

// kCorrupt unless the header is whole and fits the file's size; kUnsupported for another version.
Result<SnapshotHeader> read_snapshot_header(File& file);
// Reads all blocks and checks them; keeps the state only if `state` is given. kCorrupt if damaged.
Result<> read_snapshot_state(File& file, const SnapshotHeader& header, std::string* state);

}  // namespace synchrodb::storage
