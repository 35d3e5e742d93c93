// The fibers' half of the kernel.
#include "sim/kernel/task.h"

#include <boost/fiber/context.hpp>

#include "consensus/assert.h"
#include "engine/fibers/stack_pool.h"
#include "sim/kernel/failure_trap.h"
#include "sim/kernel/fiber_scheduler.h"

// Present in sanitizer builds only.
// NOLINTNEXTLINE(bugprone-reserved-identifier, readability-identifier-naming)
extern "C" void __lsan_register_root_region(const void* begin, std::size_t size)
    __attribute__((weak));

namespace synchrodb::sim {

void Worker::loop() {
  while (!exit) {
    kernel.run_body(*task);
    context->suspend();
  }
}

// ---- Birth and death.

Task* Kernel::find(TaskId id) const {
  if (id.index >= tasks_.size()) return nullptr;
  Task* task = tasks_[id.index].get();
  return task->generation == id.generation ? task : nullptr;
}

Task& Kernel::make_task(Owner owner) {
  if (free_tasks_.empty()) {
    tasks_.push_back(std::make_unique<Task>());
    tasks_.back()->index = static_cast<std::uint32_t>(tasks_.size() - 1);
    free_tasks_.push_back(tasks_.back().get());
  }
  Task& task = *free_tasks_.back();
  free_tasks_.pop_back();
  task.id = next_task_id_++;
  task.priority = strategy_->priority_of_new(task.id);
  task.cancelled = false;
  task.timed_out = false;
  task.owner = owner;
  task.deadline = kEndOfTime;
  task.local_deadline = kNever;
  task.timer_time = kEndOfTime;
  OwnerState& state = state_of(owner);
  task.previous = state.last;
  task.next = nullptr;
  (state.last != nullptr ? state.last->next : state.first) = &task;
  state.last = &task;
  ++state.live;
  ++live_fibers_;
  return task;
}

Worker& Kernel::take_worker() {
  if (!idle_.empty()) {
    Worker& worker = *idle_.back();
    idle_.pop_back();
    return worker;
  }
  workers_.push_back(std::make_unique<Worker>(*this));
  Worker& worker = *workers_.back();
  scheduler_->begin_creation();
  worker.fiber = boost::fibers::fiber(boost::fibers::launch::post, std::allocator_arg,
                                      PooledStack(), [&worker] { worker.loop(); });
  worker.context = scheduler_->end_creation();
  idle_.reserve(workers_.size());
  return worker;
}

TaskId Kernel::spawn(Owner owner, const char* name, std::function<void()> body) {
  SYNCHRODB_ASSERT(!state_of(owner).dying, "a dying process starts a fiber");
  Task& task = make_task(owner);
  task.name = name;
  task.body = std::move(body);
  task.state = Task::State::kHeld;
  make_ready(task);
  return task.handle();
}

void Kernel::run_body(Task& task) {
  try {
    const std::function<void()> body = std::move(task.body);
    task.body = nullptr;
    if (!task.cancelled) body();
  } catch (const Cancelled&) {
  } catch (...) {
    capture(std::current_exception());
  }
  finish(task);
}

void Kernel::capture(std::exception_ptr error) noexcept {
  if (error_ == nullptr) error_ = std::move(error);
}

void Kernel::finish(Task& task) {
  OwnerState& state = state_of(task.owner);
  (task.previous != nullptr ? task.previous->next : state.first) = task.next;
  (task.next != nullptr ? task.next->previous : state.last) = task.previous;
  --state.live;
  --live_fibers_;
  if (task.timer_time != kEndOfTime) heap_.cancel(task.timer);
  ++task.generation;
  task.state = Task::State::kFree;
  if (task.worker != nullptr) idle_.push_back(std::exchange(task.worker, nullptr));
  free_tasks_.push_back(&task);
}

AssertionFailed Kernel::failure(const char* condition, const char* meaning, const char* file,
                                int line) const {
  return AssertionFailed{condition, meaning, file, line, running_ != nullptr ? running_->name : "",
                         now_};
}

void Kernel::abandon(AssertionFailed failed) {
  capture(std::make_exception_ptr(std::move(failed)));
  FailureTrap::restore_exception_state();
  Worker* worker = std::exchange(running_->worker, nullptr);
  abandoned_.push_back(worker);
  finish(*running_);
  worker->context->suspend();
  std::abort();  // nobody resumes it
}

void Kernel::bury_abandoned() {
  for (Worker* worker : std::exchange(abandoned_, {})) {
    // Boost must not wait for it when the thread ends. Neither the stack nor the record is freed.
    worker->context->detach();
    worker->fiber.detach();
    if (__lsan_register_root_region != nullptr) {
      const auto top = reinterpret_cast<std::uintptr_t>(worker->context);
      const std::uintptr_t low = top & ~std::uintptr_t{4095};
      __lsan_register_root_region(
          reinterpret_cast<const void*>(low - StackPool::kStackBytes + 4096),
          StackPool::kStackBytes);
    }
    for (auto it = workers_.begin(); it != workers_.end(); ++it) {
      if (it->get() != worker) continue;
      static_cast<void>(it->release());
      workers_.erase(it);
      break;
    }
  }
}

// ---- Waiting.

TaskId Kernel::current() const {
  SYNCHRODB_ASSERT(running_ != nullptr, "not on a fiber");
  return running_->handle();
}

bool Kernel::park(TrueTime deadline) {
  SYNCHRODB_ASSERT(running_ != nullptr, "the event loop must not park");
  Task& task = *running_;
  task.deadline = deadline;
  task.local_deadline = kNever;
  return suspend_current(task);
}

bool Kernel::park_local(Instant deadline, const LocalTime& clock) {
  SYNCHRODB_ASSERT(running_ != nullptr, "the event loop must not park");
  Task& task = *running_;
  task.deadline = deadline == kNever ? kEndOfTime : clock.when(deadline);
  task.local_deadline = deadline;
  return suspend_current(task);
}

bool Kernel::suspend_current(Task& task) {
  SYNCHRODB_ASSERT(!FailureTrap::handling_exception(),
                   "a fiber waits in a catch block or destructor");
  if (task.cancelled) throw Cancelled{};
  task.timed_out = false;
  task.state = Task::State::kParked;
  arm_timer(task);
  task.worker->context->suspend();
  if (task.cancelled) throw Cancelled{};
  return !task.timed_out;
}

void Kernel::sleep(Duration duration) {
  const TrueTime end = now_ + duration;
  while (park(end)) {
  }
}

void Kernel::arm_timer(Task& task) {
  if (task.deadline == kEndOfTime || task.timer_time <= task.deadline) return;
  if (task.timer_time != kEndOfTime) heap_.cancel(task.timer);
  task.timer_time = task.deadline;
  task.timer = at(task.deadline, [this, id = task.handle()] { on_timer(id); });
}

void Kernel::on_timer(TaskId id) {
  Task* task = find(id);
  if (task == nullptr) return;
  task->timer_time = kEndOfTime;
  if (task->state != Task::State::kParked) return;
  if (task->deadline > now_) {
    arm_timer(*task);
    return;
  }
  task->timed_out = true;
  make_ready(*task);
}

void Kernel::wake(TaskId id) {
  Task* task = find(id);
  if (task != nullptr && task->state == Task::State::kParked) make_ready(*task);
}

void Kernel::cancel(TaskId id) {
  Task* task = find(id);
  if (task == nullptr) return;
  task->cancelled = true;
  if (task->state == Task::State::kParked) make_ready(*task);
}

void Kernel::make_ready(Task& task) {
  OwnerState& state = state_of(task.owner);
  if (state.dying) [[unlikely]]
    return enqueue(task);
  if (state.paused) [[unlikely]] {
    task.state = Task::State::kHeld;
    state.held.push_back(task.handle());
  } else if (state.lag.ns > 0) [[unlikely]] {
    task.state = Task::State::kHeld;
    after(state.lag, [this, id = task.handle()] { release_lagged(id); });
  } else {
    enqueue(task);
  }
}

void Kernel::release_lagged(TaskId id) {
  Task* task = find(id);
  if (task == nullptr || task->state != Task::State::kHeld) return;
  OwnerState& state = state_of(task->owner);
  if (state.paused) {
    state.held.push_back(id);
  } else {
    enqueue(*task);
  }
}

void Kernel::enqueue(Task& task) {
  // The stack is bound as late as possible, but not in next_task(), which must not fail.
  bind_stack(task);
  task.state = Task::State::kReady;
  const bool elsewhere = killing_ != nullptr && task.owner != *killing_;
  (elsewhere ? aside_ : ready_).push_back(&task);
}

}  // namespace synchrodb::sim
