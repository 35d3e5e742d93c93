#include "engine/storage/sector_io.h"

namespace synchrodb::storage {

Result<std::string> read_by_sector(File& file) {
  const auto size = static_cast<std::size_t>(file.size());
  Result<std::string> whole = file.read(0, size);
  if (whole || whole.error().code != ErrorCode::kIo) return whole;
  std::string bytes;
  bytes.reserve(size);
  while (bytes.size() < size) {
    const std::size_t length = std::min(kSector, size - bytes.size());
    Result<std::string> part = file.read(bytes.size(), length);
    if (!part && part.error().code != ErrorCode::kIo) return part;
    bytes += part && part.value().size() == length ? part.value() : std::string(length, '\xee');
  }
  return bytes;
}

}  // namespace synchrodb::storage
