// The families of commands, one file each.
#pragma once

#include <span>

#include "net/commands/command_list.h"

namespace synchrodb::net {

std::span<const ServerCommand> acl_family();
std::span<const ServerCommand> admin_family();
std::span<const ServerCommand> client_family();
std::span<const ServerCommand> cluster_family();
std::span<const ServerCommand> command_family();
std::span<const ServerCommand> config_family();
std::span<const ServerCommand> connection_family();
std::span<const ServerCommand> debug_family();
std::span<const ServerCommand> info_family();
std::span<const ServerCommand> latency_family();
std::span<const ServerCommand> memory_family();
std::span<const ServerCommand> object_family();
std::span<const ServerCommand> refused_family();
std::span<const ServerCommand> scripting_family();
std::span<const ServerCommand> slow_log_family();

}  // namespace synchrodb::net
