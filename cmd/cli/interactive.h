#pragma once

#include "cmd/cli/context.h"

namespace synchrodb::cli {

// A person at a terminal, until Ctrl-D, `exit` or `quit`. The exit code.
int run_interactive(const Context& context);

}  // namespace synchrodb::cli
