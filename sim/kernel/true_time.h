// True time: what the simulated world's own clock says. Nodes never see it; they read their clocks.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

#include "consensus/types.h"

namespace synchrodb::sim {

// Nanoseconds of virtual time since the run began. A type of its own, so that it cannot be mistaken
// for a reading of a node's clock (Instant, WallTime).
struct TrueTime {
  std::int64_t ns = 0;
  constexpr auto operator<=>(const TrueTime&) const = default;
};

inline constexpr TrueTime kEndOfTime{std::numeric_limits<std::int64_t>::max()};

// Saturates at kEndOfTime; `d` may be negative.
constexpr TrueTime operator+(TrueTime t, Duration d) {
  if (d.ns > 0 && t.ns > kEndOfTime.ns - d.ns) return kEndOfTime;
  return {t.ns + d.ns};
}
constexpr Duration operator-(TrueTime a, TrueTime b) {
  return {a.ns - b.ns};
}

}  // namespace synchrodb::sim
