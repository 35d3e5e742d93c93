#include "cmd/sim/shrink_command.h"

#include <memory>
#include <string>

#include "cmd/sim/planned_run.h"
#include "cmd/sim/shared.h"
#include "cmd/sim/shrinking.h"
#include "sim/campaign/row.h"
#include "sim/shrink/shrink.h"

namespace synchrodb::sim {
namespace {

struct Arguments {
  ShapeFlags flags;
  std::string seed;
  std::string plan;
  std::string out;
  std::string max_runs;
  bool quiet = false;
  bool json = false;
};

Json size_json(const PlanSize& size) {
  return {{"faults", size.faults},
          {"nodes", size.nodes},
          {"clients", size.clients},
          {"kinds", size.kinds},
          {"keys", size.keys},
          {"seconds", static_cast<double>(size.time.ns) / 1e9},
          {"rate", static_cast<double>(size.milli_rate) / 1e3},
          {"options", size.options},
          {"buggify", size.buggify}};
}

std::string json_of(const ShrinkResult& result, const std::string& reproduce) {
  Json json;
  json["property"] = result.property;
  json["runs"] = result.runs;
  json["complete"] = result.complete;
  json["before"] = size_json(result.before);
  json["after"] = size_json(size_of(result.plan));
  json["path"] = Json::array();
  for (const ShrinkStep& step : result.path) {
    json["path"].push_back(
        {{"what", step.what}, {"runs", step.runs}, {"size", size_json(step.size)}});
  }
  json["plan"] = Json::parse(write_plan(result.plan));
  json["reproduce"] = reproduce;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string table_of(const Shrinking& shrinking, const std::string& reproduce) {
  const ShrinkResult& result = shrinking.found;
  std::string text = "property     " + result.property + "\n";
  text += "before       " + describe(result.before) + "\n";
  for (const ShrinkStep& step : result.path) {
    std::string name = step.what;
    name.resize(13, ' ');
    text += name + describe(step.size) + " (run " + std::to_string(step.runs) + ")\n";
  }
  text += "after        " + describe(size_of(result.plan)) + "\n";
  text += "runs         " + std::to_string(result.runs);
  if (!result.complete) text += shrinking.interrupted ? ", interrupted" : ", all that were allowed";
  text += "\n\n" + result.result.detail + "\n";
  if (!reproduce.empty()) text += "reproduce    " + reproduce + "\n";
  return text;
}

int report(const Arguments& arguments, const Shrinking& shrinking) {
  const ShrinkResult& result = shrinking.found;
  std::string reproduce;
  if (!arguments.out.empty()) {
    if (Result<> written = write_file(arguments.out, write_plan(result.plan)); !written) {
      return refuse("out: " + written.error().message, arguments.json);
    }
    reproduce = "synchrodb-sim run --plan " + shell_word(arguments.out);
  }
  std::string text = arguments.json ? json_of(result, reproduce) : table_of(shrinking, reproduce);
  if (!arguments.json && arguments.out.empty()) text += write_plan(result.plan);
  if (Result<> printed = print(text); !printed) return refuse(printed.error().message, false);
  return shrinking.interrupted && !result.complete ? kExitUnknown : kExitOk;
}

int shrink_command(const Arguments& arguments) {
  const Result<PlannedRun> planned =
      planned_run(arguments.flags, arguments.seed, arguments.plan, "shrink");
  if (!planned) return refuse(planned.error().message, arguments.json);
  const Result<Shrinking> shrunk =
      shrink_for_people(planned.value().plan, arguments.max_runs, arguments.quiet, "shrink");
  if (!shrunk) return refuse(shrunk.error().message, arguments.json);
  return report(arguments, shrunk.value());
}

}  // namespace

void add_shrink_command(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      app.add_subcommand("shrink", "the smallest plan that violates the same property");
  command->add_option("--seed", arguments->seed, "generates the failing plan");
  command->add_option("--plan", arguments->plan, "the failing plan");
  command->add_option("--out", arguments->out,
                      "where to write the smallest plan (standard output)");
  command->add_option("--max-runs", arguments->max_runs, "runs that it may take (2000)");
  command->add_flag("--quiet", arguments->quiet, "no progress on standard error");
  command->add_flag("--json", arguments->json, "prints one JSON object");
  arguments->flags.add_to(*command);
  command->callback([arguments, &exit_code] { exit_code = shrink_command(*arguments); });
}

}  // namespace synchrodb::sim
