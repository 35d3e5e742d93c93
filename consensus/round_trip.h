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
    latest_ = {round, now};
    if (earliest_.round == 0) earliest_ = latest_;
  }
  // The peer has confirmed `round`, and so all before. How long it took is told by rounds of which
  // it is known when they began: those in between may have been lost with the peer's connection.
  void answered(std::uint64_t round, Instant now) {
    if (earliest_.round == 0 || round < earliest_.round) return;
    if (round == latest_.round) take_sample(now - latest_.at);
    if (round == earliest_.round && round != latest_.round) take_sample(now - earliest_.at);
    earliest_ = round < latest_.round ? latest_ : Asked{};
  }
  // What the next answer will take: the usual time, or longer if this one takes longer already. 0:
  // nothing is known.
  Duration expected(Instant now) const {
    return earliest_.round == 0 ? smoothed_ : std::max(smoothed_, now - earliest_.at);
  }

 private:
  struct Asked {
    std::uint64_t round = 0;
    Instant at;
  };

  void take_sample(Duration took) {
    smoothed_ = smoothed_ == Duration{} ? took : Duration{(7 * smoothed_.ns + took.ns) / 8};
  }

  Asked earliest_;  // that is not confirmed; round 0: none
  Asked latest_;
  Duration smoothed_;
};

}  // namespace synchrodb
