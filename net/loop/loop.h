// The real world's scheduler: one thread, the KJ event loop driven by the main fiber, and Boost
// fibers that run in between. The same shape as the simulator's kernel.
//
// Rules (each of them cost somebody a day):
//   - A fiber waits only by park(), await() or beside(); never by a KJ wait, a Boost timed wait, a
//     mutex or a system call that blocks.
//   - Nobody parks in a KJ callback, in a catch block or in a destructor.
//   - No exception leaves a fiber, but Cancelled.
//   - Everything here belongs to the loop's thread, except where it says otherwise.
#pragma once

#include <kj/async-io.h>
#include <kj/debug.h>

#include <functional>
#include <memory>
#include <utility>

#include "consensus/assert.h"
#include "engine/env/fibers.h"
#include "net/loop/worker_thread.h"

namespace synchrodb::net {

// The seam's monotonic clock in the real world: it goes on while the machine sleeps
// (CLOCK_BOOTTIME). Fibers' deadlines are readings of it. Any thread.
Instant monotonic_now();

class Loop final : public Fibers {
 public:
  Loop();
  ~Loop() override;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs `body` in a first fiber, and the loop until stop(); then cancels every fiber and lets all
  // of them unwind. Once. Called by the thread that made the loop.
  void run(std::function<void()> body);
  // run() returns soon. From any fiber or KJ callback of the loop.
  void stop();

  // ---- The seam's Fibers.
  Fiber* spawn(const char* name, std::function<void()> body) override;
  Fiber* current() override;
  bool park(Instant deadline) override;
  void wake(Fiber* fiber) override;
  void cancel(Fiber* fiber) override;

  // Waits for the promise; its exception (kj::Exception) is thrown here. A fiber that is cancelled
  // meanwhile drops the promise and unwinds by Cancelled. Worker fibers only.
  template <class T>
  T await(kj::Promise<T> promise);

  // Runs `work` on `thread`, and parks until it is done; not interrupted by cancellation, because
  // `work` may refer to the caller's stack: Cancelled is thrown after it. `work` must not throw.
  void beside(WorkerThread& thread, std::function<void()> work);

  // Called once at the end of the current turn, after the fibers that are ready now have run and
  // before the loop waits for events: the place to flush what the turn has gathered. Must not park.
  void at_end_of_turn(std::function<void()> callback);

  // When the current turn began, for fibers: what need not be exact costs no look at the clock.
  Instant turn_began() const;

  // Called after each turn with how long it held everybody else up. Must not park.
  void observe_turns(std::function<void(Duration)> observer);

  kj::AsyncIoContext& io() { return *io_; }
  kj::Timer& timer() { return io_->provider->getTimer(); }
  std::size_t live_fibers() const;

 private:
  struct Impl;

  std::unique_ptr<kj::AsyncIoContext> io_;  // whose destructor may throw
  std::unique_ptr<Impl> impl_;
};

// ---- inline ------------------------------------------------------------------------------------

template <class T>
T Loop::await(kj::Promise<T> promise) {
  struct Waiting {
    Fiber* fiber;
    bool done = false;
    kj::Maybe<kj::Exception> failure = nullptr;
  } waiting{current()};
  const auto finish = [this, &waiting] {
    waiting.done = true;
    wake(waiting.fiber);
  };
  const auto fail = [&waiting, finish](kj::Exception&& exception) {
    waiting.failure = kj::mv(exception);
    finish();
  };
  if constexpr (std::is_void_v<T>) {
    auto watched = promise.then([finish] { finish(); }, fail).eagerlyEvaluate(nullptr);
    while (!waiting.done) park(kNever);
    KJ_IF_MAYBE (exception, waiting.failure) kj::throwFatalException(kj::mv(*exception));
  } else {
    kj::Maybe<T> value;
    auto watched = promise
                       .then(
                           [&value, finish](T&& result) {
                             value = kj::mv(result);
                             finish();
                           },
                           fail)
                       .eagerlyEvaluate(nullptr);
    while (!waiting.done) park(kNever);
    KJ_IF_MAYBE (exception, waiting.failure) kj::throwFatalException(kj::mv(*exception));
    return kj::mv(KJ_ASSERT_NONNULL(value));
  }
}

}  // namespace synchrodb::net
