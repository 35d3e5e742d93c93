#include "engine/storage/log_recovery.h"

#include <algorithm>

#include "consensus/defects.h"
#include "engine/storage/sector_io.h"

namespace synchrodb::storage {

namespace {

// What a head record in this batch says; 0 if it holds none.
std::uint64_t head_in(const ParsedBatch& batch) {
  std::uint64_t head = 0;
  for (const Record& record : batch.records) {
    if (record.type == RecordType::kHead) head = record.index.value;
  }
  return head;
}

}  // namespace

// The first batch of a segment, if it is whole; else an empty one.
Result<ParsedBatch> LogRecovery::first_batch(std::uint64_t segment) {
  Result<std::unique_ptr<File>> file = disk_.open(segment_name(segment), Disk::Mode::kMustExist);
  if (!file) return file.error();
  std::size_t sectors = kSegmentHeaderSectors + 1;
  for (int pass = 0; pass < 2; ++pass) {
    Result<std::string> bytes = file.value()->read(0, sectors * kSector);
    if (!bytes && bytes.error().code == ErrorCode::kIo) return ParsedBatch{};
    if (!bytes) return bytes.error();
    const SegmentScan scan = scan_segment(bytes.value(), segment, 0);
    if (!scan.batches.empty() && scan.batches[0].first_sector == kSegmentHeaderSectors) {
      const FoundBatch& first = scan.batches[0];
      return parse_records(
          batch_payload(bytes.value(), first.first_sector, first.sectors, first.header.length));
    }
    if (scan.sectors.size() <= kSegmentHeaderSectors) break;
    const JudgedSector& start = scan.sectors[kSegmentHeaderSectors];
    if (start.verdict != SectorVerdict::kNew) break;
    sectors = kSegmentHeaderSectors + sectors_for(start.header.length);
  }
  return ParsedBatch{};
}

// The newest segment whose first batch is whole says where the log begins.
Result<> LogRecovery::find_head(const std::vector<std::uint64_t>& segments) {
  for (auto it = segments.rbegin(); it != segments.rend() && head_ == 0; ++it) {
    Result<ParsedBatch> batch = first_batch(*it);
    if (!batch) return batch.error();
    head_ = head_in(batch.value());
  }
  return {};
}

Result<> LogRecovery::run(const std::vector<std::uint64_t>& segments, bool expected) {
  if (segments.empty()) {
    if (expected) replay_.broken();
    return {};
  }
  if (Result<> r = find_head(segments); !r) return r;
  for (std::uint64_t segment : segments) {
    highest_segment_ = std::max(highest_segment_, segment);
    if (Result<> r = read_segment(segment); !r) return r;
  }
  judge_tail();
  return {};
}

Result<> LogRecovery::read_segment(std::uint64_t segment) {
  Result<std::unique_ptr<File>> file = disk_.open(segment_name(segment), Disk::Mode::kMustExist);
  if (!file) return file.error();
  Result<std::string> bytes = read_by_sector(*file.value());
  if (!bytes) return bytes.error();
  const std::optional<SegmentHeader> header = decode_segment_header(bytes.value(), segment);
  if (header && header->version != kFormatVersion) {
    return Error{ErrorCode::kUnsupported, segment_name(segment) + ": written by a newer version"};
  }
  const std::uint32_t expected = std::max(header ? header->sectors : 0, kFewestSegmentSectors);
  const SegmentScan scan = scan_segment(bytes.value(), segment, expected);
  highest_sequence_ = std::max(highest_sequence_, scan.highest_sequence);
  highest_segment_ = std::max(highest_segment_, scan.highest_segment);
  highest_misplaced_ = std::max(highest_misplaced_, scan.highest_misplaced);
  files_.push_back({segment, static_cast<std::uint32_t>(bytes.value().size() / kSector)});
  if (segment < head_) return {};
  // What was read may still be only in the page cache of a process that died; it will be reported
  // as durable.
  if (Result<> r = file.value()->sync(); !r) return r;
  replay_segment(scan, bytes.value());
  return {};
}

bool LogRecovery::linked(const SegmentScan& scan, const FoundBatch& batch) const {
  if (!any_batch_) {
    const bool at_start = batch.first_sector == kSegmentHeaderSectors;
    return at_start && (head_ == 0 ? batch.header.watermark == 0 : scan.segment == head_);
  }
  const bool in_place = scan.segment == last_segment_ ? batch.first_sector == last_end_
                                                      : batch.first_sector == kSegmentHeaderSectors;
  return in_place && links(batch.header.watermark) && batch.header.sequence > last_good_;
}

void LogRecovery::replay_batch(const SegmentScan& scan, const FoundBatch& batch,
                               std::string_view bytes) {
  const SectorHeader& h = batch.header;
  ParsedBatch parsed =
      parse_records(batch_payload(bytes, batch.first_sector, batch.sectors, h.length));
  if (!linked(scan, batch) || !parsed.whole) replay_.broken();
  if (parsed.whole) replay_.apply(parsed, scan.segment);
  any_batch_ = true;
  before_last_ = h.watermark;
  last_good_ = h.sequence;
  last_segment_ = scan.segment;
  last_end_ = batch.first_sector + batch.sectors;
  // What was not replayed must not be repeated either.
  last_batch_ = parsed.whole ? std::move(parsed) : ParsedBatch{};
  tail_.clear();
  starts_.clear();
}

void LogRecovery::replay_segment(const SegmentScan& scan, std::string_view bytes) {
  for (const FoundBatch& batch : scan.batches) replay_batch(scan, batch, bytes);
  note_tail(scan, bytes);
}

void LogRecovery::note_tail(const SegmentScan& scan, std::string_view bytes) {
  const bool last = any_batch_ && scan.segment == last_segment_;
  const std::uint32_t from = last ? last_end_ : std::uint32_t{kSegmentHeaderSectors};
  for (std::uint32_t i = from; i < scan.sectors.size(); ++i) {
    const JudgedSector& judged = scan.sectors[i];
    if (i == from) {
      std::string rest;
      if (defect(Defect::kTornTailAccepted)) {
        rest = bytes.substr(std::min(bytes.size(), std::size_t{i} * kSector));
      }
      starts_.push_back({scan.segment, i, judged, std::move(rest)});
    }
    if (judged.verdict == SectorVerdict::kOld) continue;
    tail_.push_back({scan.segment, i, judged});
  }
}

// Each sector of a torn batch is new or old; a rotten one may have been synced and damaged since.
bool LogRecovery::torn(const Start& start) const {
  if (start.judged.verdict == SectorVerdict::kOld)
    return true;  // a sync would have brought it here
  const SectorHeader& h = start.judged.header;
  if (start.judged.verdict != SectorVerdict::kNew || h.position != 0) return false;
  if (h.sequence <= last_good_ || !links(h.watermark)) return false;
  const std::uint64_t end = start.number + sectors_for(h.length);
  return std::none_of(tail_.begin(), tail_.end(), [&](const TailSector& s) {
    if (s.segment != start.segment || s.number < start.number || s.number >= end) return false;
    return s.judged.verdict != SectorVerdict::kNew || s.judged.header.sequence != h.sequence;
  });
}

void LogRecovery::judge_tail() {
  if (defect(Defect::kTornTailAccepted)) return accept_torn_tail();
  // A batch after the last good one was written to a wrong place, which may well be before it.
  if (highest_misplaced_ > last_good_) return replay_.broken();
  for (const TailSector& s : tail_) {
    const SectorHeader& h = s.judged.header;
    // Somebody was told that a batch after the last good one had been synced.
    const bool confirmed = s.judged.verdict != SectorVerdict::kRotten && h.watermark > last_good_;
    if (confirmed) return replay_.broken();
    if (s.judged.verdict == SectorVerdict::kNew) tail_cut_ = true;
  }
  for (const Start& start : starts_) {
    if (!torn(start)) return replay_.broken();
  }
}

// The historical bug (bug zoo 45): the length of the last batch is believed and its checksums are
// not looked at.
void LogRecovery::accept_torn_tail() {
  for (const Start& start : starts_) {
    const SectorHeader& h = start.judged.header;
    if (start.judged.verdict != SectorVerdict::kNew || h.position != 0) continue;
    const auto present = static_cast<std::uint32_t>(start.bytes.size() / kSector);
    const std::uint64_t count = std::min<std::uint64_t>(sectors_for(h.length), present);
    const std::string payload =
        batch_payload(start.bytes, 0, static_cast<std::uint32_t>(count), h.length);
    replay_.apply(parse_records(payload, false), start.segment);
    rewrite_all_ = true;
  }
}

}  // namespace synchrodb::storage
