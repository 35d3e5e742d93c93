#include "net/disk/hex.h"

#include <fmt/format.h>

#include <charconv>

namespace synchrodb::net {

std::string to_hex(std::string_view bytes) {
  const auto* begin = reinterpret_cast<const unsigned char*>(bytes.data());
  return fmt::format("{:02x}", fmt::join(begin, begin + bytes.size(), ""));
}

std::optional<std::string> from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    unsigned char byte = 0;
    std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    bytes.push_back(static_cast<char>(byte));
  }
  if (to_hex(bytes) != hex) return std::nullopt;
  return bytes;
}

}  // namespace synchrodb::net
