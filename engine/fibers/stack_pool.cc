#include "engine/fibers/stack_pool.h"

#include <sys/mman.h>
#include <unistd.h>

#include <new>

namespace synchrodb {
namespace {

std::size_t guard_bytes() {
  static const auto bytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}

}  // namespace

StackPool& StackPool::of_thread() {
  thread_local StackPool pool;
  return pool;
}

StackPool::~StackPool() {
  for (void* mapping : free_) munmap(mapping, guard_bytes() + kStackBytes);
}

boost::context::stack_context StackPool::take() {
  void* mapping = nullptr;
  if (!free_.empty()) {
    mapping = free_.back();
    free_.pop_back();
  } else {
    mapping = mmap(nullptr, guard_bytes() + kStackBytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
    if (mapping == MAP_FAILED) throw std::bad_alloc();
    if (mprotect(mapping, guard_bytes(), PROT_NONE) != 0) {
      munmap(mapping, guard_bytes() + kStackBytes);
      throw std::bad_alloc();
    }
    free_.reserve(free_.size() + 1024);  // so that giving back never allocates
  }
  boost::context::stack_context stack;
  stack.size = kStackBytes;
  stack.sp = static_cast<char*>(mapping) + guard_bytes() + kStackBytes;
  return stack;
}

void StackPool::give_back(boost::context::stack_context& stack) noexcept {
  free_.push_back(static_cast<char*>(stack.sp) - kStackBytes - guard_bytes());
  stack.sp = nullptr;
}

}  // namespace synchrodb
