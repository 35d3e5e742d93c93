// One table of every command: it drives lookup, arity checks, the read or write path, slot routing,
// dispatch and documentation.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "engine/kv/context.h"
#include "engine/kv/reply.h"

namespace synchrodb {

enum class CommandGroup : std::uint8_t {
  kString,
  kGeneric,
  kTransactions,
  kConnection,
  kServer,
  kCluster,
  kScripting,
  kPubSub,
};

// Bits of CommandSpec::flags.
enum CommandFlag : std::uint32_t {
  kWrite = 1u << 0,      // goes through the log
  kRead = 1u << 1,       // goes to the read path
  kStateless = 1u << 2,  // needs no keys: answered where it arrives
  kSession = 1u << 3,    // handled by the connection's session: MULTI, EXEC, WATCH ...
  kFast = 1u << 4,       // O(1) or O(log n)
  kDenyOom = 1u << 5,    // may need more memory
  kCondition = 1u << 6,  // a read that answers 1 or 0: unless 1, its transaction does nothing
};

struct CommandSpec {
  using Read = Reply (*)(const ReadContext&, Args);
  using Write = Reply (*)(WriteContext&, Args);

  std::string_view name;  // lower case
  int arity;              // with the name; negative: at least that many
  std::uint32_t flags;
  // Key positions as in Redis: argv indexes, last counted from the end if negative; 0: no keys.
  int first_key;
  int last_key;
  int key_step;
  Read read;    // null for writes and session commands
  Write write;  // null for reads and session commands
  CommandGroup group;
  std::string_view arguments;  // as a hint for people
  std::string_view summary;
  std::string_view since;  // the version of Redis that had it first; empty: SynchroDB's own
  std::string_view complexity;

  bool has(CommandFlag flag) const { return (flags & flag) != 0; }
  bool accepts(std::size_t argc) const {
    return arity >= 0 ? argc == static_cast<std::size_t>(arity)
                      : argc >= static_cast<std::size_t>(-arity);
  }
};

// Every command, in alphabetical order.
std::span<const CommandSpec> command_table();

// Case-insensitive; null if there is no such command.
const CommandSpec* find_command(std::string_view name);

// Redis' word for a group: "string", "generic" ...
std::string_view to_string(CommandGroup group);

// The positions in argv that hold keys, for an argument count that the command accepts.
std::vector<std::size_t> key_positions(const CommandSpec& spec, std::size_t argc);

}  // namespace synchrodb
