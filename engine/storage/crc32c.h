// CRC32C (Castagnoli), by the SSE4.2 instruction.
#pragma once

#include <nmmintrin.h>

#include <cstdint>
#include <cstring>
#include <string_view>

namespace synchrodb {

// The checksum of what `state` already covers followed by `bytes`. Start with 0.
inline std::uint32_t crc32c(std::uint32_t state, const char* bytes, std::size_t length) {
  std::uint64_t crc = ~state;
  for (; length >= 8; bytes += 8, length -= 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes, 8);
    crc = _mm_crc32_u64(crc, word);
  }
  auto narrow = static_cast<std::uint32_t>(crc);
  for (; length > 0; ++bytes, --length) {
    narrow = _mm_crc32_u8(narrow, static_cast<unsigned char>(*bytes));
  }
  return ~narrow;
}

inline std::uint32_t crc32c(std::uint32_t state, std::string_view bytes) {
  return crc32c(state, bytes.data(), bytes.size());
}

}  // namespace synchrodb
