// The simulator's kernel: virtual time, one event heap, and fibers on top (design 6.1).
//
// The thread's main fiber is the event loop: run() takes the earliest event, lets every fiber that
// it made runnable run until it parks, and jumps to the next. No ticks, no real time: a wait of the
// operating system inside the simulation aborts the process.
//
// Rules:
//   - Whatever a fiber waits for, it waits in park(). Nobody parks in a catch block, in a
//   destructor
//     or on the event loop; park() checks it.
//   - A kernel belongs to the thread that made it. Several may live in one thread, and run in turn.
//   - What fibers refer to must outlive the kernel, whose destructor unwinds them: declare it last,
//     or call shutdown() first.
//   - "Event loop" below: outside any fiber, in an event's callable or between two run()s.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "engine/env/fibers.h"
#include "sim/kernel/digest.h"
#include "sim/kernel/event_heap.h"
#include "sim/kernel/failure.h"
#include "sim/kernel/local_time.h"
#include "sim/kernel/strategy.h"
#include "sim/kernel/true_time.h"

namespace synchrodb::sim {

class FiberScheduler;
struct Task;
struct Worker;

// To whom a fiber belongs: a simulated process, a client, the world itself. Processes keep theirs
// over crash and restart.
struct Owner {
  std::uint32_t value = 0;
  constexpr auto operator<=>(const Owner&) const = default;
};

// Names a fiber. Stays harmless once the fiber has ended. generation 0: no fiber.
struct TaskId {
  std::uint32_t index = 0;
  std::uint32_t generation = 0;
  bool operator==(const TaskId&) const = default;
};

enum class RunEnd : std::uint8_t {
  kTimeLimit,   // virtual time reached the limit
  kEventLimit,  // as many events ran as were allowed
  kIdle,        // nothing is scheduled any more
  kStopped,     // stop()
};

class Kernel {
 public:
  // Null: first in, first out.
  explicit Kernel(std::unique_ptr<Strategy> strategy = nullptr);
  // Unwinds all fibers; an exception that comes out of them now is lost (see shutdown()).
  ~Kernel();
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;

  TrueTime now() const { return now_; }

  // ---- Events: callables of at most EventHeap::kCallableBytes, run on the event loop. They must
  // not park. Equal times run in the order of the calls; a time that has passed means now.
  template <class F>
  EventId at(TrueTime time, F&& callable) {
    return heap_.push(time < now_ ? now_ : time, std::forward<F>(callable));
  }
  template <class F>
  EventId after(Duration delay, F&& callable) {
    return at(now_ + delay, std::forward<F>(callable));
  }
  // False: it has run, or was cancelled, or never was.
  bool cancel(EventId id) { return heap_.cancel(id); }
  bool pending(EventId id) const { return heap_.pending(id); }

  // Calls `look` on the event loop at `time`, before the events of that moment, within run() only.
  // It is no event: neither the order of the events nor the digest knows of it. Looks of one moment
  // run in the order of the calls; a look may ask for the next one. It may change the world, which
  // then goes its way as if an event at the head of that moment had done it.
  void look_at(TrueTime time, std::function<void()> look);

  // ---- Owners.
  // `name` must be a literal or live as long as the kernel.
  Owner add_owner(const char* name);

  // A crash: every fiber of the owner unwinds by Cancelled before this returns; timers and what
  // waited for a pause to end are dropped, a pause is over. Event loop only. The owner may spawn
  // again afterwards, but not while it dies. Take the owner's disk and network away before.
  void kill_owner(Owner owner);

  // A stopped process (SIGSTOP): its fibers do not run, its timers wait. What it would have done
  // meanwhile happens at resume_owner(), in the order in which it fell due.
  void pause_owner(Owner owner);
  void resume_owner(Owner owner);
  bool paused(Owner owner) const;
  // Runs `callable` on the event loop: at once when the owner is not paused, else when it is
  // resumed; never, if it is killed before.
  void when_running(Owner owner, std::function<void()> callable);

  // A slow process: each of its fibers that becomes runnable waits this long before it runs.
  void set_lag(Owner owner, Duration lag);

  // ---- Fibers.
  // Starts with the fibers that are runnable next. `name` must be a literal.
  TaskId spawn(Owner owner, const char* name, std::function<void()> body);
  // Suspends the running fiber until wake() (true) or until `deadline` (false), at once included: a
  // deadline that has passed still lets others run. Throws Cancelled when the fiber is cancelled.
  bool park(TrueTime deadline = kEndOfTime);
  // The same, with a deadline on the owner's own clock; retime() moves it when that clock changes.
  bool park_local(Instant deadline, const LocalTime& clock);
  // Makes a parked fiber runnable; no effect on any other.
  void wake(TaskId task);
  // The fiber unwinds by Cancelled from its current or next park; one that never ran never starts.
  void cancel(TaskId task);
  // The owner's clock changed its rate: the deadlines of park_local() are computed anew.
  void retime(Owner owner, const LocalTime& clock);
  // The running fiber; must be on one.
  TaskId current() const;
  bool on_fiber() const { return running_ != nullptr; }
  // Parks the running fiber for so long.
  void sleep(Duration duration);

  // ---- Running. Event loop's caller only.
  // Until the next event lies beyond `until` (time then stands at `until`), `max_events` have run
  // in this call, nothing is left, or stop(). An exception out of an event or fiber ends the run
  // and is thrown here; a fiber that keeps the others running for `livelock_switches` switches
  // without time passing counts as a failed assertion.
  RunEnd run(TrueTime until, std::uint64_t max_events = ~std::uint64_t{0});
  // run() returns after the current event and the fibers that it made runnable.
  void stop() { stopping_ = true; }
  // Kills all owners and drops all events. Throws the first exception that came out of a fiber and
  // was not thrown by run() yet.
  void shutdown();

  void set_livelock_limit(std::uint64_t switches) { livelock_switches_ = switches; }

  // ---- What happened.
  std::uint64_t events() const { return events_; }
  std::uint64_t switches() const { return switches_; }  // to fibers
  std::size_t pending_events() const { return heap_.size(); }
  std::size_t live_fibers() const { return live_fibers_; }
  std::size_t live_fibers(Owner owner) const;
  Digest& digest() { return digest_; }
  void feed(DigestKind kind, std::uint64_t a, std::uint64_t b) { digest_.feed(now_, kind, a, b); }

 private:
  friend class FiberScheduler;
  friend struct Worker;
  friend class FailureTrap;
  class Entered;
  struct OwnerState;

  // Called by the scheduler: the fiber to run next, null when it is the event loop's turn.
  Task* next_task() noexcept;
  // The fiber's life, on its own stack.
  void run_body(Task& task);
  void finish(Task& task);
  void capture(std::exception_ptr error) noexcept;
  // Leaves the running fiber's stack for ever.
  [[noreturn]] void abandon(AssertionFailed failure);
  AssertionFailed failure(const char* condition, const char* meaning, const char* file,
                          int line) const;

  Task* find(TaskId id) const;
  Task& make_task(Owner owner);
  Worker& take_worker();
  void bind_stack(Task& task);
  bool suspend_current(Task& task);
  void arm_timer(Task& task);
  void on_timer(TaskId id);
  void make_ready(Task& task);
  void enqueue(Task& task);
  void release_lagged(TaskId id);
  void drain();
  void run_look();
  void bury_abandoned();
  void unwind(OwnerState& state, Owner owner);
  void release_workers();
  OwnerState& state_of(Owner owner) const;

  EventHeap heap_;
  TrueTime now_;
  std::multimap<TrueTime, std::function<void()>> looks_;
  TrueTime next_look_ = kEndOfTime;
  Digest digest_;
  std::unique_ptr<Strategy> strategy_;
  std::vector<Candidate*> ready_;  // all of them Tasks
  std::vector<Candidate*> aside_;  // runnable, but another owner is being killed
  Task* running_ = nullptr;
  const Owner* killing_ = nullptr;

  std::vector<std::unique_ptr<OwnerState>> owners_;
  std::vector<std::unique_ptr<Task>> tasks_;
  std::vector<Task*> free_tasks_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<Worker*> idle_;
  std::vector<Worker*> abandoned_;
  FiberScheduler* scheduler_ = nullptr;  // owned by Boost's scheduler and scheduler_holder_
  std::shared_ptr<void> scheduler_holder_;

  std::exception_ptr error_;
  bool stopping_ = false;
  bool in_run_ = false;
  std::uint64_t events_ = 0;
  std::uint64_t switches_ = 0;
  std::uint64_t switches_at_event_ = 0;
  std::uint64_t livelock_switches_ = 10'000'000;
  std::uint64_t next_task_id_ = 0;
  std::size_t live_fibers_ = 0;
  std::thread::id thread_ = std::this_thread::get_id();
};

}  // namespace synchrodb::sim
