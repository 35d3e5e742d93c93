// A trace for Perfetto (https://ui.perfetto.dev) and chrome://tracing.
#pragma once

#include <string>

#include "sim/explain/explanation.h"

namespace synchrodb::sim {

// The whole run as Chrome's trace events in JSON: a process for each node, client, the faults and
// the causal chain; roles and operations as slices, messages as flows between slices, events as
// instants. Times are microseconds of the run, with three decimals.
std::string to_perfetto(const Explanation& explanation);

}  // namespace synchrodb::sim
