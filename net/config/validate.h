// What only shows when options are looked at together.
#pragma once

#include <string>
#include <vector>

#include "net/config/server_options.h"

namespace synchrodb::net {

// Each option is within its own limits already. The message names the options concerned and says
// what would be right.
Result<> validate(const ServerOptions& options);

// What is allowed and yet rarely meant, a sentence each, for the log.
std::vector<std::string> advice(const ServerOptions& options);

}  // namespace synchrodb::net
