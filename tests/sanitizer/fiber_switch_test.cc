// AddressSanitizer must be silent on sound fiber code and must convict unsound fiber code. This
// binary is instrumented in every build, so that the annotations of engine/fibers/sanitizer are
// tested even where the rest is not.
#include <gtest/gtest.h>

#include <boost/fiber/all.hpp>
#include <cstddef>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace {

namespace fibers = boost::fibers;

constexpr std::size_t kStackBytes = 64 * 1024;

template <class Function>
fibers::fiber start(Function function) {
  return fibers::fiber(fibers::launch::post, std::allocator_arg,
                       fibers::fixedsize_stack(kStackBytes), std::move(function));
}

template <class Function>
void run(Function function) {
  start(std::move(function)).join();
}

// Its frame lives on the fiber's stack, around a throw and a switch.
int throw_across_a_switch(int depth) {
  char frame[256];
  std::memset(frame, depth, sizeof frame);
  if (depth > 0) return throw_across_a_switch(depth - 1) + frame[depth];
  boost::this_fiber::yield();
  throw std::runtime_error("unwinds the fiber's stack");
}

// Stands for a library's code, which has no instrumentation: it never cleans the red zones of the
// frames that an exception unwound; only the sanitizer can, if it knows on which stack.
__attribute__((no_sanitize_address, noinline)) void use_stack_like_a_library() {
  char frame[8192];
  std::memset(frame, 0, sizeof frame);
  __asm__ volatile("" : : "r"(&frame[0]) : "memory");
}

TEST(FiberSwitch, ExceptionsUnwindFiberStacksInSilence) {
  int caught = 0;
  std::vector<fibers::fiber> running;
  for (int i = 0; i < 100; ++i) {
    running.push_back(start([&caught] {
      for (int round = 0; round < 10; ++round) {
        try {
          throw_across_a_switch(20);
        } catch (const std::runtime_error&) {
          ++caught;
        }
        use_stack_like_a_library();
      }
    }));
  }
  for (auto& fiber : running) fiber.join();
  EXPECT_EQ(caught, 1000);
}

TEST(FiberSwitch, ReusedStacksCarryNoRedZonesOver) {
  fibers::pooled_fixedsize_stack pool(kStackBytes);
  for (int i = 0; i < 500; ++i) {
    fibers::fiber(fibers::launch::dispatch, std::allocator_arg, pool, [i] {
      volatile char frame[512];
      for (std::size_t k = 0; k < sizeof frame; k += 1 + static_cast<std::size_t>(i) % 7) {
        frame[k] = 1;
      }
      boost::this_fiber::yield();
    }).join();
  }
}

using FiberSwitchDeathTest = testing::Test;

TEST(FiberSwitchDeathTest, UseAfterFreeOnAFiberIsConvicted) {
  EXPECT_DEATH(run([] {
                 auto owner = std::make_unique<int>(1);
                 volatile int* alias = owner.get();
                 boost::this_fiber::yield();
                 owner.reset();
                 *alias = 2;
               }),
               "heap-use-after-free");
}

TEST(FiberSwitchDeathTest, OverrunOfAFibersFrameIsConvicted) {
  EXPECT_DEATH(run([] {
                 char frame[16];
                 volatile std::size_t size = 16;
                 boost::this_fiber::yield();
                 std::memset(frame, 0, size + 1);
               }),
               "stack-buffer-overflow");
}

TEST(FiberSwitchDeathTest, UndefinedBehaviourOnAFiberIsConvicted) {
  EXPECT_DEATH(run([] {
                 volatile int largest = 2147483647;
                 boost::this_fiber::yield();
                 largest = largest + 1;
               }),
               "signed integer overflow");
}

}  // namespace
