// How a node's monotonic clock relates to true time.
#pragma once

#include "consensus/types.h"
#include "sim/kernel/true_time.h"

namespace synchrodb::sim {

class LocalTime {
 public:
  virtual ~LocalTime() = default;

  // What the node's monotonic clock shows now.
  virtual Instant local_now() const = 0;
  // The first moment, from now on, at which that clock will show at least `instant`, as far as is
  // known now; kEndOfTime for kNever and while the clock stands still.
  virtual TrueTime when(Instant instant) const = 0;
};

}  // namespace synchrodb::sim
