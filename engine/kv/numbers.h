// Numbers in strings, as strictly as Redis reads and writes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace synchrodb {

// A signed 64-bit decimal in its one canonical form: no spaces, plus sign, leading zeros or "-0"
// (Redis' string2ll).
std::optional<std::int64_t> parse_integer(std::string_view text);

// Whatever strtold takes in full: decimal, hexadecimal, "inf"; but no NaN, no leading space, no
// overflow or underflow (Redis' string2ld).
std::optional<long double> parse_long_double(std::string_view text);

// "%.17Lf" without trailing zeros (Redis' LD_STR_HUMAN), so that every node of a build writes the
// same bytes. The value must be finite.
std::string format_long_double(long double value);

// a + b, or nothing if that overflows.
std::optional<std::int64_t> checked_add(std::int64_t a, std::int64_t b);

}  // namespace synchrodb
