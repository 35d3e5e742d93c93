// A timer finer than KJ's, whose milliseconds are those of epoll_wait().
#pragma once

#include <kj/async-unix.h>
#include <kj/io.h>

#include "consensus/types.h"

namespace synchrodb::net {

class FineTimer {
 public:
  // The port outlives the timer.
  explicit FineTimer(kj::UnixEventPort& port);
  FineTimer(const FineTimer&) = delete;
  FineTimer& operator=(const FineTimer&) = delete;

  // Fulfilled once `duration`, more than zero, is over. One promise at a time: a later call takes
  // the place of an earlier one. Costs a system call.
  kj::Promise<void> after(Duration duration);

 private:
  kj::AutoCloseFd fd_;
  kj::UnixEventPort::FdObserver observer_;
};

}  // namespace synchrodb::net
