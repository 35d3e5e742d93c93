// The kernel's scheduling algorithm for Boost.Fiber.
#pragma once

#include <boost/fiber/algo/algorithm.hpp>
#include <boost/fiber/context.hpp>
#include <vector>

#include "sim/kernel/task.h"

namespace synchrodb::sim {

// Runnable fibers go first, in the order of the kernel's strategy; then the main fiber, which is
// the event loop; Boost's dispatcher, which frees the stacks of ended workers, only when asked for.
// The kernel resumes fibers through its own list, never through Boost's synchronisation: a worker
// that Boost makes runnable was waiting for something that the kernel cannot cancel, and aborts.
class FiberScheduler final : public boost::fibers::algo::algorithm {
 public:
  using Context = boost::fibers::context;

  explicit FiberScheduler(Kernel& kernel) : kernel_(kernel) {}

  void awakened(Context* context) noexcept override;
  Context* pick_next() noexcept override;
  bool has_ready_fibers() const noexcept override;
  void suspend_until(std::chrono::steady_clock::time_point const&) noexcept override;
  void notify() noexcept override {}

  // Between the two, a Boost fiber is being made, whose context is the result.
  void begin_creation() { creating_ = true; }
  Context* end_creation();
  // `worker` runs next, to leave its loop.
  void let_exit(Context* worker) { exiting_ = worker; }
  // Another kernel of this thread takes over, or this one ends: offer only Boost's own fibers.
  void set_installed(bool installed) { installed_ = installed; }
  // The dispatcher goes before the main fiber, once.
  void let_dispatch() { dispatch_first_ = true; }

 private:
  Kernel& kernel_;
  Context* main_ = nullptr;
  Context* dispatcher_ = nullptr;
  Context* created_ = nullptr;
  Context* exiting_ = nullptr;
  bool creating_ = false;
  bool installed_ = false;
  bool dispatch_first_ = false;
};

}  // namespace synchrodb::sim
