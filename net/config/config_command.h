// CONFIG GET, SET, RESETSTAT, REWRITE and HELP, with Redis' replies.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/kv/reply.h"
#include "net/config/runtime_config.h"

namespace synchrodb::net {

// `argv` is the whole command, "CONFIG" first. `reset_statistics` is what RESETSTAT asks for.
// REWRITE is refused: the file belongs to its author, and CONFIG SET lasts until the server stops.
Reply config_command(RuntimeConfig& config, const std::vector<std::string>& argv,
                     const std::function<void()>& reset_statistics);

// The positions in `argv`, a CONFIG SET, of values that must not reach logs or SLOWLOG.
std::vector<std::size_t> secret_arguments(const std::vector<std::string>& argv);

}  // namespace synchrodb::net
