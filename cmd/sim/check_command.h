// `synchrodb-sim check`: judges a history that somebody recorded.
#pragma once

#include <CLI/CLI.hpp>

namespace synchrodb::sim {

// Adds the subcommand. When it runs it prints the verdict to standard output (errors to standard
// error) and sets `exit_code`: 0 valid, 1 invalid, 2 usage or bad input, 3 unknown.
// `exit_code` must outlive the parsing.
void add_check_command(CLI::App& app, int& exit_code);

}  // namespace synchrodb::sim
