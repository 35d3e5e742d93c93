#include "sim/kernel/fiber_scheduler.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace synchrodb::sim {

void FiberScheduler::awakened(Context* context) noexcept {
  using boost::fibers::type;
  if (context->is_context(type::dispatcher_context)) {
    dispatcher_ = context;
  } else if (context->is_context(type::main_context)) {
    main_ = context;
  } else if (creating_) {
    created_ = context;
  } else {
    std::fputs("simulation: a fiber waited for something of Boost.Fiber's own\n", stderr);
    std::abort();
  }
}

FiberScheduler::Context* FiberScheduler::pick_next() noexcept {
  if (installed_) {
    if (exiting_ != nullptr) return std::exchange(exiting_, nullptr);
    if (Task* task = kernel_.next_task()) return task->worker->context;
  }
  if (dispatch_first_ && dispatcher_ != nullptr) {
    dispatch_first_ = false;
    return std::exchange(dispatcher_, nullptr);
  }
  if (main_ != nullptr) return std::exchange(main_, nullptr);
  return std::exchange(dispatcher_, nullptr);
}

bool FiberScheduler::has_ready_fibers() const noexcept {
  return main_ != nullptr || dispatcher_ != nullptr;
}

void FiberScheduler::suspend_until(std::chrono::steady_clock::time_point const& time) noexcept {
  std::fputs(time == time.max() ? "simulation: the event loop waits, and nothing can wake it\n"
                                : "simulation: a wait in real time leaked into the simulation\n",
             stderr);
  std::abort();
}

FiberScheduler::Context* FiberScheduler::end_creation() {
  creating_ = false;
  return std::exchange(created_, nullptr);
}

}  // namespace synchrodb::sim
