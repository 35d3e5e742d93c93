// What things take of the heap: near enough for a limit on memory, in O(1), and the same on every
// node that runs the same build.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>

namespace synchrodb {

// What an allocator takes for a request: a word of its own, in units of 16 bytes, 32 at least
// (glibc's malloc; others differ by a few percent).
constexpr std::size_t heap_block(std::size_t bytes) {
  if (bytes == 0) return 0;
  return std::max<std::size_t>(32, (bytes + sizeof(std::size_t) + 15) / 16 * 16);
}

// A string's memory beyond the object itself: none while it is short enough to live inside.
inline std::size_t heap_of(const std::string& text) {
  return text.capacity() <= std::string().capacity() ? 0 : heap_block(text.capacity() + 1);
}

}  // namespace synchrodb
