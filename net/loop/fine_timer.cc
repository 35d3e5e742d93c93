#include "net/loop/fine_timer.h"

#include <kj/debug.h>
#include <sys/timerfd.h>

#include "consensus/assert.h"

namespace synchrodb::net {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

int make_timer() {
  int fd = -1;
  KJ_SYSCALL(fd = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  return fd;
}

}  // namespace

FineTimer::FineTimer(kj::UnixEventPort& port)
    : fd_(make_timer()), observer_(port, fd_.get(), kj::UnixEventPort::FdObserver::OBSERVE_READ) {}

kj::Promise<void> FineTimer::after(Duration duration) {
  SYNCHRODB_ASSERT(duration.ns > 0, "zero would stop the timer");
  auto over = observer_.whenBecomesReadable();
  itimerspec once{};
  once.it_value.tv_sec = duration.ns / kSecond;
  once.it_value.tv_nsec = duration.ns % kSecond;
  KJ_SYSCALL(::timerfd_settime(fd_, 0, &once, nullptr));
  return over;
}

}  // namespace synchrodb::net
