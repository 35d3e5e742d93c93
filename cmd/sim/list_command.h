// `synchrodb-sim list`: the tables of faults, workloads, defects, marks and options.
#pragma once

#include <CLI/CLI.hpp>

namespace synchrodb::sim {

// Adds the subcommand `list`; when it is parsed, it runs and sets `exit_code`, which must outlive
// the parsing.
void add_list_command(CLI::App& app, int& exit_code);

}  // namespace synchrodb::sim
