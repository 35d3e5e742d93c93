// A snapshot of the state machine travels with its own checksum, end to end: from the serializer
// through the sender's disk, the wire and the receiver's disk to the restore.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "consensus/hash.h"

namespace synchrodb {

inline constexpr std::size_t kSealBytes = 8;

inline void seal_snapshot(std::string& state) {
  std::uint64_t hash = stable_hash(state);
  for (std::size_t i = 0; i < kSealBytes; ++i, hash >>= 8) {
    state.push_back(static_cast<char>(hash & 0xff));
  }
}

// The state without its seal; nothing if the seal is broken.
inline std::optional<std::string_view> open_snapshot(std::string_view sealed) {
  if (sealed.size() < kSealBytes) return std::nullopt;
  const std::string_view state = sealed.substr(0, sealed.size() - kSealBytes);
  std::uint64_t hash = 0;
  for (std::size_t i = kSealBytes; i-- > 0;) {
    hash = hash << 8 | static_cast<unsigned char>(sealed[state.size() + i]);
  }
  if (hash != stable_hash(state)) return std::nullopt;
  return state;
}

}  // namespace synchrodb
