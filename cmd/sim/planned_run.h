// What a command is to run, and how to say it again.
#pragma once

#include <string>

#include "cmd/sim/shared.h"

namespace synchrodb::sim {

struct PlannedRun {
  Plan plan;
  std::string reproduce;  // the command line that runs it
};

Result<PlannedRun> planned_by_seed(const ShapeFlags& flags, const std::string& seed);
Result<PlannedRun> planned_by_file(const ShapeFlags& flags, const std::string& path);
// Of a `command` that takes one of --seed and --plan; the other is empty.
Result<PlannedRun> planned_run(const ShapeFlags& flags, const std::string& seed,
                               const std::string& path, const std::string& command);

}  // namespace synchrodb::sim
