#include "net/clock/real_clock.h"

#include <sys/timex.h>

#include <ctime>

#include "net/loop/loop.h"

namespace synchrodb::net {
namespace {

// A system call is not worth it for each reading: the kernel lets the bound grow by 500 ppm, which
// we add ourselves.
constexpr Duration kAskAgain = seconds(1);
constexpr std::int64_t kGrowthPpm = 500;
// Where nobody vouches for the clock.
constexpr Duration kUnknownError = seconds(1);

}  // namespace

Instant RealClock::now() {
  return monotonic_now();
}

void RealClock::ask_kernel(Instant now) {
  timex discipline{};
  const int state = adjtimex(&discipline);
  synchronised_ = state >= 0 && state != TIME_ERROR && (discipline.status & STA_UNSYNC) == 0;
  error_ = synchronised_ ? microseconds(discipline.maxerror) : kUnknownError;
  asked_ = now;
}

WallInterval RealClock::wall_now() {
  const Instant mono = now();
  if (mono - asked_ > kAskAgain) ask_kernel(mono);
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  const WallTime reading =
      WallTime{std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec} + wall_offset_;
  const Duration error = error_ + (mono - asked_) * kGrowthPpm / 1'000'000;
  return {reading + Duration{-error.ns}, reading + error, synchronised_};
}

}  // namespace synchrodb::net
