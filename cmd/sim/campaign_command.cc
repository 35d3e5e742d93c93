#include "cmd/sim/campaign_command.h"

#include <cstdio>
#include <memory>
#include <string>
#include <thread>

#include "cmd/sim/shared.h"
#include "sim/campaign/campaign.h"

namespace synchrodb::sim {
namespace {

struct Arguments {
  ShapeFlags flags;
  std::string seeds;
  std::string jobs;
  std::string plan;
  std::string out;
  std::string watchdog;
  bool resume = false;
  bool stop_on_violation = false;
  bool quiet = false;
  bool json = false;
};

constexpr std::uint64_t kMaxJobs = 1'024;

Result<> take_jobs(const Arguments& arguments, CampaignOptions& options) {
  options.jobs = std::max(1U, std::thread::hardware_concurrency());
  if (arguments.jobs.empty()) return {};
  Result<std::uint64_t> jobs = parse_number("jobs", arguments.jobs);
  if (!jobs) return jobs.error();
  if (jobs.value() == 0 || jobs.value() > kMaxJobs) {
    return Error{ErrorCode::kInvalid,
                 "jobs: " + arguments.jobs + " is outside 1 to " + std::to_string(kMaxJobs)};
  }
  options.jobs = static_cast<unsigned>(jobs.value());
  return {};
}

Result<> take_plan(const Arguments& arguments, CampaignOptions& options) {
  if (const std::string flag = arguments.flags.given_besides_plan(); !flag.empty()) {
    return Error{ErrorCode::kInvalid, flag + ": the plan decides that; edit it instead"};
  }
  Result<Plan> plan = load_plan(arguments.plan, arguments.flags.defect());
  if (!plan) return plan.error();
  options.plan = std::move(plan).value();
  options.plan_path = arguments.plan;
  return {};
}

Result<CampaignOptions> options_from(const Arguments& arguments) {
  CampaignOptions options;
  if (arguments.seeds.empty()) return Error{ErrorCode::kInvalid, "campaign: needs --seeds A..B"};
  Result<SeedRange> seeds = parse_seed_range(arguments.seeds);
  if (!seeds) return seeds.error();
  options.seeds = seeds.value();
  if (Result<> jobs = take_jobs(arguments, options); !jobs) return jobs.error();
  if (!arguments.plan.empty()) {
    if (Result<> plan = take_plan(arguments, options); !plan) return plan.error();
  } else {
    Result<PlanShape> shape = arguments.flags.shape();
    if (!shape) return shape.error();
    options.shape = std::move(shape).value();
  }
  if (arguments.resume && arguments.out.empty()) {
    return Error{ErrorCode::kInvalid, "resume: needs --out FILE, the one to continue"};
  }
  options.out = arguments.out;
  options.resume = arguments.resume;
  options.stop_on_violation = arguments.stop_on_violation;
  if (!arguments.watchdog.empty()) {
    Result<std::uint64_t> watchdog = parse_number("watchdog", arguments.watchdog);
    if (!watchdog) return watchdog.error();
    if (watchdog.value() == 0) return Error{ErrorCode::kInvalid, "watchdog: must be 1 or more"};
    options.watchdog_seconds = static_cast<double>(watchdog.value());
  }
  if (!arguments.quiet) options.progress = stderr;
  if (arguments.json && arguments.out.empty()) {
    options.on_row = [](std::string_view line) { return print(std::string(line) + "\n"); };
  }
  return options;
}

int campaign_command(const Arguments& arguments) {
  Result<CampaignOptions> options = options_from(arguments);
  if (!options) return refuse(options.error().message, arguments.json);
  Result<CampaignResult> done = run_campaign(options.value());
  if (!done) return refuse(done.error().message, arguments.json);
  const CampaignResult& result = done.value();
  std::string text;
  if (arguments.json) {
    text = result.summary.json(result.wall_seconds, result.resume)
               .dump(-1, ' ', false, Json::error_handler_t::replace) +
           "\n";
  } else {
    text = result.summary.table(result.wall_seconds);
    if (result.interrupted) text += "interrupted\n";
    if (!result.resume.empty()) text += "resume         " + result.resume + "\n";
  }
  if (Result<> printed = print(text); !printed) return refuse(printed.error().message, false);
  const int code = exit_code_of(result.summary.verdict());
  return result.interrupted && code == kExitOk ? kExitUnknown : code;
}

}  // namespace

void add_campaign_command(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("campaign", "many seeds in several processes");
  command->add_option("--seeds", arguments->seeds, "A..B, B not included");
  command->add_option("--jobs", arguments->jobs, "worker processes (one a core)");
  command->add_option("--out", arguments->out, "JSON-lines file for the rows and the summary");
  command->add_flag("--resume", arguments->resume,
                    "continues --out: seeds that it has are skipped");
  command->add_option("--plan", arguments->plan,
                      "this plan for every seed, each with its own noise, instead of a swarm");
  command->add_flag("--stop-on-violation", arguments->stop_on_violation,
                    "ends at the first failing seed");
  command->add_option("--watchdog", arguments->watchdog,
                      "wall-clock seconds after which a run counts as crashed (300)");
  command->add_flag("--quiet", arguments->quiet, "no progress on standard error");
  command->add_flag("--json", arguments->json,
                    "prints JSON: a row for each seed, unless --out takes them, and the summary");
  arguments->flags.add_to(*command);
  command->callback([arguments, &exit_code] { exit_code = campaign_command(*arguments); });
}

}  // namespace synchrodb::sim
