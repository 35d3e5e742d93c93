// `synchrodb-cli watch PREFIX`: every change of the keys that begin so, as it happens.
#pragma once

#include <span>
#include <string>

#include "cmd/cli/context.h"

namespace synchrodb::cli {

// In lower case, so that Redis' own command (which means nothing to a single command) stays.
bool is_watch(std::span<const std::string> words);

// Prints changes until interrupted, or until the watch cannot go on; the exit code.
int run_watch(const Context& context, std::span<const std::string> words);

}  // namespace synchrodb::cli
