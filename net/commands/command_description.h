// A command of either table, as COMMAND, ACL CAT and the metrics see it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/kv/command_table.h"
#include "net/commands/command_list.h"

namespace synchrodb::net {

struct CommandDescription {
  const CommandSpec* spec = nullptr;
  std::uint32_t traits = 0;  // the engine's flags and the bits of namespace trait
  std::string_view tips;
  // For each key specification its flags, separated by "; ".
  std::string_view key_access;
  std::span<const ServerCommand> subcommands;

  bool has(std::uint32_t bit) const { return (traits & bit) != 0; }
};

CommandDescription describe(const CommandSpec& spec);  // of the engine's table
CommandDescription describe(const ServerCommand& command);

// By full name ("get", "client|id"), ignoring case.
std::optional<CommandDescription> find_description(std::string_view full_name);

// Every top-level command of both tables, by name.
std::vector<CommandDescription> all_descriptions();

// Redis' words, in its order: "write", "denyoom" ...
std::vector<std::string_view> flag_names(const CommandDescription& command);
// Without the '@': "keyspace", "read" ...
std::vector<std::string_view> category_names(const CommandDescription& command);
// All that there are.
std::span<const std::string_view> all_categories();

// The flags of the key specifications, each split into words.
std::vector<std::vector<std::string_view>> key_access_flags(const CommandDescription& command);

std::vector<std::string_view> split(std::string_view text, std::string_view separator);

}  // namespace synchrodb::net
