// One command, wherever it comes from: to the RESP side or to administration, printed.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "cmd/cli/context.h"
#include "cmd/cli/data_session.h"

namespace synchrodb::cli {

// Runs one command and prints its answer; the exit code that it earns.
int run_command(const Context& context, DataSession& session,
                const std::vector<std::string>& words);

// The command of the command line, with -x, -r and -i.
int run_once(const Context& context);

// One command a line. Goes on after errors of the server and lines that make no sense, and ends at
// a lost connection; the exit code is the gravest one.
int run_lines(const Context& context, std::istream& in);

}  // namespace synchrodb::cli
