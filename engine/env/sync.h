// Synchronisation of one node's fibers, all in one thread, above park and wake.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "consensus/assert.h"
#include "engine/env/fibers.h"

namespace synchrodb {

// A flag that one fiber waits for. set() before wait() is remembered.
class Event {
 public:
  explicit Event(Fibers& fibers) : fibers_(fibers) {}

  void set() {
    set_ = true;
    if (waiter_ != nullptr) fibers_.wake(waiter_);
  }

  // Returns and clears the flag; false when the deadline came first. At most one waiter.
  bool wait(Instant deadline = kNever) {
    while (!set_) {
      SYNCHRODB_ASSERT(waiter_ == nullptr, "an Event has one waiter");
      waiter_ = fibers_.current();
      bool woken = false;
      try {
        woken = fibers_.park(deadline);
      } catch (const Cancelled&) {
        waiter_ = nullptr;
        throw;
      }
      waiter_ = nullptr;
      if (!woken && !set_) return false;
    }
    set_ = false;
    return true;
  }

 private:
  Fibers& fibers_;
  Fiber* waiter_ = nullptr;
  bool set_ = false;
};

// A bounded queue between fibers: many may push without waiting, one receives.
template <class T>
class Channel {
 public:
  Channel(Fibers& fibers, std::size_t capacity) : event_(fibers), capacity_(capacity) {}

  // False: full, or closed; the value is untouched.
  bool try_push(T&& value) {
    if (closed_ || queue_.size() >= capacity_) return false;
    queue_.push_back(std::move(value));
    event_.set();
    return true;
  }

  // The next value; nothing at the deadline or once closed and empty.
  std::optional<T> pop(Instant deadline = kNever) {
    while (queue_.empty()) {
      if (closed_ || !event_.wait(deadline)) return std::nullopt;
    }
    std::optional<T> value(std::move(queue_.front()));
    queue_.pop_front();
    return value;
  }

  void close() {
    closed_ = true;
    event_.set();
  }

  std::size_t size() const { return queue_.size(); }

 private:
  Event event_;
  std::deque<T> queue_;
  std::size_t capacity_;
  bool closed_ = false;
};

// Waits until `deadline` on the node's monotonic clock.
inline void sleep_until(Fibers& fibers, Instant deadline) {
  while (fibers.park(deadline)) {
  }
}

}  // namespace synchrodb
