// What a fuzzer must leave out of commands.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/kv/ascii.h"
#include "engine/kv/numbers.h"

namespace synchrodb::fuzz {

// SETRANGE is within its rights to claim 512 MiB for a few bytes, which says nothing about defects.
inline bool claims_much_memory(const std::vector<std::string>& argv) {
  constexpr std::int64_t kLargestOffset = 1 << 16;
  if (argv.size() < 3 || !equals_ignoring_case(argv[0], "setrange")) return false;
  const std::optional<std::int64_t> offset = parse_integer(argv[2]);
  return offset && *offset > kLargestOffset;
}

}  // namespace synchrodb::fuzz
