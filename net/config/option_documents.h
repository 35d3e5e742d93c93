// What people read about the options, generated from the table.
#pragma once

#include <string>

namespace synchrodb::net {

// The text of `synchrodb-server --help`: usage, how values are given, every option by group.
std::string help_text();

// A TOML file that says everything: each option with its meaning, limits and default. It parses
// back to the defaults; the repository keeps it as cmd/server/synchrodb.toml.
std::string sample_file();

}  // namespace synchrodb::net
