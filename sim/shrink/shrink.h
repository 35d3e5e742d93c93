// The smallest plan that still violates the property that a plan violates (design 6.6).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sim/plan.h"
#include "sim/run.h"

namespace synchrodb::sim {

// How large a plan is, for people.
struct PlanSize {
  std::size_t faults = 0;
  std::uint32_t nodes = 0;
  std::uint32_t clients = 0;
  std::size_t kinds = 0;  // of operations
  std::uint32_t keys = 0;
  Duration time;
  std::int64_t milli_rate = 0;
  std::size_t options = 0;
  std::size_t buggify = 0;

  bool operator==(const PlanSize&) const = default;
};
PlanSize size_of(const Plan& plan);
// "3 faults, 3 nodes, 1 client, 2 kinds of operations, 1 key, 12s, 100 op/s". Kinds, keys and rate
// of 0 are left out: no plan has them, but what clients do may be another's affair.
std::string describe(const PlanSize& size);

// One thing that was left out or made smaller.
struct ShrinkStep {
  std::string what;        // "faults", "nodes" …
  std::uint64_t runs = 0;  // all runs so far
  PlanSize size;           // after it
};

struct ShrinkOptions {
  std::uint64_t max_runs = 2'000;
  // Fewer nodes, clients, or operations is a run with other draws: so many noise keys are tried
  // before such a plan counts as one that does not fail.
  unsigned noises = 3;
  // Asked before each run; true ends it with the best plan so far.
  std::function<bool()> stop;
};

struct ShrinkProgress {
  std::uint64_t runs = 0;
  std::uint64_t max_runs = 0;
  const char* pass = "";  // what is being tried to make smaller: "faults", "nodes" …
  PlanSize size;          // of the best plan so far
};

struct ShrinkResult {
  Plan plan;
  RunResult result;  // of that plan
  std::string property;
  std::uint64_t runs = 0;
  bool complete = true;  // false: the budget or `stop` ended it; there may be a smaller plan
  PlanSize before;
  std::vector<ShrinkStep> path;
};

// Usually run() with options of one's own. A run counts as failing if it violates the property. One
// that throws a std::exception shows something else, and does not: a script that names the third
// node cannot play where two are left. What the first run throws, of the plan itself, comes out.
using PlanRunner = std::function<RunResult(const Plan&)>;

// Deterministic: the same arguments give the same plan. An error: the plan is not valid, or
// violates nothing. `on_progress` may be empty; else it is called after every run.
Result<ShrinkResult> shrink(const Plan& plan, const ShrinkOptions& options,
                            const PlanRunner& runner,
                            const std::function<void(const ShrinkProgress&)>& on_progress = {});

}  // namespace synchrodb::sim
