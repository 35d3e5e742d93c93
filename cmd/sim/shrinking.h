// Shrinking as people see it: with its progress on standard error, until Ctrl-C.
#pragma once

#include <string>

#include "sim/shrink/shrink.h"

namespace synchrodb::sim {

struct Shrinking {
  ShrinkResult found;
  bool interrupted = false;  // by Ctrl-C: `found` is the best so far
};

// `max_runs`: of the flag of that name, may be empty. An error names the flag or the command.
Result<Shrinking> shrink_for_people(const Plan& plan, const std::string& max_runs, bool quiet,
                                    const std::string& command);

}  // namespace synchrodb::sim
