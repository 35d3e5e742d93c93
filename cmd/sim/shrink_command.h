// `synchrodb-sim shrink`: the smallest plan that still fails.
#pragma once

#include <CLI/CLI.hpp>

namespace synchrodb::sim {

// Adds the subcommand `shrink`; when it is parsed, it runs and sets `exit_code`, which must outlive
// the parsing.
void add_shrink_command(CLI::App& app, int& exit_code);

}  // namespace synchrodb::sim
