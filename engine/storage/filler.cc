#include "engine/storage/filler.h"

namespace synchrodb::storage {

std::string filler(std::uint32_t first, std::uint32_t count) {
  std::string bytes(count * kSector, '\0');
  for (std::uint32_t i = 0; i < count; ++i) {
    char* sector = bytes.data() + i * kSector;
    const SectorHeader header{0, first + i, kNoSegment, 0, 0, 0, 0};
    std::memcpy(sector, &header, sizeof header);
    put(sector, crc32c(0, sector + 4, kSector - 4));
  }
  return bytes;
}

}  // namespace synchrodb::storage
