#include "sim/kernel/kernel.h"

#include <algorithm>
#include <boost/fiber/algo/round_robin.hpp>
#include <boost/fiber/operations.hpp>
#include <boost/fiber/scheduler.hpp>

#include "consensus/assert.h"
#include "sim/kernel/failure_trap.h"
#include "sim/kernel/fiber_scheduler.h"
#include "sim/kernel/task.h"

namespace synchrodb::sim {
namespace {

// The scheduler that the thread uses now; null when it is Boost's own.
thread_local FiberScheduler* installed_scheduler = nullptr;

using SchedulerPointer = boost::fibers::algo::algorithm::ptr_t;

boost::fibers::scheduler& thread_scheduler() {
  return *boost::fibers::context::active()->get_scheduler();
}

}  // namespace

// The kernel's scheduler and assertion handler are in force during its life.
class Kernel::Entered {
 public:
  explicit Entered(Kernel& kernel) : trap_(kernel) {
    SYNCHRODB_ASSERT(std::this_thread::get_id() == kernel.thread_,
                     "a kernel stays on the thread that made it");
    SYNCHRODB_ASSERT(!kernel.on_fiber(), "only the event loop may do this");
    if (installed_scheduler == kernel.scheduler_) return;
    install(kernel);
  }

 private:
  static void install(Kernel& kernel) {
    if (installed_scheduler != nullptr) installed_scheduler->set_installed(false);
    thread_scheduler().set_algo(*static_cast<SchedulerPointer*>(kernel.scheduler_holder_.get()));
    installed_scheduler = kernel.scheduler_;
    installed_scheduler->set_installed(true);
    // Fibers spawned from outside have no stack yet.
    for (Candidate* candidate : kernel.ready_) kernel.bind_stack(*static_cast<Task*>(candidate));
  }

  FailureTrap trap_;
};

// ---- Life.

Kernel::Kernel(std::unique_ptr<Strategy> strategy)
    : strategy_(strategy != nullptr ? std::move(strategy) : make_fifo_strategy()),
      scheduler_(new FiberScheduler(*this)),
      scheduler_holder_(std::make_shared<SchedulerPointer>(scheduler_)) {}

Kernel::~Kernel() {
  {
    Entered entered(*this);
    for (std::uint32_t i = 0; i < owners_.size(); ++i) unwind(*owners_[i], Owner{i});
    heap_.clear();
    release_workers();
  }
  if (installed_scheduler == scheduler_) {
    scheduler_->set_installed(false);
    boost::fibers::use_scheduling_algorithm<boost::fibers::algo::round_robin>();
    installed_scheduler = nullptr;
  }
}

void Kernel::shutdown() {
  {
    Entered entered(*this);
    for (std::uint32_t i = 0; i < owners_.size(); ++i) unwind(*owners_[i], Owner{i});
    heap_.clear();
  }
  if (error_ != nullptr) std::rethrow_exception(std::exchange(error_, nullptr));
}

void Kernel::release_workers() {
  for (const std::unique_ptr<Worker>& worker : workers_) {
    worker->exit = true;
    scheduler_->let_exit(worker->context);
    worker->fiber.join();
  }
  // The dispatcher hands the ended workers' stacks back.
  scheduler_->let_dispatch();
  boost::this_fiber::yield();
  workers_.clear();
  idle_.clear();
}

// ---- Running.

RunEnd Kernel::run(TrueTime until, std::uint64_t max_events) {
  Entered entered(*this);
  SYNCHRODB_ASSERT(!in_run_, "run() within run()");
  struct InRun {
    bool& flag;
    explicit InRun(bool& f) : flag(f) { flag = true; }
    ~InRun() { flag = false; }
  } in_run(in_run_);
  stopping_ = false;
  drain();
  for (std::uint64_t ran = 0;; ++ran) {
    if (error_ != nullptr) [[unlikely]] {
      std::rethrow_exception(std::exchange(error_, nullptr));
    }
    if (stopping_) return RunEnd::kStopped;
    if (ran == max_events) return RunEnd::kEventLimit;
    const TrueTime next = heap_.next_time();
    if (next_look_ <= next && next_look_ <= until && next_look_ != kEndOfTime) [[unlikely]] {
      run_look();
      --ran;
      continue;
    }
    if (next > until || next == kEndOfTime) {
      if (until != kEndOfTime && until > now_) now_ = until;
      return next == kEndOfTime ? RunEnd::kIdle : RunEnd::kTimeLimit;
    }
    const EventHeap::Popped event = heap_.pop();
    now_ = event.time;
    ++events_;
    digest_.feed(now_, DigestKind::kEvent, event.sequence, 0);
    heap_.run(event);
    if (!ready_.empty()) drain();
  }
}

void Kernel::look_at(TrueTime time, std::function<void()> look) {
  looks_.emplace(time < now_ ? now_ : time, std::move(look));
  next_look_ = looks_.begin()->first;
}

void Kernel::run_look() {
  auto first = looks_.extract(looks_.begin());
  next_look_ = looks_.empty() ? kEndOfTime : looks_.begin()->first;
  now_ = first.key();
  first.mapped()();
  if (!ready_.empty()) drain();
}

void Kernel::drain() {
  switches_at_event_ = switches_;
  while (!ready_.empty() && error_ == nullptr) boost::this_fiber::yield();
  if (!abandoned_.empty()) bury_abandoned();
}

Task* Kernel::next_task() noexcept {
  if (ready_.empty() || error_ != nullptr) {
    running_ = nullptr;
    return nullptr;
  }
  if (switches_ - switches_at_event_ >= livelock_switches_) [[unlikely]] {
    error_ = std::make_exception_ptr(
        failure("livelock", "fibers keep each other running and time stands still", "", 0));
    running_ = nullptr;
    return nullptr;
  }
  const std::size_t chosen = ready_.size() == 1 ? 0 : strategy_->pick(ready_);
  Task* task = static_cast<Task*>(ready_[chosen]);
  ready_.erase(ready_.begin() + static_cast<std::ptrdiff_t>(chosen));
  ++switches_;
  digest_.feed(now_, DigestKind::kFiber, task->id, 0);
  task->state = Task::State::kRunning;
  running_ = task;
  return task;
}

void Kernel::bind_stack(Task& task) {
  // Boost would make the fiber known to the scheduler that is installed.
  if (task.worker != nullptr || installed_scheduler != scheduler_) return;
  task.worker = &take_worker();
  task.worker->task = &task;
}

// ---- Owners.

Kernel::OwnerState& Kernel::state_of(Owner owner) const {
  SYNCHRODB_ASSERT(owner.value < owners_.size(), "an owner of another kernel");
  return *owners_[owner.value];
}

Owner Kernel::add_owner(const char* name) {
  owners_.push_back(std::make_unique<OwnerState>());
  owners_.back()->name = name;
  return Owner{static_cast<std::uint32_t>(owners_.size() - 1)};
}

void Kernel::kill_owner(Owner owner) {
  Entered entered(*this);
  unwind(state_of(owner), owner);
}

void Kernel::unwind(OwnerState& state, Owner owner) {
  SYNCHRODB_ASSERT(killing_ == nullptr, "a kill within a kill");
  // What came out of a fiber before must not stop this from unwinding the others.
  const std::exception_ptr earlier = std::exchange(error_, nullptr);
  killing_ = &owner;
  state.dying = true;
  state.paused = false;
  state.held.clear();
  state.deferred.clear();
  std::vector<Candidate*> mine;
  for (Candidate* candidate : std::exchange(ready_, {})) {
    (static_cast<Task*>(candidate)->owner == owner ? mine : aside_).push_back(candidate);
  }
  ready_ = std::move(mine);
  for (Task* task = state.first; task != nullptr; task = task->next) {
    task->cancelled = true;
    if (task->state == Task::State::kParked || task->state == Task::State::kHeld) enqueue(*task);
  }
  std::exception_ptr first = earlier;
  while (!ready_.empty()) {
    drain();
    if (error_ != nullptr) {
      if (first == nullptr) first = error_;
      error_ = nullptr;
    }
  }
  error_ = first;
  SYNCHRODB_ASSERT(state.live == 0, "a killed fiber lives on");
  ready_ = std::exchange(aside_, {});
  state.dying = false;
  killing_ = nullptr;
}

bool Kernel::paused(Owner owner) const {
  return state_of(owner).paused;
}

void Kernel::pause_owner(Owner owner) {
  OwnerState& state = state_of(owner);
  state.paused = true;
  const auto not_mine = [&](Candidate* candidate) {
    return static_cast<Task*>(candidate)->owner != owner;
  };
  const auto held = std::stable_partition(ready_.begin(), ready_.end(), not_mine);
  for (auto it = held; it != ready_.end(); ++it) {
    Task& task = *static_cast<Task*>(*it);
    task.state = Task::State::kHeld;
    state.held.push_back(task.handle());
  }
  ready_.erase(held, ready_.end());
}

void Kernel::resume_owner(Owner owner) {
  OwnerState& state = state_of(owner);
  if (!state.paused) return;
  state.paused = false;
  for (const TaskId id : std::exchange(state.held, {})) {
    Task* task = find(id);
    if (task != nullptr && task->state == Task::State::kHeld) make_ready(*task);
  }
  if (state.deferred.empty()) return;
  // As an event, since this may be called from a fiber.
  at(now_, [this, owner] {
    OwnerState& resumed = state_of(owner);
    std::vector<std::function<void()>> deferred = std::exchange(resumed.deferred, {});
    for (std::function<void()>& callable : deferred) when_running(owner, std::move(callable));
  });
}

void Kernel::when_running(Owner owner, std::function<void()> callable) {
  OwnerState& state = state_of(owner);
  if (state.paused) {
    state.deferred.push_back(std::move(callable));
  } else {
    callable();
  }
}

void Kernel::set_lag(Owner owner, Duration lag) {
  state_of(owner).lag = lag;
}

std::size_t Kernel::live_fibers(Owner owner) const {
  return state_of(owner).live;
}

void Kernel::retime(Owner owner, const LocalTime& clock) {
  for (Task* task = state_of(owner).first; task != nullptr; task = task->next) {
    if (task->state != Task::State::kParked || task->local_deadline == kNever) continue;
    task->deadline = clock.when(task->local_deadline);
    arm_timer(*task);
  }
}

}  // namespace synchrodb::sim
