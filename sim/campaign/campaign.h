// Many seeds in several processes (design 6.7).
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "sim/campaign/row.h"
#include "sim/campaign/summary.h"
#include "sim/plan.h"
#include "sim/run.h"

namespace synchrodb::sim {

// Seeds first … end-1.
struct SeedRange {
  std::uint64_t first = 0;
  std::uint64_t end = 0;
  std::uint64_t size() const { return end - first; }
  bool contains(std::uint64_t seed) const { return seed >= first && seed < end; }
};

// "A..B" (A included, B not) or a single seed. Empty ranges are errors.
Result<SeedRange> parse_seed_range(std::string_view text);

struct CampaignOptions {
  SeedRange seeds;
  PlanShape shape;
  // Instead of the shape: this plan for every seed, with the noise that belongs to the seed.
  std::optional<Plan> plan;
  std::string plan_path;  // for the commands that are printed
  unsigned jobs = 1;      // worker processes
  std::string out;        // JSON-lines file; "": none
  bool resume = false;    // skip the seeds that `out` has already
  bool stop_on_violation = false;
  // A worker that is silent for so long, by the wall clock, is killed and its seed has failed.
  double watchdog_seconds = 300;
  // Told of each new row's line, without the newline, in the order of completion. An error ends the
  // campaign.
  std::function<Result<>(std::string_view line)> on_row;
  std::FILE* progress = nullptr;
  // What a worker does with a plan.
  std::function<RunResult(const Plan&)> runner = [](const Plan& p) { return run(p); };
};

struct CampaignResult {
  Summary summary;
  bool interrupted = false;  // by SIGINT, SIGTERM or SIGHUP
  std::string resume;        // the command that does the rest; empty when all is done
  double wall_seconds = 0;
};

// Runs until all seeds are done, a violation ends it, or a signal does. Workers are forked, so that
// a crash of the code under test is a failing seed (violated: "crash") and nothing more; the
// calling process must be single-threaded. An error: the output cannot be written, or no process be
// started; what was written until then is whole.
Result<CampaignResult> run_campaign(const CampaignOptions& options);

// `plan` with the noise of `seed`.
Plan with_noise(Plan plan, std::uint64_t seed);

}  // namespace synchrodb::sim
