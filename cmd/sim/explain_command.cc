#include "cmd/sim/explain_command.h"

#include <memory>
#include <string>

#include "cmd/sim/planned_run.h"
#include "cmd/sim/shared.h"
#include "cmd/sim/shrinking.h"
#include "sim/campaign/row.h"
#include "sim/explain/explanation.h"
#include "sim/explain/page.h"
#include "sim/explain/perfetto.h"
#include "sim/explain/shiviz.h"

namespace synchrodb::sim {
namespace {

struct Arguments {
  ShapeFlags flags;
  std::string seed;
  std::string plan;
  bool shrink = false;
  std::string max_runs;
  std::string out;
  std::string html;
  std::string shiviz;
  std::string perfetto;
  bool quiet = false;
  bool json = false;
};

Result<PlannedRun> planned_from(const Arguments& arguments) {
  if (!arguments.shrink && !(arguments.max_runs.empty() && arguments.out.empty())) {
    const std::string given = arguments.max_runs.empty() ? "out" : "max-runs";
    return Error{ErrorCode::kInvalid, given + ": belongs to --shrink"};
  }
  return planned_run(arguments.flags, arguments.seed, arguments.plan, "explain");
}

// Makes the plan the smallest that fails in the same way. Whether Ctrl-C ended the search.
Result<bool> shrink_run(const Arguments& arguments, PlannedRun& planned) {
  Result<Shrinking> shrunk =
      shrink_for_people(planned.plan, arguments.max_runs, arguments.quiet, "explain");
  if (!shrunk) return shrunk.error();
  planned.plan = std::move(shrunk.value().found.plan);
  if (arguments.out.empty()) {
    const std::string verb = "synchrodb-sim run ";
    planned.reproduce = "synchrodb-sim shrink " + planned.reproduce.substr(verb.size());
  } else {
    if (Result<> written = write_file(arguments.out, write_plan(planned.plan)); !written) {
      return Error{written.error().code, "out: " + written.error().message};
    }
    planned.reproduce = "synchrodb-sim run --plan " + shell_word(arguments.out);
  }
  return shrunk.value().interrupted;
}

Result<> write_files(const Arguments& arguments, const Explanation& explanation) {
  struct File {
    const char* flag;
    const std::string& path;
    std::string (*contents)(const Explanation&);
  };
  for (const File& file :
       {File{"html", arguments.html, to_html}, File{"shiviz", arguments.shiviz, to_shiviz},
        File{"perfetto", arguments.perfetto, to_perfetto}}) {
    if (file.path.empty()) continue;
    if (Result<> written = write_file(file.path, file.contents(explanation)); !written) {
      return Error{written.error().code, std::string(file.flag) + ": " + written.error().message};
    }
  }
  return {};
}

int explain_command(const Arguments& arguments) {
  Result<PlannedRun> planned = planned_from(arguments);
  if (!planned) return refuse(planned.error().message, arguments.json);
  bool interrupted = false;
  if (arguments.shrink) {
    Result<bool> shrunk = shrink_run(arguments, planned.value());
    if (!shrunk) return refuse(shrunk.error().message, arguments.json);
    interrupted = shrunk.value();
  }
  Result<Evidence> evidence = gather(planned.value().plan);
  if (!evidence) return refuse("explain: " + evidence.error().message, arguments.json);
  evidence.value().reproduce = std::move(planned.value().reproduce);
  const Explanation explanation = explain(std::move(evidence).value());
  if (Result<> written = write_files(arguments, explanation); !written) {
    return refuse(written.error().message, arguments.json);
  }
  const std::string text = arguments.json ? to_json(explanation) + "\n" : to_text(explanation);
  if (Result<> printed = print(text); !printed) return refuse(printed.error().message, false);
  return interrupted ? kExitUnknown : kExitOk;
}

}  // namespace

void add_explain_command(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand(
      "explain", "how it came to a violation: the plan, the anomaly, the chain of messages");
  command->add_option("--seed", arguments->seed, "generates the failing plan");
  command->add_option("--plan", arguments->plan, "the failing plan");
  command->add_flag("--shrink", arguments->shrink,
                    "explains the smallest plan that violates the same property");
  command->add_option("--max-runs", arguments->max_runs, "with --shrink: runs it may take (2000)");
  command->add_option("--out", arguments->out, "with --shrink: where to write the smallest plan");
  command->add_option("--html", arguments->html,
                      "where to write the space-time diagram, an interactive page");
  command->add_option("--shiviz", arguments->shiviz, "where to write a log for ShiViz");
  command->add_option("--perfetto", arguments->perfetto,
                      "where to write a trace for Perfetto or chrome://tracing");
  command->add_flag("--quiet", arguments->quiet, "no progress on standard error");
  command->add_flag("--json", arguments->json, "prints one JSON object");
  arguments->flags.add_to(*command);
  command->callback([arguments, &exit_code] { exit_code = explain_command(*arguments); });
}

}  // namespace synchrodb::sim
