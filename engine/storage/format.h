// The bytes on disk: constants and the fixed-size headers. The grammar is in README.md, side by
// side.
//
// Integers are little-endian. Every decoder bounds what it reads: bytes from a disk are hostile.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "consensus/entry.h"
#include "engine/storage/crc32c.h"

namespace synchrodb::storage {

static_assert(std::endian::native == std::endian::little, "the format is written by memcpy");

// What a disk writes whole or not at all.
inline constexpr std::size_t kSector = 512;
inline constexpr std::uint32_t kFormatVersion = 1;

template <class T>
void put(char* to, T value) {
  std::memcpy(to, &value, sizeof value);
}
template <class T>
T get(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// Terms and indexes at or above 2^63 are damage, wherever they stand: arithmetic on them could wrap
// (bug zoo 48), and what one file's reader accepted another's would refuse.
constexpr bool plausible(std::uint64_t value) {
  return value >> 63 == 0;
}

// Numbers of segments and of batches. What a node writes goes on from the highest that it has seen,
// and must be plausible too: one that is so high was never counted up to.
constexpr bool countable(std::uint64_t number) {
  return number >> 62 == 0;
}

// ---- Write-ahead log -------------------------------------------------------------------------

inline constexpr std::uint64_t kSegmentMagic = 0x31474553'42445953;  // "SYDBSEG1"

// Sector 0 of a segment says what the file is. Nothing that recovery needs stands only here.
//   crc:4 version:4 magic:8 segment:8 zero...
inline constexpr std::size_t kSegmentHeaderSectors = 1;
inline constexpr std::uint32_t kFewestSegmentSectors = 8;
inline constexpr const char* kNewSegmentName = "wal-new";  // until it has its size

// Every other sector of a segment.
struct SectorHeader {
  std::uint32_t crc;        // of the rest of the sector
  std::uint32_t sector;     // its place in the segment ...
  std::uint64_t segment;    // ... and the segment's number: the salt. Elsewhere it is not valid
  std::uint64_t sequence;   // of the batch; rises over the node's whole life
  std::uint64_t watermark;  // the last batch that was known synced when this one was written
  std::uint32_t position;   // of this sector in the batch
  std::uint32_t length;     // of the whole batch's payload, in bytes
};
static_assert(sizeof(SectorHeader) == 40);
inline constexpr std::size_t kSectorPayload = kSector - sizeof(SectorHeader);

constexpr std::uint64_t sectors_for(std::uint64_t payload) {
  return payload == 0 ? 1 : (payload + kSectorPayload - 1) / kSectorPayload;
}

// A batch's payload is a sequence of records.
enum class RecordType : std::uint8_t {
  kPadding = 0,        // fills up; also what zeros look like
  kEntry = 1,          // appends an entry; an index that exists is replaced with all that follow
  kReset = 2,          // the group's log restarts after (index, term)
  kPosition = 3,       // the group's log ends at (index, term) here
  kHead = 4,           // segments below `index` are no longer needed (group 0)
  kFault = 5,          // the group's log is damaged: may have acknowledged up to (index, term)
  kFaultResolved = 6,  // no longer
};

struct RecordHeader {
  std::uint32_t crc;     // of the rest of the record
  std::uint32_t length;  // of the body
  std::uint64_t group;
  RecordType type;
};
inline constexpr std::size_t kRecordHeader = 17;  // packed

// Body of kEntry, before the payload:
//   term:8 index:8 previous_term:8 earliest:8 latest:8 kind:1 synchronised:1
inline constexpr std::size_t kEntryFixed = 42;
// Body of kReset, kPosition, kFault, kHead: index:8 term:8
inline constexpr std::size_t kPositionBody = 16;

inline std::string segment_name(std::uint64_t number) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string name = "wal-0000000000000000";
  for (std::size_t i = name.size(); number != 0; number >>= 4) name[--i] = kDigits[number & 15];
  return name;
}

// `prefix` followed by exactly 16 lower-case hexadecimal digits; nothing if `name` is not that.
inline std::optional<std::uint64_t> parse_hex_name(std::string_view name, std::string_view prefix) {
  if (name.size() != prefix.size() + 16 || !name.starts_with(prefix)) return std::nullopt;
  std::uint64_t value = 0;
  for (char c : name.substr(prefix.size())) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && !(c >= 'a' && c <= 'f')) return std::nullopt;
    value = value << 4 | static_cast<std::uint64_t>(digit ? c - '0' : c - 'a' + 10);
  }
  return value;
}

inline std::optional<std::uint64_t> parse_segment_name(std::string_view name) {
  const std::optional<std::uint64_t> number = parse_hex_name(name, "wal-");
  return number && countable(*number) ? number : std::nullopt;
}

// ---- Hard state --------------------------------------------------------------------------------

// One sector a group, in each of two files that mirror one another.
//   crc:4 version:4 magic:8 copy:4 slot:4 sequence:8 group:8 term:8 voted_for:8
//   recovery_term:8 recovery_index:8 zero...
inline constexpr std::uint64_t kHardStateMagic = 0x31445248'42445953;  // "SYDBHRD1"
inline constexpr const char* kHardStateName[2] = {"hard-state-a", "hard-state-b"};

// ---- Snapshots ---------------------------------------------------------------------------------

//   magic:8 version:4 header_bytes:4 group:8 index:8 term:8 configuration_index:8 state_bytes:8
//   block_bytes:4 configuration_bytes:4 table_crc:4 configuration... crc:4 zeros up to
//   header_bytes, then the state, then the table: a block_crc:4 for each block of it
inline constexpr std::uint64_t kSnapshotMagic = 0x31504e53'42445953;  // "SYDBSNP1"
inline constexpr std::size_t kSnapshotFixed = 68;

}  // namespace synchrodb::storage
