// The swarm's random streams: one for each purpose, so that a draw more in one moves no other.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "consensus/hash.h"
#include "consensus/random_stream.h"

namespace synchrodb::sim {

// Counter-based: the n-th draw depends on (seed, purpose, n) only.
class Draw final : public RandomStream {
 public:
  Draw(std::uint64_t seed, std::string_view purpose)
      : key_(hash_mix(hash_mix(stable_hash("synchrodb swarm"), seed), stable_hash(purpose))) {}

  std::uint64_t next() override { return hash_mix(hash_mix(key_, counter_++), key_); }

  using RandomStream::between;
  // Uniform in [low, high].
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return RandomStream::between(Duration{low}, Duration{high}).ns;
  }

  // In [low, high] with each doubling of `low` equally likely; low > 0. Small values come as often
  // as great ones.
  std::int64_t doubling(std::int64_t low, std::int64_t high) {
    std::int64_t doublings = 0;
    while (low <= (high >> (doublings + 1))) ++doublings;
    const std::int64_t bottom = low << below(static_cast<std::uint64_t>(doublings) + 1);
    return between(bottom, bottom > high / 2 ? high : 2 * bottom - 1);
  }

  bool coin() { return (next() >> 63) != 0; }

  template <class T, std::size_t N>
  T pick(const std::array<T, N>& choices) {
    return choices[below(N)];
  }
  template <class T, std::size_t N>
  T pick(const T (&choices)[N]) {
    return choices[below(N)];
  }

  // The magnitude with a random sign.
  std::int64_t either_sign(std::int64_t magnitude) { return coin() ? magnitude : -magnitude; }

 private:
  std::uint64_t key_;
  std::uint64_t counter_ = 0;
};

}  // namespace synchrodb::sim
