// The nemesis' clock family. Monotonic clocks drift and never step; wall clocks do anything. Within
// the budget a wall clock knows how wrong it may be.
#include <algorithm>

#include "sim/world/nemesis.h"

namespace synchrodb::sim {

void Nemesis::begin_clock(Active& active) {
  for (const std::uint32_t victim : active.victims) {
    SimClock& clock = cluster_[victim].clock();
    switch (active.kind) {
      case FaultKind::kClockOffset:
        clock.set_wall_offset(milliseconds(parameter(active, "offset-ms")));
        break;
      case FaultKind::kClockDrift:
        clock.set_drift(parameter(active, "ppm"));
        break;
      case FaultKind::kClockStep:
        clock.step_wall(milliseconds(parameter(active, "step-ms")));
        break;
      case FaultKind::kClockStrobe:
        clock.strobe_wall(milliseconds(parameter(active, "step-ms")),
                          milliseconds(parameter(active, "period-ms")),
                          world_.kernel.now() + active.action->lasting);
        break;
      case FaultKind::kClockFreeze:
        clock.freeze_wall();
        break;
      case FaultKind::kClockBoundViolated:
        if (parameter(active, "ppm") != 0) clock.set_drift(parameter(active, "ppm"));
        clock.set_wall_offset(milliseconds(parameter(active, "offset-ms")), Honesty::kDishonest);
        break;
      default:
        return;
    }
  }
}

void Nemesis::end_clock(Active& active) {
  const bool mine =
      active.kind >= FaultKind::kClockOffset && active.kind <= FaultKind::kClockFreeze;
  if (!mine && active.kind != FaultKind::kClockBoundViolated) return;
  for (const std::uint32_t victim : active.victims) {
    SimClock& clock = cluster_[victim].clock();
    if (active.kind == FaultKind::kClockDrift) {
      if (!any_active(FaultKind::kClockDrift, victim)) clock.set_drift(0);
    } else if (active.kind == FaultKind::kClockFreeze) {
      clock.thaw_wall();
    } else if (active.kind != FaultKind::kClockStrobe) {
      clock.set_wall_offset(Duration{});
    }
  }
}

}  // namespace synchrodb::sim
