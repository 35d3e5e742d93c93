// When what was wrong: the strokes of faults, read off a run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/explain/happenings.h"

namespace synchrodb::sim {

struct Stroke {
  std::string fault;
  Lane lane = kWorld;  // of its only victim
  std::int64_t begin_ns = 0;
  std::int64_t end_ns = 0;  // of what is momentary, such as a crash, the begin
};

// By begin. What never ended, ends with the run. Only the first `until` happenings are looked at;
// what then goes on ends at the last of them.
std::vector<Stroke> strokes_of(const Happenings& run, std::size_t until = kNone);

// Those that go on when they are over.
std::vector<Stroke> going_on(const Happenings& run, std::size_t until);

}  // namespace synchrodb::sim
