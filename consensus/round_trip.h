// How long a peer takes to confirm a round of heartbeats.
#pragma once

#include <algorithm>
#include <cstdint>

#include "consensus/types.h"

namespace synchrodb {

// The smoothed time of the past (RFC 6298's SRTT, a gain of 1/8), by the leader's monotonic clock.
class RoundTrip {
 public:
  // The peer is asked to confirm `round`; rounds rise.
  void asked(std::uint64_t round, Instant now) {
    if (waiting_for_ != 0) return;
    waiting_for_ = round;
    since_ = now;
  }
  // The peer has confirmed `round`, and so all before.
  void answered(std::uint64_t round, Instant now) {
    if (waiting_for_ == 0 || round < waiting_for_) return;
    waiting_for_ = 0;
    const Duration took = now - since_;
    smoothed_ = smoothed_ == Duration{} ? took : Duration{(7 * smoothed_.ns + took.ns) / 8};
  }
  // What the next answer will take: the usual time, or longer if this one takes longer already. 0:
  // nothing is known.
  Duration expected(Instant now) const {
    return waiting_for_ == 0 ? smoothed_ : std::max(smoothed_, now - since_);
  }

 private:
  std::uint64_t waiting_for_ = 0;  // the earliest round that is not confirmed; 0: none
  Instant since_;
  Duration smoothed_;
};

}  // namespace synchrodb
