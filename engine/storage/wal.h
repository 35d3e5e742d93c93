// The files of the write-ahead log: where the next batch goes, and which segments may go.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "engine/env/buggify.h"
#include "engine/env/disk.h"
#include "engine/storage/batch_builder.h"
#include "engine/storage/log_recovery.h"
#include "engine/storage/storage.h"

namespace synchrodb::storage {

class Wal {
 public:
  Wal(Disk& disk, Buggify& buggify, const StorageOptions& options)
      : disk_(disk),
        buggify_(buggify),
        segment_sectors_(sectors_of(options)),
        fill_ahead_(static_cast<std::uint32_t>(options.fill_ahead_bytes / kSector)) {}

  // Goes on after what recovery found. The first batch must go to a new segment.
  void resume(const LogRecovery& found);

  // Whether a batch of this payload fits into the current segment.
  bool fits(std::uint64_t payload) const;
  std::uint64_t segment() const { return segment_; }
  std::uint64_t next_segment() const { return highest_segment_ + 1; }
  std::size_t live_segments() const { return files_.size(); }

  // Makes next_segment() the current one, large enough for a batch of `payload`. The current one is
  // left as it is, whatever fails.
  Result<> rotate(std::uint64_t payload);
  // Writes the batch and syncs.
  Result<> write(BatchBuilder& batch);
  // Segments below `head` are dead: a durable head record says so. They go oldest first; those of
  // the usual size are kept for reuse if `recycle`.
  Result<> release_below(std::uint64_t head, bool recycle);

 private:
  static std::uint32_t sectors_of(const StorageOptions& options);
  Result<std::unique_ptr<File>> recycled(std::uint32_t sectors);
  Result<std::unique_ptr<File>> created(std::uint32_t sectors);
  // If the log, at `end` now, has passed what was written of the file.
  Result<> fill_ahead(std::uint32_t end);

  Disk& disk_;
  Buggify& buggify_;
  std::uint32_t segment_sectors_;
  std::uint32_t fill_ahead_;   // sectors
  std::deque<LogFile> files_;  // rising; the last is the current one
  std::vector<LogFile> free_;  // dead, still under their old names
  std::unique_ptr<File> file_;
  std::uint64_t segment_ = 0;
  std::uint32_t sectors_ = 0;  // of the current segment
  std::uint32_t next_sector_ = 0;
  std::uint32_t written_ = 0;  // sectors of the current segment, before or in an earlier life
  std::uint64_t highest_segment_ = 0;
  std::uint64_t sequence_ = 0;   // the highest ever seen
  std::uint64_t watermark_ = 0;  // the last batch known synced
};

}  // namespace synchrodb::storage
