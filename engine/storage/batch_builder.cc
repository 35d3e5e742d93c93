#include "engine/storage/batch_builder.h"

#include <algorithm>

namespace synchrodb::storage {

void BatchBuilder::clear() {
  sectors_.clear();
  length_ = 0;
}

void BatchBuilder::append(const char* bytes, std::size_t length) {
  while (length > 0) {
    const std::size_t filled = length_ % kSectorPayload;
    if (filled == 0) sectors_.resize(sectors_.size() + kSector, '\0');
    const std::size_t part = std::min(length, kSectorPayload - filled);
    std::memcpy(&sectors_[sectors_.size() - kSectorPayload + filled], bytes, part);
    bytes += part;
    length -= part;
    length_ += part;
  }
}

void BatchBuilder::record(RecordType type, GroupId group, std::string_view fixed,
                          std::string_view payload) {
  char header[kRecordHeader];
  put(header + 4, static_cast<std::uint32_t>(fixed.size() + payload.size()));
  put(header + 8, group.value);
  header[16] = static_cast<char>(type);
  std::uint32_t crc = crc32c(0, header + 4, kRecordHeader - 4);
  crc = crc32c(crc32c(crc, fixed), payload);
  put(header, crc);
  append(header, sizeof header);
  append(fixed.data(), fixed.size());
  append(payload.data(), payload.size());
}

void BatchBuilder::entry(GroupId group, const Entry& entry, Term previous) {
  char fixed[kEntryFixed];
  put(fixed, entry.term().value);
  put(fixed + 8, entry.index().value);
  put(fixed + 16, previous.value);
  put(fixed + 24, entry.written().earliest.ns);
  put(fixed + 32, entry.written().latest.ns);
  fixed[40] = static_cast<char>(entry.kind());
  fixed[41] = entry.written().synchronised ? 1 : 0;
  record(RecordType::kEntry, group, {fixed, sizeof fixed}, entry.payload());
}

void BatchBuilder::position(RecordType type, GroupId group, Index index, Term term) {
  char body[kPositionBody];
  put(body, index.value);
  put(body + 8, term.value);
  record(type, group, {body, sizeof body}, {});
}

void BatchBuilder::pad_to_leave(std::size_t free) {
  static constexpr char kZeros[kSectorPayload] = {};
  const std::size_t left = kSectorPayload - length_ % kSectorPayload;
  if (left >= kRecordHeader + free) {
    record(RecordType::kPadding, GroupId{}, {kZeros, left - kRecordHeader - free}, {});
  }
}

std::string_view BatchBuilder::seal(std::uint64_t segment, std::uint32_t first_sector,
                                    std::uint64_t sequence, std::uint64_t watermark) {
  if (sectors_.empty()) sectors_.resize(kSector, '\0');
  const auto count = static_cast<std::uint32_t>(sectors_.size() / kSector);
  for (std::uint32_t i = 0; i < count; ++i) {
    char* sector = sectors_.data() + i * kSector;
    SectorHeader header{
        0, first_sector + i, segment, sequence, watermark, i, static_cast<std::uint32_t>(length_)};
    std::memcpy(sector, &header, sizeof header);
    put(sector, crc32c(0, sector + 4, kSector - 4));
  }
  return sectors_;
}

}  // namespace synchrodb::storage
