// The determinism check: the same plan twice, and where the two runs part.
#pragma once

#include <functional>
#include <string>

#include "sim/plan.h"
#include "sim/run.h"

namespace synchrodb::sim {

struct DoubleRun {
  RunResult first;
  RunResult second;
  bool agree = false;
  // Where they part, for people: the events between which it happens, and the first lines of the
  // event log that differ. Empty when they agree.
  std::string difference;
};

using Runner = std::function<RunResult(const Plan&, const RunOptions&)>;

// Runs `plan` in two processes whose heaps are laid out differently and compares digests. When they
// differ, their rolling digests (RunResult::checkpoints) tell between which events, and a second
// pair of runs, traced and compared line by line, tells where. An error: no process, or one of them
// died.
Result<DoubleRun> run_twice(const Plan& plan, const Runner& runner);

}  // namespace synchrodb::sim
