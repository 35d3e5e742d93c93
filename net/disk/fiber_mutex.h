// Mutual exclusion of fibers that park while they hold it.
#pragma once

#include <algorithm>
#include <vector>

#include "engine/env/fibers.h"

namespace synchrodb::net {

class FiberMutex {
 public:
  // Holds the mutex from its construction, which parks, to its destruction, which does not.
  class Lock {
   public:
    explicit Lock(FiberMutex& mutex) : mutex_(mutex) { mutex_.lock(); }
    ~Lock() { mutex_.unlock(); }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

   private:
    FiberMutex& mutex_;
  };

  explicit FiberMutex(Fibers& fibers) : fibers_(fibers) {}

 private:
  void lock() {
    while (held_) {
      Fiber* const self = fibers_.current();
      waiting_.push_back(self);
      try {
        fibers_.park(kNever);
      } catch (const Cancelled&) {
        std::erase(waiting_, self);
        throw;
      }
      std::erase(waiting_, self);
    }
    held_ = true;
  }

  void unlock() {
    held_ = false;
    for (Fiber* fiber : waiting_) fibers_.wake(fiber);
  }

  Fibers& fibers_;
  bool held_ = false;
  std::vector<Fiber*> waiting_;
};

}  // namespace synchrodb::net
