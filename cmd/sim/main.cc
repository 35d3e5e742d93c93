// synchrodb-sim: the database in a simulated world, on the command line.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "cmd/sim/campaign_command.h"
#include "cmd/sim/check_command.h"
#include "cmd/sim/explain_command.h"
#include "cmd/sim/list_command.h"
#include "cmd/sim/run_command.h"
#include "cmd/sim/shared.h"
#include "cmd/sim/shrink_command.h"
#include "consensus/defects.h"
#include "sim/plan.h"

namespace synchrodb::sim {
namespace {

#if defined(__clang__)
constexpr const char* kCompiler = "clang " __clang_version__;
#else
constexpr const char* kCompiler = "gcc " __VERSION__;
#endif

int version_command(bool json) {
  const nlohmann::ordered_json version = {{"version", kVersion},
                                          {"plan_version", kPlanVersion},
                                          {"compiler", kCompiler},
                                          {"defects", kDefectsCompiledIn}};
  const std::string text = std::string("synchrodb-sim ") + kVersion + " (" + kCompiler +
                           (kDefectsCompiledIn ? ", with deliberate defects)" : ")");
  Result<> printed = print((json ? version.dump() : text) + "\n");
  return printed ? kExitOk : refuse(printed.error().message, false);
}

void add_version_command(CLI::App& app, int& exit_code) {
  auto json = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand("version", "what this program is");
  command->add_flag("--json", *json, "prints one JSON object");
  command->callback([json, &exit_code] { exit_code = version_command(*json); });
}

}  // namespace
}  // namespace synchrodb::sim

int main(int argc, char** argv) {
  using namespace synchrodb::sim;
  CLI::App app{
      "Runs SynchroDB in a deterministic simulated world and judges what it does.\n"
      "Exit codes: 0 ok, 1 violation, 2 usage or bad input, 3 unknown.",
      "synchrodb-sim"};
  app.require_subcommand(1);
  int exit_code = kExitOk;
  add_run_command(app, exit_code);
  add_campaign_command(app, exit_code);
  add_shrink_command(app, exit_code);
  add_explain_command(app, exit_code);
  add_list_command(app, exit_code);
  add_check_command(app, exit_code);
  add_version_command(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Help is an "error" of code 0.
    return app.exit(error) == 0 ? kExitOk : kExitBadInput;
  }
  return exit_code;
}
