// The thread on which the clients of this process live: all their connections belong to one KJ
// loop, and threads of Python's ask it.
#pragma once

#include <kj/async-io.h>
#include <pybind11/pybind11.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "bindings/python/core/interruption.h"
#include "bindings/python/net/errors.h"

namespace synchrodb::python {

class LoopThread {
 public:
  // Begun when it is first asked for, once a process (a forked child has one of its own), and never
  // ended: objects that outlive the interpreter's end still find it.
  static LoopThread& instance();

  // False in a forked child of the process that made it: there is no thread here.
  bool here() const { return pid_ == ::getpid(); }

  // Runs `function` on the thread and waits for it; not with the interpreter's lock held.
  template <class Function>
  auto run(Function&& function) {
    return executor_->executeSync(std::forward<Function>(function));
  }

  // For what runs on the thread.
  kj::AsyncIoContext& io() { return *io_; }

 private:
  LoopThread();

  pid_t pid_;
  kj::Own<const kj::Executor> executor_;
  kj::AsyncIoContext* io_ = nullptr;
};

// A value that must be made, used and destroyed on the thread.
template <class T>
class OnLoop {
 public:
  OnLoop(LoopThread& loop, kj::Own<T> value) : loop_(loop), value_(kj::mv(value)) {}
  ~OnLoop() {
    // In a forked child it cannot be destroyed in good order, and stays.
    if (!loop_.here()) {
      new kj::Own<T>(kj::mv(value_));
      return;
    }
    // Destructors may come with the interpreter's lock or without.
    std::optional<py::gil_scoped_release> unlocked;
    if (PyGILState_Check() != 0) unlocked.emplace();
    loop_.run([this] { value_ = nullptr; });
  }
  OnLoop(const OnLoop&) = delete;
  OnLoop& operator=(const OnLoop&) = delete;

  LoopThread& loop() { return loop_; }
  T& operator*() { return *value_; }
  T* operator->() { return value_.get(); }

 private:
  LoopThread& loop_;
  kj::Own<T> value_;
};

// A promise of that thread, for which threads of Python's wait.
template <class T>
class Call {
 public:
  // `start` runs on the thread and gives the promise. With the interpreter's lock held.
  template <class Start>
  static std::shared_ptr<Call> begin(LoopThread& loop, Start start) {
    if (!loop.here()) {
      throw NetFailure({ErrorCode::kUnavailable,
                        "the connection belongs to the process that this "
                        "one was forked from; make another here"});
    }
    auto call = std::make_shared<Call>(loop);
    const py::gil_scoped_release unlocked;
    loop.run([&call, &start] {
      Call* const settled = call.get();
      call->task_ =
          kj::evalNow([&start] { return start(); })
              .then([settled](T&& value) { settled->settle(kj::mv(value), std::nullopt); },
                    [settled](kj::Exception&& exception) {
                      settled->settle(std::nullopt, net::error_of(exception));
                    })
              .eagerlyEvaluate(nullptr);
    });
    return call;
  }

  explicit Call(LoopThread& loop) : loop_(loop) {}
  // Cancels what is not settled.
  ~Call() {
    if (!loop_.here()) return;
    std::optional<py::gil_scoped_release> unlocked;
    if (PyGILState_Check() != 0) unlocked.emplace();
    loop_.run([this] { task_ = nullptr; });
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // Until it is settled, or so many seconds have passed: then false. Throws what a handler of
  // Python's signals raises. With the interpreter's lock held; it is free meanwhile.
  bool wait(std::optional<double> seconds = std::nullopt) {
    using Clock = std::chrono::steady_clock;
    constexpr std::chrono::milliseconds kLook{50};
    const auto deadline = Clock::now() + std::chrono::duration<double>(seconds.value_or(0));
    const py::gil_scoped_release unlocked;
    Interruption interruption;
    while (true) {
      {
        std::unique_lock lock(mutex_);
        auto until = Clock::now() + kLook;
        if (seconds) until = std::min<Clock::time_point>(until, time_point(deadline));
        if (changed_.wait_until(lock, until, [this] { return settled_; })) return true;
      }
      if (seconds && Clock::now() >= deadline) return false;
      interruption();
    }
  }

  // Of a settled call: its value, or its error as an exception.
  T take() {
    if (error_) throw NetFailure(*error_);
    return std::move(*value_);
  }

 private:
  static std::chrono::steady_clock::time_point time_point(auto deadline) {
    return std::chrono::time_point_cast<std::chrono::steady_clock::duration>(deadline);
  }

  void settle(std::optional<T> value, std::optional<Error> error) {
    const std::lock_guard lock(mutex_);
    value_ = std::move(value);
    error_ = std::move(error);
    settled_ = true;
    changed_.notify_all();
  }

  LoopThread& loop_;
  kj::Promise<void> task_ = nullptr;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool settled_ = false;
  std::optional<T> value_;
  std::optional<Error> error_;
};

// Begins a call, waits for it, and gives its value.
template <class T, class Start>
T call(LoopThread& loop, Start start) {
  const std::shared_ptr<Call<T>> begun = Call<T>::begin(loop, std::move(start));
  begun->wait();
  return begun->take();
}

}  // namespace synchrodb::python
