// What each fuzz target defines: libFuzzer calls it with one input after the other. Whatever
// aborts, a sanitizer's finding, leaked memory or a minute without an answer is a failure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "consensus/assert.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace synchrodb::fuzz {

inline std::string_view as_bytes(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// One byte from the front: the choices of a target that are not part of what it parses.
inline std::uint8_t take_byte(std::string_view& bytes) {
  if (bytes.empty()) return 0;
  const auto byte = static_cast<std::uint8_t>(bytes.front());
  bytes.remove_prefix(1);
  return byte;
}

}  // namespace synchrodb::fuzz
