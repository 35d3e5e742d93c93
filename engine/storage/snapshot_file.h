// One snapshot file: writing it from the front, checking, reading any part.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "consensus/message.h"
#include "engine/env/disk.h"
#include "engine/storage/format.h"
#include "engine/storage/storage.h"

namespace synchrodb::storage {

inline constexpr std::uint32_t kSnapshotBlock = 64 * 1024;
// What is written of a snapshot between two syncs, so that no sync, which the log's own would have
// to wait for, takes more than about a millisecond on an ordinary disk.
inline constexpr std::uint32_t kSettleBytes = 1024 * 1024;

// What stands where in a file. All but `state_bytes` and `table_crc` is known before
// the state is.
struct SnapshotLayout {
  GroupId group;
  SnapshotMeta meta;
  std::string configuration;  // encoded
  std::uint64_t state_bytes = 0;
  std::uint32_t block_bytes = kSnapshotBlock;
  std::uint32_t header_bytes = 0;
  std::uint32_t table_crc = 0;

  SnapshotLayout() = default;
  SnapshotLayout(GroupId group, const SnapshotMeta& meta, std::uint32_t block_bytes);
  std::uint64_t blocks() const { return (state_bytes + block_bytes - 1) / block_bytes; }
  std::uint64_t table_at() const { return header_bytes + state_bytes; }
  std::uint64_t file_bytes() const { return table_at() + 4 * blocks(); }
};

// Checksums of a state that arrives in pieces, in order.
class BlockChecksums {
 public:
  explicit BlockChecksums(std::uint32_t block_bytes) : block_bytes_(block_bytes) {}
  void add(std::string_view bytes);
  void end();  // the last block is as short as it is
  // Of the blocks that are whole or ended.
  const std::vector<std::uint32_t>& blocks() const { return blocks_; }

 private:
  std::uint32_t block_bytes_;
  std::uint32_t filled_ = 0;
  std::uint32_t current_ = 0;
  std::vector<std::uint32_t> blocks_;
};

// Writes a file from the state's first byte to its last; the header, which makes a snapshot of it,
// goes last. After an error nothing more may be called.
class SnapshotFileWriter {
 public:
  // `file` is empty. `settle_bytes`: see kSettleBytes. `read_back`: after every sync what it made
  // durable is read and compared with the checksums taken on arrival; a difference is kCorrupt.
  SnapshotFileWriter(std::unique_ptr<File> file, SnapshotLayout layout, std::uint32_t settle_bytes,
                     bool read_back);

  const SnapshotMeta& meta() const { return layout_.meta; }
  std::uint64_t state_bytes() const { return layout_.state_bytes; }
  Result<> append(std::string_view state);
  // All of the state is there: makes the whole durable.
  Result<> finish();

 private:
  Result<> settle();
  Result<> check_same(std::uint64_t offset, std::string_view expected);

  std::unique_ptr<File> file_;
  SnapshotLayout layout_;
  std::uint32_t settle_bytes_;
  bool read_back_;
  BlockChecksums checksums_;
  std::uint64_t settled_ = 0;  // bytes of the state
  std::uint64_t checked_ = 0;  // blocks
};

// kCorrupt unless the header is whole and fits the file's size; kUnsupported for another version.
Result<SnapshotLayout> read_snapshot_header(File& file);

// Every read is checked against the checksums of the blocks that it touches.
class SnapshotFileReader final : public SnapshotReader {
 public:
  // Reads the header and the table of checksums; errors as read_snapshot_header's.
  static Result<std::unique_ptr<SnapshotFileReader>> open(std::unique_ptr<File> file);

  const SnapshotMeta& meta() const override { return layout_.meta; }
  std::uint64_t size() const override { return layout_.state_bytes; }
  Result<std::string> read(std::uint64_t offset, std::size_t max_bytes) override;
  // Reads everything once.
  Result<> check();

 private:
  SnapshotFileReader(std::unique_ptr<File> file, SnapshotLayout layout,
                     std::vector<std::uint32_t> blocks)
      : file_(std::move(file)), layout_(std::move(layout)), blocks_(std::move(blocks)) {}
  Result<> load(std::uint64_t number);

  std::unique_ptr<File> file_;
  SnapshotLayout layout_;
  std::vector<std::uint32_t> blocks_;
  // The block read last: small pieces come from the same one again and again.
  std::string block_;
  std::optional<std::uint64_t> block_number_;
};

}  // namespace synchrodb::storage
