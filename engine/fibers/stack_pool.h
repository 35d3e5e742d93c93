// Stacks for fibers: guarded, pooled for the life of a thread.
#pragma once

#include <boost/context/stack_context.hpp>
#include <boost/context/stack_traits.hpp>
#include <cstddef>
#include <vector>

namespace synchrodb {

// 64 KiB each, with an inaccessible page below, so that an overflow is a fault instead of a
// corrupted neighbour. Mapping one costs 11 us, taking one from the pool nothing; a campaign runs
// thousands of worlds in one thread with the same few dozen stacks. Untouched pages cost no memory.
class StackPool {
 public:
  static constexpr std::size_t kStackBytes = 64 * 1024;

  // The calling thread's.
  static StackPool& of_thread();

  StackPool() = default;
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;
  ~StackPool();

  boost::context::stack_context take();
  void give_back(boost::context::stack_context& stack) noexcept;

 private:
  std::vector<void*> free_;  // lowest address of each mapping
};

// What Boost.Fiber asks of a stack allocator.
class PooledStack {
 public:
  using traits_type = boost::context::stack_traits;

  boost::context::stack_context allocate() { return StackPool::of_thread().take(); }
  void deallocate(boost::context::stack_context& stack) noexcept {
    StackPool::of_thread().give_back(stack);
  }
};

}  // namespace synchrodb
