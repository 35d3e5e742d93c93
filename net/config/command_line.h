// From a process' arguments and environment to the options that it runs with.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/config/server_options.h"

namespace synchrodb::net {

struct Invocation {
  // --help, --print-config, --version: print this and exit with success; otherwise empty.
  std::string print;
  ServerOptions options;
  std::string config_file;         // empty: none
  std::vector<std::string> notes;  // for the log: unknown SYNCHRODB_… variables, and advice()
};

// `arguments` without the program's name; `environment` as environ has it, NAME=value. Flags go
// before the environment, the environment before the file (--config or SYNCHRODB_CONFIG), the file
// before the defaults. The options are valid, also together. An error says where the mistake is
// (flag, variable, file and line) and what would be right.
Result<Invocation> read_invocation(std::span<const std::string> arguments,
                                   std::span<const std::string> environment,
                                   std::string_view version);

}  // namespace synchrodb::net
