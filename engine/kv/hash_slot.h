// Redis Cluster's hash slots: CRC16 (XMODEM) of the key, or of its hash tag, modulo 16,384.
#pragma once

#include <cstdint>
#include <string_view>

namespace synchrodb {

inline constexpr std::uint32_t kHashSlots = 16'384;

// CRC-16/XMODEM: polynomial 0x1021, initial value 0, not reflected.
std::uint16_t crc16(std::string_view bytes);

// If the key contains "{...}" with something between the first '{' and the first '}' after it, only
// that part is hashed, so that related keys share a slot.
std::uint16_t hash_slot(std::string_view key);

}  // namespace synchrodb
