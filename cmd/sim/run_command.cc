#include "cmd/sim/run_command.h"

#include <array>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "cmd/sim/planned_run.h"
#include "cmd/sim/shared.h"
#include "sim/campaign/campaign.h"
#include "sim/campaign/double_run.h"
#include "sim/campaign/row.h"
#include "sim/campaign/summary.h"

namespace synchrodb::sim {
namespace {

struct Arguments {
  ShapeFlags flags;
  std::string seed;
  std::string plan;
  std::string write_plan;
  std::string noise_seed;
  std::string history;
  bool trace = false;
  bool json = false;
  bool check_determinism = false;
};

Result<PlannedRun> planned_from_seed(const Arguments& arguments) {
  if (!arguments.noise_seed.empty()) {
    return Error{ErrorCode::kInvalid, "noise-seed: belongs to --plan; a seed brings its own noise"};
  }
  return planned_by_seed(arguments.flags, arguments.seed);
}

Result<PlannedRun> planned_from_plan(const Arguments& arguments) {
  Result<PlannedRun> planned = planned_by_file(arguments.flags, arguments.plan);
  if (!planned || arguments.noise_seed.empty()) return planned;
  Result<std::uint64_t> seed = parse_number("noise-seed", arguments.noise_seed);
  if (!seed) return seed.error();
  planned.value().plan = with_noise(std::move(planned.value().plan), seed.value());
  planned.value().reproduce += " --noise-seed " + std::to_string(seed.value());
  return planned;
}

// With --seed, --plan names the file to write.
Result<> write_plans(const Arguments& arguments, const Plan& plan) {
  const bool plan_is_output = !arguments.seed.empty();
  for (const std::string* path :
       {plan_is_output ? &arguments.plan : nullptr, &arguments.write_plan}) {
    if (path == nullptr || path->empty()) continue;
    if (Result<> written = write_file(*path, write_plan(plan)); !written) {
      return Error{ErrorCode::kIo, "plan: " + written.error().message};
    }
  }
  return {};
}

std::string table_of(const RunResult& result, const std::string& reproduce) {
  std::string out;
  std::array<char, 256> line{};
  const auto add = [&](const char* pattern, auto... values) {
    std::snprintf(line.data(), line.size(), pattern, values...);
    out += line.data();
  };
  add("%-22s%15s%15s%15s\n", "fault", "offered", "applied", "effective");
  for (const auto& [name, count] : result.faults) {
    add("%-22s%15s%15s%15s\n", name.c_str(), with_commas(count.offered).c_str(),
        with_commas(count.applied).c_str(), with_commas(count.effective).c_str());
  }
  add("\n%-13s%llu\n", "seed", static_cast<unsigned long long>(result.seed));
  add("%-13s%u\n", "nodes", result.nodes);
  add("%-13s%.1f s in %.3f s\n", "virtual time", result.virtual_seconds, result.wall_seconds);
  add("%-13s%s\n", "events", with_commas(result.events).c_str());
  add("%-13sok %s, failed %s, unknown %s\n", "operations", with_commas(result.ok).c_str(),
      with_commas(result.fail).c_str(), with_commas(result.info).c_str());
  add("%-13s%zu\n", "marks", result.marks.size());
  for (const auto& [property, times] : result.tolerated) {
    add("%-13s%s, contradicted %s times\n", "tolerated", property.c_str(),
        with_commas(times).c_str());
  }
  add("%-13s%s\n", "digest", format_digest(result.digest).c_str());
  add("%-13s%s", "verdict", name_of(result.verdict));
  if (!result.violated.empty()) out += " of " + result.violated;
  out += "\n";
  if (result.verdict != Verdict::kOk) {
    out += "\n" + result.detail + "\n";
    if (!result.last_events.empty()) out += "\nthe last events:\n";
    for (const std::string& event : result.last_events) out += "  " + event + "\n";
  }
  return out + "reproduce    " + reproduce + "\n";
}

int report(const Arguments& arguments, const PlannedRun& planned, const RunResult& result) {
  const std::string text = arguments.json ? write_row(Row{result, planned.reproduce}) + "\n"
                                          : table_of(result, planned.reproduce);
  if (Result<> printed = print(text); !printed) return refuse(printed.error().message, false);
  return exit_code_of(result.verdict);
}

RunResult run_with(const Plan& plan, const RunOptions& options) {
  return run(plan, options);
}

int check_determinism(const Arguments& arguments, const PlannedRun& planned) {
  Result<DoubleRun> both = run_twice(planned.plan, run_with);
  if (!both) return refuse(both.error().message, arguments.json);
  RunResult result = both.value().first;
  if (!both.value().agree) {
    result.verdict = Verdict::kViolation;
    result.violated = "determinism";
    result.detail = both.value().difference;
  }
  PlannedRun again = planned;
  again.reproduce += " --check-determinism";
  return report(arguments, again, result);
}

int run_command(const Arguments& arguments) {
  if (arguments.seed.empty() && arguments.plan.empty()) {
    return refuse("run: needs --seed N or --plan FILE", arguments.json);
  }
  Result<PlannedRun> planned =
      arguments.seed.empty() ? planned_from_plan(arguments) : planned_from_seed(arguments);
  if (!planned) return refuse(planned.error().message, arguments.json);
  if (Result<> written = write_plans(arguments, planned.value().plan); !written) {
    return refuse(written.error().message, arguments.json);
  }
  if (arguments.check_determinism) return check_determinism(arguments, planned.value());
  RunOptions options;
  std::string history;
  if (!arguments.history.empty()) options.history = &history;
  if (arguments.trace) {
    // The result stays alone on standard output if a program is to read it.
    std::FILE* out = arguments.json ? stderr : stdout;
    options.trace = [out](const std::string& line) { std::fprintf(out, "%s\n", line.c_str()); };
  }
  RunResult result = run(planned.value().plan, options);
  result.seed = planned.value().plan.seed;
  if (!arguments.history.empty()) {
    if (Result<> written = write_file(arguments.history, history); !written) {
      return refuse("history: " + written.error().message, arguments.json);
    }
  }
  return report(arguments, planned.value(), result);
}

}  // namespace

void add_run_command(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("run", "one simulated run, from a seed or a plan");
  command->add_option("--seed", arguments->seed, "generates the plan");
  command->add_option("--plan", arguments->plan,
                      "without --seed: the plan to run; with it: where to write the plan");
  command->add_option("--write-plan", arguments->write_plan, "where to write the plan");
  command->add_option("--noise-seed", arguments->noise_seed,
                      "another fate for the plan: new draws for every message and write");
  command->add_option("--history", arguments->history,
                      "where to write what clients saw, as JSON lines");
  command->add_flag("--trace", arguments->trace, "prints the event log: time, node, event, detail");
  command->add_flag("--check-determinism", arguments->check_determinism,
                    "runs twice, and tells where the two part");
  command->add_flag("--json", arguments->json, "prints one JSON object");
  arguments->flags.add_to(*command);
  command->callback([arguments, &exit_code] { exit_code = run_command(*arguments); });
}

}  // namespace synchrodb::sim
