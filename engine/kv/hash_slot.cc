#include "engine/kv/hash_slot.h"

#include <array>
#include <cstddef>

namespace synchrodb {
namespace {

constexpr std::uint16_t crc_of_byte(std::uint32_t byte) {
  std::uint32_t crc = byte << 8;
  for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000) ? (crc << 1) ^ 0x1021 : crc << 1;
  return static_cast<std::uint16_t>(crc);
}

// kTables[k][b]: the checksum of byte b followed by k zero bytes, so that eight bytes at a time can
// be looked up independently ("slicing by 8").
constexpr auto kTables = [] {
  std::array<std::array<std::uint16_t, 256>, 8> tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) tables[0][byte] = crc_of_byte(byte);
  for (std::size_t k = 1; k < tables.size(); ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint16_t crc = tables[k - 1][byte];
      tables[k][byte] = static_cast<std::uint16_t>((crc << 8) ^ tables[0][crc >> 8]);
    }
  }
  return tables;
}();

}  // namespace

std::uint16_t crc16(std::string_view bytes) {
  std::uint32_t crc = 0;
  const auto* p = reinterpret_cast<const unsigned char*>(bytes.data());
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, p += 8) {
    crc =
        static_cast<std::uint32_t>(kTables[7][p[0] ^ (crc >> 8)] ^ kTables[6][p[1] ^ (crc & 0xff)] ^
                                   kTables[5][p[2]] ^ kTables[4][p[3]] ^ kTables[3][p[4]] ^
                                   kTables[2][p[5]] ^ kTables[1][p[6]] ^ kTables[0][p[7]]);
  }
  for (; left > 0; --left, ++p) {
    crc = ((crc << 8) & 0xffff) ^ kTables[0][(crc >> 8) ^ *p];
  }
  return static_cast<std::uint16_t>(crc);
}

std::uint16_t hash_slot(std::string_view key) {
  const std::size_t open = key.find('{');
  if (open != std::string_view::npos) {
    const std::size_t close = key.find('}', open + 1);
    if (close != std::string_view::npos && close > open + 1) {
      key = key.substr(open + 1, close - open - 1);
    }
  }
  return static_cast<std::uint16_t>(crc16(key) & (kHashSlots - 1));
}

}  // namespace synchrodb
