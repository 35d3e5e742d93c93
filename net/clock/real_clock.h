// The machine's clocks.
#pragma once

#include "engine/env/clock.h"

namespace synchrodb::net {

// Monotonic: CLOCK_BOOTTIME. Civil time: an interval as wide as the kernel's clock discipline says
// that it may be off (adjtimex), unsynchronised where nothing disciplines it: leases then fall back
// to ReadIndex.
class RealClock final : public Clock {
 public:
  Instant now() override;
  WallInterval wall_now() override;

  // For fault injection: civil time is shifted by this much, unknown to its interval.
  void set_wall_offset(Duration offset) { wall_offset_ = offset; }

 private:
  void ask_kernel(Instant now);

  Duration wall_offset_;
  Instant asked_{-1'000'000'000'000};  // the kernel, about its clock's error
  Duration error_;
  bool synchronised_ = false;
};

}  // namespace synchrodb::net
