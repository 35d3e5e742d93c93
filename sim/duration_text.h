// Durations as people write them: "60s", "1.5s", "200ms", "15us", "7ns", "2min", "1h".
#pragma once

#include <string>
#include <string_view>

#include "consensus/types.h"
#include "engine/env/result.h"

namespace synchrodb::sim {

// Exact: a fraction finer than a nanosecond, a sign, an unknown unit, or more than 292 years is an
// error. A bare number other than 0 is an error too, since nobody can tell its unit.
Result<Duration> parse_duration(std::string_view text);

// The shortest exact form in seconds or, below one second, in a smaller unit; parse_duration()
// gives the same duration back. `duration` is not negative.
std::string format_duration(Duration duration);

}  // namespace synchrodb::sim
