// The rows of the option table, and the words they are written in. For option_table.cc and the
// files of rows; everybody else includes option_table.h.
#pragma once

#include <limits>
#include <span>

#include "net/config/option_table.h"

namespace synchrodb::net {

std::span<const OptionSpec> access_option_rows();
std::span<const OptionSpec> service_option_rows();
std::span<const OptionSpec> engine_option_rows();

namespace option_rows {

inline constexpr std::int64_t kAny = std::numeric_limits<std::int64_t>::max();
inline constexpr std::int64_t kMaxInt = std::numeric_limits<std::int32_t>::max();
inline constexpr std::int64_t kMiB = 1 << 20;
inline constexpr std::int64_t kGiB = 1 << 30;

inline constexpr ValueDomain kSwitch{.kind = ValueKind::kSwitch};
inline constexpr ValueDomain kText{.kind = ValueKind::kText};
inline constexpr ValueDomain kList{.kind = ValueKind::kList};

constexpr ValueDomain integer(std::int64_t low, std::int64_t high) {
  return {.kind = ValueKind::kInteger, .low = low, .high = high};
}
constexpr ValueDomain integer_or_auto(std::int64_t low, std::int64_t high) {
  return {.kind = ValueKind::kInteger, .low = low, .high = high, .automatic = true};
}
constexpr ValueDomain memory(std::int64_t low, std::int64_t high) {
  return {.kind = ValueKind::kMemory, .low = low, .high = high};
}
constexpr ValueDomain choice(std::string_view choices, std::string_view synonyms = {}) {
  return {.kind = ValueKind::kChoice, .choices = choices, .synonyms = synonyms};
}

}  // namespace option_rows

}  // namespace synchrodb::net
