#pragma once

#include "consensus/types.h"

namespace synchrodb {

// One node's clocks. Both may be wrong, each in its own way.
class Clock {
 public:
  virtual ~Clock() = default;
  // Monotonic; goes on while the machine sleeps. May drift, never steps.
  virtual Instant now() = 0;
  // Civil time. `synchronised` false: no claim is made, and leases fall back to ReadIndex.
  virtual WallInterval wall_now() = 0;

  Now both() { return Now{now(), wall_now()}; }
};

}  // namespace synchrodb
