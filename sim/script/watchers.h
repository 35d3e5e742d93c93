// What somebody outside of a world does at moments of virtual time: look whether all is well, or
// begin faults. Called on the event loop, never on a fiber.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "sim/oracle/oracle.h"
#include "sim/plan.h"
#include "sim/world/view.h"

namespace synchrodb::sim {

// The moments: each of `at`, and, where `every` is not 0, its multiples.
struct Moments {
  Duration every;
  std::vector<Duration> at;
};

// Asked throughout the run. It changes nothing: a run that is watched has the digest of one that is
// not.
struct Invariant {
  Moments when;
  // What is wrong; nothing: all is well.
  std::function<std::optional<Violation>(const WorldView&)> check;
};

// Asked before the faulty phase ends, not at its end. The actions begin at once, whatever their
// `at` says; a time is filled in. They are given back in RunResult::begun: the plan with them among
// its faults gives the same run again, in everything but its digest.
struct LiveNemesis {
  Moments when;
  std::function<std::vector<FaultAction>(const WorldView&)> strike;
};

}  // namespace synchrodb::sim
