#include "cmd/sim/shrink_command.h"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "cmd/sim/shared.h"
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

volatile sig_atomic_t interrupted = 0;
void note_interrupt(int) {
  interrupted = 1;
}

// While it lives, Ctrl-C ends the search and not the process.
class Interrupt {
 public:
  Interrupt() {
    interrupted = 0;
    struct sigaction note {};
    note.sa_handler = note_interrupt;
    ::sigaction(SIGINT, &note, &before_);
  }
  ~Interrupt() { ::sigaction(SIGINT, &before_, nullptr); }
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

 private:
  struct sigaction before_ {};
};

// One line that is written over on a terminal, a line every few seconds elsewhere.
class ShrinkMeter {
 public:
  void show(const ShrinkProgress& progress) {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return;
    next_ = now + (terminal_ ? std::chrono::milliseconds(200) : std::chrono::milliseconds(5'000));
    std::fprintf(stderr, terminal_ ? "\r\x1b[K%s" : "%s\n",
                 (std::to_string(progress.runs) + " of " + std::to_string(progress.max_runs) +
                  " runs, " + progress.pass + ": " + describe(progress.size))
                     .c_str());
    shown_ = true;
  }
  void finish() const {
    if (shown_ && terminal_) std::fputc('\n', stderr);
  }

 private:
  bool terminal_ = ::isatty(STDERR_FILENO) != 0;
  bool shown_ = false;
  std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::now();
};

Result<Plan> plan_from(const Arguments& arguments) {
  if (arguments.seed.empty() == arguments.plan.empty()) {
    return Error{ErrorCode::kInvalid, "shrink: needs either --seed N or --plan FILE"};
  }
  if (!arguments.plan.empty()) {
    if (const std::string flag = arguments.flags.given_besides_plan(); !flag.empty()) {
      return Error{ErrorCode::kInvalid, flag + ": the plan decides that; edit it instead"};
    }
    return load_plan(arguments.plan, arguments.flags.defect());
  }
  Result<std::uint64_t> seed = parse_number("seed", arguments.seed);
  if (!seed) return seed.error();
  Result<PlanShape> shape = arguments.flags.shape();
  if (!shape) return shape.error();
  return generate_plan(seed.value(), shape.value());
}

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

std::string table_of(const ShrinkResult& result, const std::string& reproduce) {
  std::string text = "property     " + result.property + "\n";
  text += "before       " + describe(result.before) + "\n";
  for (const ShrinkStep& step : result.path) {
    std::string name = step.what;
    name.resize(13, ' ');
    text += name + describe(step.size) + " (run " + std::to_string(step.runs) + ")\n";
  }
  text += "after        " + describe(size_of(result.plan)) + "\n";
  text += "runs         " + std::to_string(result.runs);
  if (!result.complete) text += interrupted != 0 ? ", interrupted" : ", all that were allowed";
  text += "\n\n" + result.result.detail + "\n";
  if (!reproduce.empty()) text += "reproduce    " + reproduce + "\n";
  return text;
}

int report(const Arguments& arguments, const ShrinkResult& result) {
  std::string reproduce;
  if (!arguments.out.empty()) {
    if (Result<> written = write_file(arguments.out, write_plan(result.plan)); !written) {
      return refuse("out: " + written.error().message, arguments.json);
    }
    reproduce = "synchrodb-sim run --plan " + shell_word(arguments.out);
  }
  std::string text = arguments.json ? json_of(result, reproduce) : table_of(result, reproduce);
  if (!arguments.json && arguments.out.empty()) text += write_plan(result.plan);
  if (Result<> printed = print(text); !printed) return refuse(printed.error().message, false);
  return interrupted != 0 ? kExitUnknown : kExitOk;
}

int shrink_command(const Arguments& arguments) {
  Result<Plan> plan = plan_from(arguments);
  if (!plan) return refuse(plan.error().message, arguments.json);
  ShrinkOptions options;
  if (!arguments.max_runs.empty()) {
    Result<std::uint64_t> runs = parse_number("max-runs", arguments.max_runs);
    if (!runs) return refuse(runs.error().message, arguments.json);
    if (runs.value() == 0) return refuse("max-runs: must be 1 or more", arguments.json);
    options.max_runs = runs.value();
  }
  options.stop = [] { return interrupted != 0; };
  const Interrupt interrupt;
  ShrinkMeter meter;
  std::function<void(const ShrinkProgress&)> on_progress;
  if (!arguments.quiet) {
    on_progress = [&meter](const ShrinkProgress& progress) { meter.show(progress); };
  }
  const Result<ShrinkResult> shrunk = shrink(
      plan.value(), options, [](const Plan& candidate) { return run(candidate); }, on_progress);
  meter.finish();
  if (!shrunk) return refuse("shrink: " + shrunk.error().message, arguments.json);
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
