// `synchrodb-sim campaign`: many seeds in several processes.
#pragma once

#include <CLI/CLI.hpp>

namespace synchrodb::sim {

// Adds the subcommand `campaign`; when it is parsed, it runs and sets `exit_code`, which must
// outlive the parsing.
void add_campaign_command(CLI::App& app, int& exit_code);

}  // namespace synchrodb::sim
