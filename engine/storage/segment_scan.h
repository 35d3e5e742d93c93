// Judging the sectors of one segment, each on its own, and finding the whole batches among them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/storage/format.h"

namespace synchrodb::storage {

enum class SectorVerdict : std::uint8_t {
  kOld,        // never written in this life of the file: zeros, or of an earlier segment's salt
  kNew,        // whole, and where it belongs
  kMisplaced,  // whole, but written for another place or a later segment: a misdirected write
  kRotten,     // no checksum accepts it, or the device cannot read it
};

struct JudgedSector {
  SectorVerdict verdict = SectorVerdict::kOld;
  SectorHeader header{};  // kNew and kMisplaced; kOld: zeros or the earlier life's
};

JudgedSector judge_sector(std::string_view sector, std::uint64_t segment, std::uint32_t number);

// A batch all of whose sectors are new.
struct FoundBatch {
  std::uint32_t first_sector = 0;
  std::uint32_t sectors = 0;
  SectorHeader header{};  // of its first sector
};

struct SegmentScan {
  std::uint64_t segment = 0;
  std::vector<JudgedSector> sectors;  // [0], the segment's header, is not judged
  std::vector<FoundBatch> batches;    // in order of place
  std::uint64_t highest_sequence = 0;
  std::uint64_t highest_segment = 0;
  std::uint64_t highest_misplaced = 0;  // sequence
};

// `expected_sectors`: the size that the segment's header states; what the file lacks of it is
// rotten (a truncated file); one such sector is listed, right behind those that are there.
SegmentScan scan_segment(std::string_view bytes, std::uint64_t segment,
                         std::uint32_t expected_sectors);

// The payload of `count` sectors from `first`, whatever their verdict, at most `length` bytes.
std::string batch_payload(std::string_view segment_bytes, std::uint32_t first, std::uint32_t count,
                          std::uint32_t length);

// A checked segment header; nothing if sector 0 is not one for this segment.
struct SegmentHeader {
  std::uint32_t version = 0;
  std::uint32_t sectors = 0;
};
std::string encode_segment_header(std::uint64_t segment, std::uint32_t sectors);
std::optional<SegmentHeader> decode_segment_header(std::string_view sector, std::uint64_t segment);

}  // namespace synchrodb::storage
