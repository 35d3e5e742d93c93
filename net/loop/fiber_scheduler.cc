#include "net/loop/fiber_scheduler.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace synchrodb::net {

void FiberScheduler::awakened(Context* context) noexcept {
  using boost::fibers::type;
  if (context->is_context(type::dispatcher_context)) {
    dispatcher_ = context;
  } else if (context->is_context(type::main_context)) {
    main_ = context;
  } else if (creating_) {
    created_ = context;
  } else {
    std::fputs("loop: a fiber waited for something of Boost.Fiber's own\n", stderr);
    std::abort();
  }
}

FiberScheduler::Context* FiberScheduler::pick_next() noexcept {
  if (budget_ > 0 && !ready_.empty()) {
    --budget_;
    Context* worker = ready_.front();
    ready_.pop_front();
    return worker;
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

void FiberScheduler::suspend_until(std::chrono::steady_clock::time_point const&) noexcept {
  std::fputs("loop: the main fiber blocked, or somebody used a timed wait of Boost's\n", stderr);
  std::abort();
}

FiberScheduler::Context* FiberScheduler::end_creation() {
  creating_ = false;
  return std::exchange(created_, nullptr);
}

}  // namespace synchrodb::net
