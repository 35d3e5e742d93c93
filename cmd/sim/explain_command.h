// `synchrodb-sim explain`: how it came to a failing run's violation.
#pragma once

#include <CLI/CLI.hpp>

namespace synchrodb::sim {

// `exit_code` is set when the command was asked for; it must outlive the parsing.
void add_explain_command(CLI::App& app, int& exit_code);

}  // namespace synchrodb::sim
