#include "engine/storage/segment_scan.h"

#include <algorithm>

namespace synchrodb::storage {

JudgedSector judge_sector(std::string_view sector, std::uint64_t segment, std::uint32_t number) {
  static constexpr char kBlank[kSector] = {};
  JudgedSector judged;
  SectorHeader& h = judged.header;
  std::memcpy(&h, sector.data(), sizeof h);
  if (h.crc == 0 && std::memcmp(sector.data(), kBlank, kSector) == 0) return judged;
  if (h.crc != crc32c(0, sector.data() + 4, kSector - 4) || !countable(h.segment) ||
      !countable(h.sequence) || !countable(h.watermark)) {
    judged.verdict = SectorVerdict::kRotten;
    return judged;
  }
  if (h.segment == segment && h.sector == number) {
    judged.verdict = SectorVerdict::kNew;
  } else if (h.segment < segment && h.sector == number) {
    judged.verdict = SectorVerdict::kOld;
  } else {
    judged.verdict = SectorVerdict::kMisplaced;
  }
  return judged;
}

namespace {

// The batch that starts at `first`, if it is whole.
std::optional<FoundBatch> batch_at(const std::vector<JudgedSector>& sectors, std::uint32_t first) {
  const JudgedSector& start = sectors[first];
  if (start.verdict != SectorVerdict::kNew || start.header.position != 0) return std::nullopt;
  const std::uint64_t count = sectors_for(start.header.length);
  if (count > sectors.size() - first) return std::nullopt;
  for (std::uint32_t i = 1; i < count; ++i) {
    const JudgedSector& s = sectors[first + i];
    if (s.verdict != SectorVerdict::kNew || s.header.position != i ||
        s.header.sequence != start.header.sequence || s.header.length != start.header.length) {
      return std::nullopt;
    }
  }
  return FoundBatch{first, static_cast<std::uint32_t>(count), start.header};
}

void note_misplaced(SegmentScan& scan, const JudgedSector& judged) {
  if (judged.verdict != SectorVerdict::kMisplaced) return;
  scan.highest_misplaced = std::max(scan.highest_misplaced, judged.header.sequence);
}

}  // namespace

SegmentScan scan_segment(std::string_view bytes, std::uint64_t segment,
                         std::uint32_t expected_sectors) {
  SegmentScan scan;
  scan.segment = segment;
  const auto present = static_cast<std::uint32_t>(bytes.size() / kSector);
  // One missing sector stands for all: a header's claim must not buy memory.
  const std::uint32_t one_missing = std::max(present, std::uint32_t{kSegmentHeaderSectors}) + 1;
  scan.sectors.resize(std::max({present, std::min(expected_sectors, one_missing), 1u}));
  for (std::uint32_t i = kSegmentHeaderSectors; i < scan.sectors.size(); ++i) {
    JudgedSector& judged = scan.sectors[i];
    if (i >= present) {
      judged.verdict = SectorVerdict::kRotten;
      continue;
    }
    judged = judge_sector(bytes.substr(std::size_t{i} * kSector, kSector), segment, i);
    if (judged.verdict == SectorVerdict::kRotten) continue;
    scan.highest_sequence = std::max(scan.highest_sequence, judged.header.sequence);
    scan.highest_segment = std::max(scan.highest_segment, judged.header.segment);
    note_misplaced(scan, judged);
  }
  if (present > 0 && !decode_segment_header(bytes, segment)) {
    note_misplaced(scan, judge_sector(bytes.substr(0, kSector), segment, 0));
  }
  for (std::uint32_t i = kSegmentHeaderSectors; i < scan.sectors.size();) {
    if (std::optional<FoundBatch> batch = batch_at(scan.sectors, i)) {
      scan.batches.push_back(*batch);
      i += batch->sectors;
    } else {
      ++i;
    }
  }
  return scan;
}

std::string batch_payload(std::string_view segment_bytes, std::uint32_t first, std::uint32_t count,
                          std::uint32_t length) {
  std::string payload;
  payload.reserve(std::min<std::size_t>(length, std::size_t{count} * kSectorPayload));
  for (std::uint32_t i = 0; i < count && payload.size() < length; ++i) {
    const std::size_t at = (std::size_t{first} + i) * kSector + sizeof(SectorHeader);
    if (at + kSectorPayload > segment_bytes.size()) break;
    const std::size_t part = std::min<std::size_t>(kSectorPayload, length - payload.size());
    payload.append(segment_bytes.substr(at, part));
  }
  return payload;
}

std::string encode_segment_header(std::uint64_t segment, std::uint32_t sectors) {
  std::string sector(kSector, '\0');
  char* p = sector.data();
  put(p + 4, kFormatVersion);
  put(p + 8, kSegmentMagic);
  put(p + 16, segment);
  put(p + 24, sectors);
  put(p, crc32c(0, p + 4, kSector - 4));
  return sector;
}

std::optional<SegmentHeader> decode_segment_header(std::string_view sector, std::uint64_t segment) {
  if (sector.size() < kSector) return std::nullopt;
  const char* p = sector.data();
  if (get<std::uint32_t>(p) != crc32c(0, p + 4, kSector - 4)) return std::nullopt;
  if (get<std::uint64_t>(p + 8) != kSegmentMagic) return std::nullopt;
  if (get<std::uint64_t>(p + 16) != segment) return std::nullopt;
  return SegmentHeader{get<std::uint32_t>(p + 4), get<std::uint32_t>(p + 24)};
}

}  // namespace synchrodb::storage
