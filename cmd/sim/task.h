// What a command is to run, and how to say it again.
#pragma once

#include <string>

#include "cmd/sim/shared.h"

namespace synchrodb::sim {

struct Task {
  Plan plan;
  std::string reproduce;  // the command line that runs it
};

Result<Task> seed_task(const ShapeFlags& flags, const std::string& seed);
Result<Task> plan_task(const ShapeFlags& flags, const std::string& path);
// Of a `command` that takes one of --seed and --plan; the other is empty.
Result<Task> seed_or_plan_task(const ShapeFlags& flags, const std::string& seed,
                               const std::string& path, const std::string& command);

}  // namespace synchrodb::sim
