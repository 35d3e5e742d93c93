// A seedless 64-bit hash, equal on every platform (xxHash's XXH3).
#pragma once

#include <cstdint>
#include <string_view>

namespace synchrodb {

std::uint64_t stable_hash(std::string_view bytes);

// Mixes `value` into `state`: order matters. (The finalizer of SplitMix64.)
constexpr std::uint64_t hash_mix(std::uint64_t state, std::uint64_t value) {
  std::uint64_t z = state + 0x9e3779b97f4a7c15ULL + value;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace synchrodb
