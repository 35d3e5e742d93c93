#include "net/server/allocator.h"

#include <malloc.h>

#include <cstdint>
#include <string>

// Null where jemalloc is not linked. mallctl(3): names of a value, where to put the old one, and
// the new one.
extern "C" int mallctl(const char* name, void* old_value, std::size_t* old_length, void* new_value,
                       std::size_t new_length) __attribute__((weak));

namespace synchrodb::net {
namespace {

template <class T>
T control(const char* name, T otherwise) {
  T value = otherwise;
  std::size_t length = sizeof value;
  return mallctl(name, &value, &length, nullptr, 0) == 0 ? value : otherwise;
}

}  // namespace

const char* allocator_name() {
  if (mallctl == nullptr) return "libc";
  static const std::string name = std::string("jemalloc-") + control<const char*>("version", "");
  return name.c_str();
}

std::size_t heap_bytes() {
  if (mallctl == nullptr) return mallinfo2().uordblks;
  // Statistics are as of the last epoch.
  std::uint64_t epoch = 1;
  mallctl("epoch", nullptr, nullptr, &epoch, sizeof epoch);
  return control<std::size_t>("stats.allocated", 0);
}

void release_unused_memory() {
  if (mallctl == nullptr) {
    malloc_trim(0);
  } else {
    mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0);  // 4096: of all arenas
  }
}

}  // namespace synchrodb::net
