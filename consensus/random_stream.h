// A stream of random numbers that its owner passes in; nothing here makes one from thin air.
#pragma once

#include <cstdint>

#include "consensus/assert.h"
#include "consensus/types.h"

namespace synchrodb {

class RandomStream {
 public:
  virtual ~RandomStream() = default;

  // 64 uniform bits.
  virtual std::uint64_t next() = 0;

  // Uniform in [0, bound); bound > 0. Integer-only, so every platform draws the same.
  std::uint64_t below(std::uint64_t bound) {
    SYNCHRODB_ASSERT(bound > 0, "an empty range has no element to draw");
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((static_cast<Wide>(next()) * bound) >> 64);
  }

  // Uniform in [low, high]; low <= high.
  Duration between(Duration low, Duration high) {
    const auto span = static_cast<std::uint64_t>(high.ns - low.ns) + 1;
    return {low.ns + static_cast<std::int64_t>(below(span))};
  }

  // True with probability numerator / denominator.
  bool chance(std::uint64_t numerator, std::uint64_t denominator) {
    return below(denominator) < numerator;
  }
};

}  // namespace synchrodb
