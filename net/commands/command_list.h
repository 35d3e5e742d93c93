// The commands about connections and the server: one table for dispatch, arity, COMMAND and help.
// The commands about keys have theirs in engine/kv/command_table.h; COMMAND sees both.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/kv/command_table.h"
#include "engine/kv/reply.h"

namespace synchrodb::net {

class ServerCommands;
class ServerContext;
struct ClientState;
struct ServerCommand;

// Bits that go on where the engine's CommandFlag ends. First what COMMAND INFO calls flags, then
// ACL categories that do not follow from flags, then what the dispatcher needs.
namespace trait {
inline constexpr std::uint32_t kAdmin = 1u << 8;
inline constexpr std::uint32_t kPubSub = 1u << 9;
inline constexpr std::uint32_t kNoScript = 1u << 10;
inline constexpr std::uint32_t kLoading = 1u << 11;
inline constexpr std::uint32_t kStale = 1u << 12;
inline constexpr std::uint32_t kSkipSlowLog = 1u << 13;
inline constexpr std::uint32_t kNoAuth = 1u << 14;  // needs no password
inline constexpr std::uint32_t kNoAsyncLoading = 1u << 15;
inline constexpr std::uint32_t kNoMulti = 1u << 16;
inline constexpr std::uint32_t kAllowBusy = 1u << 17;

inline constexpr std::uint32_t kConnectionCategory = 1u << 18;
inline constexpr std::uint32_t kKeyspaceCategory = 1u << 19;
inline constexpr std::uint32_t kScriptingCategory = 1u << 20;
inline constexpr std::uint32_t kDangerousCategory = 1u << 21;
inline constexpr std::uint32_t kAdminCategory = 1u << 22;
inline constexpr std::uint32_t kTransactionCategory = 1u << 23;
inline constexpr std::uint32_t kStringCategory = 1u << 24;

inline constexpr std::uint32_t kAtOnce = 1u << 25;     // never queued by MULTI
inline constexpr std::uint32_t kMayPark = 1u << 26;    // see ServerCommands::may_park()
inline constexpr std::uint32_t kUncounted = 1u << 27;  // not in the slow log: may hold a secret
}  // namespace trait

// One call of one command. argv[0] is the name, as the client wrote it.
struct Call {
  ServerCommands& commands;
  ServerContext& context;
  ClientState& client;
  const std::vector<std::string>& argv;
  bool in_transaction;  // executed by EXEC: must not wait for others

  std::size_t size() const { return argv.size(); }
  const std::string& operator[](std::size_t i) const { return argv[i]; }
};

struct ServerCommand {
  using Handler = Reply (*)(Call&);

  CommandSpec spec;            // a subcommand's name is "client|id"; `read` and `write` are null
  std::uint32_t traits = 0;    // spec.flags among them
  Handler handler = nullptr;   // null: a container of subcommands
  std::string_view tips = {};  // separated by spaces
  std::string_view key_access = {};  // of COMMAND INFO's key specification: "RO access"
  std::span<const ServerCommand> subcommands = {};
  std::string_view help = {};  // of a container: lines; "HELP" itself is added

  bool has(std::uint32_t bit) const { return (traits & bit) != 0; }
  constexpr ServerCommand with_keys(int first, int last, int step, std::string_view access) const {
    ServerCommand copy = *this;
    copy.spec.first_key = first;
    copy.spec.last_key = last;
    copy.spec.key_step = step;
    copy.key_access = access;
    return copy;
  }
};

// A row of a family's table.
constexpr ServerCommand server_command(CommandGroup group, std::string_view name, int arity,
                                       std::uint32_t traits, ServerCommand::Handler handler,
                                       std::string_view arguments, std::string_view summary,
                                       std::string_view since, std::string_view complexity,
                                       std::string_view tips = {}) {
  return {CommandSpec{name, arity, traits & 0xff, 0, 0, 0, nullptr, nullptr, group, arguments,
                      summary, since, complexity},
          traits, handler, tips};
}

constexpr ServerCommand container(CommandGroup group, std::string_view name,
                                  std::string_view summary, std::string_view since,
                                  std::span<const ServerCommand> subcommands,
                                  std::string_view help) {
  ServerCommand command =
      server_command(group, name, -2, 0, nullptr, {}, summary, since, "Depends on subcommand.");
  command.subcommands = subcommands;
  command.help = help;
  return command;
}

// Every command of this library, by name; subcommands only within their containers.
std::span<const ServerCommand* const> server_commands();

// Case-insensitive; null if there is no such command.
const ServerCommand* find_server_command(std::string_view name);
// `name` without its container's: "id".
const ServerCommand* find_subcommand(const ServerCommand& container, std::string_view name);

// "CLIENT <subcommand> ..." and so on.
Reply help_reply(const ServerCommand& container);
// The handler of every container's HELP.
Reply show_help(Call& call);

}  // namespace synchrodb::net
