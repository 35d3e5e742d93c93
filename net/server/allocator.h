// What is asked of the allocator that the process was linked with: jemalloc in the server, the C
// library's elsewhere.
#pragma once

#include <cstddef>

namespace synchrodb::net {

// "jemalloc-5.3.0-…", or "libc".
const char* allocator_name();
// In use by the program, as far as is known.
std::size_t heap_bytes();
// Gives unused memory back to the system.
void release_unused_memory();

}  // namespace synchrodb::net
