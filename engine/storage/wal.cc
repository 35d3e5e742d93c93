#include "engine/storage/wal.h"

#include <algorithm>

#include "consensus/assert.h"
#include "engine/storage/filler.h"

namespace synchrodb::storage {

namespace {
constexpr std::size_t kMostFree = 2;
}  // namespace

std::uint32_t Wal::sectors_of(const StorageOptions& options) {
  return std::max(static_cast<std::uint32_t>(options.segment_bytes / kSector),
                  kFewestSegmentSectors);
}

void Wal::resume(const LogRecovery& found) {
  files_.assign(found.files().begin(), found.files().end());
  highest_segment_ = found.highest_segment();
  sequence_ = std::max(found.highest_sequence(), found.last_good());
  watermark_ = found.before_last();
}

bool Wal::fits(std::uint64_t payload) const {
  return file_ != nullptr && next_sector_ + sectors_for(payload) <= sectors_;
}

Result<std::unique_ptr<File>> Wal::recycled(std::uint32_t sectors) {
  while (!free_.empty()) {
    const LogFile file = free_.back();
    free_.pop_back();
    const std::string old_name = segment_name(file.segment);
    if (file.sectors != sectors) {
      if (Result<> r = disk_.remove(old_name); !r) return r.error();
      continue;
    }
    const std::string name = segment_name(next_segment());
    if (Result<> r = disk_.rename(old_name, name); !r) return r.error();
    return disk_.open(name, Disk::Mode::kMustExist);
  }
  return std::unique_ptr<File>();
}

// A file gets its name when its space and size are durable: a segment that is too short is damaged.
Result<std::unique_ptr<File>> Wal::created(std::uint32_t sectors) {
  Result<std::unique_ptr<File>> file = disk_.open(kNewSegmentName, Disk::Mode::kCreate);
  if (!file) return file;
  if (Result<> r = file.value()->preallocate(std::uint64_t{sectors} * kSector); !r)
    return r.error();
  if (Result<> r = file.value()->sync(); !r) return r.error();
  const std::string name = segment_name(next_segment());
  if (Result<> r = disk_.rename(kNewSegmentName, name); !r) return r.error();
  return disk_.open(name, Disk::Mode::kMustExist);
}

Result<> Wal::rotate(std::uint64_t payload) {
  std::uint64_t usual = segment_sectors_;
  if (buggify_.buggify("wal.short-segment")) usual = kFewestSegmentSectors;
  const std::uint64_t needed = kSegmentHeaderSectors + sectors_for(payload);
  const auto sectors = static_cast<std::uint32_t>(std::max(usual, needed));
  Result<std::unique_ptr<File>> file = recycled(sectors);
  const bool used_before = file && file.value() != nullptr;
  if (file && !used_before) file = created(sectors);
  if (!file) return file.error();
  if (Result<> r = disk_.sync_directory(); !r) return r;
  const std::uint64_t number = next_segment();
  if (Result<> r = file.value()->write(0, encode_segment_header(number, sectors)); !r) return r;
  file_ = std::move(file).value();
  segment_ = highest_segment_ = number;
  sectors_ = sectors;
  next_sector_ = kSegmentHeaderSectors;
  written_ = used_before ? sectors : next_sector_;
  files_.push_back({number, sectors});
  return {};
}

Result<> Wal::write(BatchBuilder& batch) {
  SYNCHRODB_ASSERT(fits(batch.length()), "a batch lies in one segment");
  const std::uint64_t sequence = sequence_ + 1;
  const std::string_view bytes = batch.seal(segment_, next_sector_, sequence, watermark_);
  if (Result<> r = file_->write(std::uint64_t{next_sector_} * kSector, bytes); !r) return r;
  const std::uint32_t end = next_sector_ + static_cast<std::uint32_t>(bytes.size() / kSector);
  if (Result<> r = fill_ahead(end); !r) return r;
  if (Result<> r = file_->sync(); !r) return r;
  next_sector_ = end;
  sequence_ = watermark_ = sequence;
  return {};
}

Result<> Wal::fill_ahead(std::uint32_t end) {
  if (end <= written_) return {};
  const std::uint32_t count = std::min(fill_ahead_, sectors_ - end);
  written_ = end + count;
  if (count == 0) return {};
  return file_->write(std::uint64_t{end} * kSector, filler(end, count));
}

Result<> Wal::release_below(std::uint64_t head, bool recycle) {
  while (!files_.empty() && files_.front().segment < head) {
    const LogFile file = files_.front();
    files_.pop_front();
    if (recycle && file.sectors == segment_sectors_ && free_.size() < kMostFree) {
      free_.push_back(file);
    } else if (Result<> r = disk_.remove(segment_name(file.segment)); !r) {
      return r;
    }
  }
  return {};
}

}  // namespace synchrodb::storage
