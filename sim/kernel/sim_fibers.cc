#include "sim/kernel/sim_fibers.h"

namespace synchrodb::sim {
namespace {

static_assert(sizeof(void*) == 8);

Fiber* to_fiber(TaskId id) {
  return reinterpret_cast<Fiber*>((std::uint64_t{id.generation} << 32) | id.index);
}

TaskId to_task(Fiber* fiber) {
  const auto bits = reinterpret_cast<std::uint64_t>(fiber);
  return TaskId{static_cast<std::uint32_t>(bits), static_cast<std::uint32_t>(bits >> 32)};
}

}  // namespace

Fiber* SimFibers::spawn(const char* name, std::function<void()> body) {
  return to_fiber(kernel_.spawn(owner_, name, std::move(body)));
}

Fiber* SimFibers::current() {
  return to_fiber(kernel_.current());
}

bool SimFibers::park(Instant deadline) {
  return kernel_.park_local(deadline, clock_);
}

void SimFibers::wake(Fiber* fiber) {
  kernel_.wake(to_task(fiber));
}

void SimFibers::cancel(Fiber* fiber) {
  kernel_.cancel(to_task(fiber));
}

}  // namespace synchrodb::sim
