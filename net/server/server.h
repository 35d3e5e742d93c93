// The server: a node on a real disk, clock and network, and the doors to it.
#pragma once

#include <string>
#include <vector>

#include "net/config/server_options.h"

namespace synchrodb::net {

struct ServerStart {
  ServerOptions options;           // valid (net/config/validate.h)
  std::string config_file;         // for INFO; empty: none
  std::vector<std::string> notes;  // for the log
};

// Runs until SIGTERM or SIGINT, SHUTDOWN, or until the node cannot go on. The process's exit code:
// 0 after a shutdown, 1 if it could not start or go on (the log, or standard error, says why).
int run_server(const ServerStart& start);

}  // namespace synchrodb::net
