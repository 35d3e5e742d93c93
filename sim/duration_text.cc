#include "sim/duration_text.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>

#include "consensus/assert.h"

namespace synchrodb::sim {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t ns;
};
constexpr std::array kUnits{Unit{"ns", 1},
                            Unit{"us", 1'000},
                            Unit{"ms", 1'000'000},
                            Unit{"s", 1'000'000'000},
                            Unit{"min", 60'000'000'000},
                            Unit{"h", 3'600'000'000'000}};

std::string_view take_digits(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && text[length] >= '0' && text[length] <= '9') ++length;
  const std::string_view digits = text.substr(0, length);
  text.remove_prefix(length);
  return digits;
}

Error invalid(std::string_view text) {
  return {ErrorCode::kInvalid, "\"" + std::string(text.substr(0, 40)) +
                                   "\" is no duration; write for instance 60s, 1.5s or 200ms"};
}

// digits / 10^places units, exactly, in nanoseconds. False: too fine or too great.
bool scale(std::string_view digits, std::size_t places, std::int64_t unit_ns, std::int64_t& ns) {
  __extension__ using Wide = __int128;
  Wide value = 0;
  for (const char digit : digits) {
    value = value * 10 + (digit - '0');
    if (value > Wide{10'000'000'000'000} * 1'000'000'000'000) return false;  // nor any product
  }
  value *= unit_ns;
  for (; places > 0; --places) {
    if (value % 10 != 0) return false;
    value /= 10;
  }
  if (value > std::numeric_limits<std::int64_t>::max()) return false;
  ns = static_cast<std::int64_t>(value);
  return true;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  if (text == "0") return Duration{};
  std::string_view rest = text;
  std::string digits(take_digits(rest));
  std::size_t places = 0;
  if (digits.empty()) return invalid(text);
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    const std::string_view fraction = take_digits(rest);
    if (fraction.empty()) return invalid(text);
    places = fraction.size();
    digits += fraction;
  }
  for (const Unit& unit : kUnits) {
    std::int64_t ns = 0;
    if (rest == unit.name && digits.size() <= 38 && scale(digits, places, unit.ns, ns)) {
      return Duration{ns};
    }
  }
  return invalid(text);
}

std::string format_duration(Duration duration) {
  SYNCHRODB_ASSERT(duration.ns >= 0, "a negative duration has no text form");
  if (duration.ns == 0) return "0s";
  std::size_t unit = 3;
  while (unit > 0 && duration.ns < kUnits[unit].ns) --unit;
  std::string text = std::to_string(duration.ns / kUnits[unit].ns);
  if (const std::int64_t rest = duration.ns % kUnits[unit].ns; rest != 0) {
    std::string fraction = std::to_string(kUnits[unit].ns + rest).substr(1);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    text += "." + fraction;
  }
  return text + std::string(kUnits[unit].name);
}

}  // namespace synchrodb::sim
