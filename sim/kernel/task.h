// Inside the kernel: a fiber's record, and the stack that it runs on.
#pragma once

#include <boost/fiber/fiber.hpp>
#include <functional>

#include "sim/kernel/kernel.h"

namespace synchrodb::sim {

// A fiber. Records are reused with another generation once the fiber has ended.
struct Task : Candidate {
  enum class State : std::uint8_t {
    kFree,
    kReady,    // in Kernel::ready_ (or aside_)
    kRunning,  //
    kParked,   //
    kHeld,     // runnable, but its owner is paused or lagging
  };

  std::uint32_t index = 0;
  std::uint32_t generation = 1;
  State state = State::kFree;
  bool cancelled = false;
  bool timed_out = false;
  Owner owner;
  const char* name = "";
  TrueTime deadline = kEndOfTime;
  // The owner's clock decides: kNever when the deadline is true time.
  Instant local_deadline = kNever;
  // One event a fiber, armed lazily: a later deadline leaves the earlier event where it is.
  EventId timer;
  TrueTime timer_time = kEndOfTime;
  Worker* worker = nullptr;
  std::function<void()> body;
  // The owner's fibers, in order of creation.
  Task* previous = nullptr;
  Task* next = nullptr;

  TaskId handle() const { return TaskId{index, generation}; }
};

// A Boost fiber that runs one task after another: starting a task costs a switch, not a stack.
struct Worker {
  explicit Worker(Kernel& owning_kernel) : kernel(owning_kernel) {}
  void loop();

  Kernel& kernel;
  Task* task = nullptr;
  bool exit = false;
  boost::fibers::context* context = nullptr;
  boost::fibers::fiber fiber;
};

struct Kernel::OwnerState {
  const char* name = "";
  bool paused = false;
  bool dying = false;
  Duration lag;
  std::size_t live = 0;
  Task* first = nullptr;
  Task* last = nullptr;
  std::vector<TaskId> held;                     // in the order in which they became runnable
  std::vector<std::function<void()>> deferred;  // when_running()
};

}  // namespace synchrodb::sim
