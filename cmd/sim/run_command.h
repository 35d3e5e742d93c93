// `synchrodb-sim run`: one simulated run, from a seed or a plan.
#pragma once

#include <CLI/CLI.hpp>

namespace synchrodb::sim {

// Adds the subcommand `run`; when it is parsed, it runs and sets `exit_code`, which must outlive
// the parsing.
void add_run_command(CLI::App& app, int& exit_code);

}  // namespace synchrodb::sim
