#include "engine/kv/command_table.h"

#include <algorithm>
#include <array>

#include "engine/kv/ascii.h"
#include "engine/kv/handlers.h"

namespace synchrodb {
namespace {

// Bodies in the order of CommandSpec: name, arity, flags; keys first, last, step; read, write;
// group; arguments, summary, since, complexity.
constexpr CommandSpec kCommands[] = {
    {"append", 3, kWrite | kFast | kDenyOom, 1, 1, 1, nullptr, &commands::append,
     CommandGroup::kString, "key value",
     "Appends a string to the value of a key. Creates the key if it doesn't exist.", "2.0.0",
     "O(1)"},
    {"copy", -3, kWrite | kDenyOom, 1, 2, 1, nullptr, &commands::copy, CommandGroup::kGeneric,
     "source destination [DB destination-db] [REPLACE]", "Copies the value of a key to a new key.",
     "6.2.0", "O(N) in the size of the value"},
    {"dbsize", 1, kRead | kFast, 0, 0, 0, &commands::dbsize, nullptr, CommandGroup::kServer, "",
     "Returns the number of keys in the database.", "1.0.0", "O(1)"},
    {"decr", 2, kWrite | kFast | kDenyOom, 1, 1, 1, nullptr, &commands::decr, CommandGroup::kString,
     "key",
     "Decrements the integer value of a key by one. Uses 0 as initial value if the key doesn't "
     "exist.",
     "1.0.0", "O(1)"},
    {"decrby", 3, kWrite | kFast | kDenyOom, 1, 1, 1, nullptr, &commands::decrby,
     CommandGroup::kString, "key decrement",
     "Decrements a number from the integer value of a key. Uses 0 as initial value if the key "
     "doesn't exist.",
     "1.0.0", "O(1)"},
    {"del", -2, kWrite, 1, -1, 1, nullptr, &commands::del, CommandGroup::kGeneric, "key [key ...]",
     "Deletes one or more keys.", "1.0.0", "O(N) in the number of keys"},
    {"discard", 1, kSession | kFast, 0, 0, 0, nullptr, nullptr, CommandGroup::kTransactions, "",
     "Discards a transaction.", "2.0.0", "O(N) in the number of queued commands"},
    {"echo", 2, kStateless | kFast, 0, 0, 0, &commands::echo, nullptr, CommandGroup::kConnection,
     "message", "Returns the given string.", "1.0.0", "O(1)"},
    {"exec", 1, kSession, 0, 0, 0, nullptr, nullptr, CommandGroup::kTransactions, "",
     "Executes all commands in a transaction.", "1.2.0",
     "Depends on the commands in the transaction"},
    {"exists", -2, kRead | kFast, 1, -1, 1, &commands::exists, nullptr, CommandGroup::kGeneric,
     "key [key ...]", "Determines whether one or more keys exist.", "1.0.0",
     "O(N) in the number of keys"},
    {"expire", -3, kWrite | kFast, 1, 1, 1, nullptr, &commands::expire, CommandGroup::kGeneric,
     "key seconds [NX | XX | GT | LT]", "Sets the expiration time of a key in seconds.", "1.0.0",
     "O(1)"},
    {"expireat", -3, kWrite | kFast, 1, 1, 1, nullptr, &commands::expireat, CommandGroup::kGeneric,
     "key unix-time-seconds [NX | XX | GT | LT]",
     "Sets the expiration time of a key to a Unix timestamp.", "1.2.0", "O(1)"},
    {"expiretime", 2, kRead | kFast, 1, 1, 1, &commands::expiretime, nullptr,
     CommandGroup::kGeneric, "key", "Returns the expiration time of a key as a Unix timestamp.",
     "7.0.0", "O(1)"},
    {"flushall", -1, kWrite, 0, 0, 0, nullptr, &commands::flushall, CommandGroup::kServer,
     "[ASYNC | SYNC]", "Removes all keys.", "1.0.0", "O(N) in the number of keys"},
    // The log has it as FLUSHALL: see engine/session/session.cc.
    {"flushdb", -1, kWrite, 0, 0, 0, nullptr, &commands::flushall, CommandGroup::kServer,
     "[ASYNC | SYNC]", "Removes all keys: there is one database.", "1.0.0",
     "O(N) in the number of keys"},
    {"get", 2, kRead | kFast, 1, 1, 1, &commands::get, nullptr, CommandGroup::kString, "key",
     "Returns the string value of a key.", "1.0.0", "O(1)"},
    {"getdel", 2, kWrite | kFast, 1, 1, 1, nullptr, &commands::getdel, CommandGroup::kString, "key",
     "Returns the string value of a key after deleting the key.", "6.2.0", "O(1)"},
    {"getex", -2, kWrite | kFast, 1, 1, 1, nullptr, &commands::getex, CommandGroup::kString,
     "key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | "
     "PERSIST]",
     "Returns the string value of a key after setting its expiration time.", "6.2.0", "O(1)"},
    {"getrange", 4, kRead, 1, 1, 1, &commands::getrange, nullptr, CommandGroup::kString,
     "key start end", "Returns a substring of the string stored at a key.", "2.4.0",
     "O(N) in the length of the returned string"},
    {"getset", 3, kWrite | kFast | kDenyOom, 1, 1, 1, nullptr, &commands::getset,
     CommandGroup::kString, "key value",
     "Returns the previous string value of a key after setting it to a new value.", "1.0.0",
     "O(1)"},
    {"incr", 2, kWrite | kFast | kDenyOom, 1, 1, 1, nullptr, &commands::incr, CommandGroup::kString,
     "key",
     "Increments the integer value of a key by one. Uses 0 as initial value if the key doesn't "
     "exist.",
     "1.0.0", "O(1)"},
    {"incrby", 3, kWrite | kFast | kDenyOom, 1, 1, 1, nullptr, &commands::incrby,
     CommandGroup::kString, "key increment",
     "Increments the integer value of a key by a number. Uses 0 as initial value if the key "
     "doesn't exist.",
     "1.0.0", "O(1)"},
    {"incrbyfloat", 3, kWrite | kFast | kDenyOom, 1, 1, 1, nullptr, &commands::incrbyfloat,
     CommandGroup::kString, "key increment",
     "Increments the floating point value of a key by a number. Uses 0 as initial value if the key "
     "doesn't exist.",
     "2.6.0", "O(1)"},
    {"keys", 2, kRead, 0, 0, 0, &commands::keys, nullptr, CommandGroup::kGeneric, "pattern",
     "Returns all key names that match a pattern.", "1.0.0", "O(N) in the number of keys"},
    {"mget", -2, kRead | kFast, 1, -1, 1, &commands::mget, nullptr, CommandGroup::kString,
     "key [key ...]", "Atomically returns the string values of one or more keys.", "1.0.0",
     "O(N) in the number of keys"},
    {"mset", -3, kWrite | kDenyOom, 1, -1, 2, nullptr, &commands::mset, CommandGroup::kString,
     "key value [key value ...]",
     "Atomically creates or modifies the string values of one or more keys.", "1.0.1",
     "O(N) in the number of keys"},
    {"msetnx", -3, kWrite | kDenyOom, 1, -1, 2, nullptr, &commands::msetnx, CommandGroup::kString,
     "key value [key value ...]",
     "Atomically modifies the string values of one or more keys only when all keys don't exist.",
     "1.0.1", "O(N) in the number of keys"},
    {"multi", 1, kSession | kFast, 0, 0, 0, nullptr, nullptr, CommandGroup::kTransactions, "",
     "Starts a transaction.", "1.2.0", "O(1)"},
    {"persist", 2, kWrite | kFast, 1, 1, 1, nullptr, &commands::persist, CommandGroup::kGeneric,
     "key", "Removes the expiration time of a key.", "2.2.0", "O(1)"},
    {"pexpire", -3, kWrite | kFast, 1, 1, 1, nullptr, &commands::pexpire, CommandGroup::kGeneric,
     "key milliseconds [NX | XX | GT | LT]", "Sets the expiration time of a key in milliseconds.",
     "2.6.0", "O(1)"},
    {"pexpireat", -3, kWrite | kFast, 1, 1, 1, nullptr, &commands::pexpireat,
     CommandGroup::kGeneric, "key unix-time-milliseconds [NX | XX | GT | LT]",
     "Sets the expiration time of a key to a Unix milliseconds timestamp.", "2.6.0", "O(1)"},
    {"pexpiretime", 2, kRead | kFast, 1, 1, 1, &commands::pexpiretime, nullptr,
     CommandGroup::kGeneric, "key",
     "Returns the expiration time of a key as a Unix milliseconds timestamp.", "7.0.0", "O(1)"},
    {"ping", -1, kStateless | kFast, 0, 0, 0, &commands::ping, nullptr, CommandGroup::kConnection,
     "[message]", "Returns the server's liveliness response.", "1.0.0", "O(1)"},
    {"psetex", 4, kWrite | kDenyOom, 1, 1, 1, nullptr, &commands::psetex, CommandGroup::kString,
     "key milliseconds value",
     "Sets both string value and expiration time in milliseconds of a key.", "2.6.0", "O(1)"},
    {"pttl", 2, kRead | kFast, 1, 1, 1, &commands::pttl, nullptr, CommandGroup::kGeneric, "key",
     "Returns the expiration time in milliseconds of a key.", "2.6.0", "O(1)"},
    {"randomkey", 1, kRead, 0, 0, 0, &commands::randomkey, nullptr, CommandGroup::kGeneric, "",
     "Returns a random key name from the database.", "1.0.0", "O(1)"},
    {"rename", 3, kWrite, 1, 2, 1, nullptr, &commands::rename, CommandGroup::kGeneric, "key newkey",
     "Renames a key and overwrites the destination.", "1.0.0", "O(N) in the size of the value"},
    {"renamenx", 3, kWrite | kFast, 1, 2, 1, nullptr, &commands::renamenx, CommandGroup::kGeneric,
     "key newkey", "Renames a key only when the target key name doesn't exist.", "1.0.0",
     "O(N) in the size of the value"},
    {"scan", -2, kRead, 0, 0, 0, &commands::scan, nullptr, CommandGroup::kGeneric,
     "cursor [MATCH pattern] [COUNT count] [TYPE type]",
     "Iterates over the key names in the database.", "2.8.0",
     "O(1) for every call, O(N) for a complete iteration"},
    {"set", -3, kWrite | kDenyOom, 1, 1, 1, nullptr, &commands::set, CommandGroup::kString,
     "key value [NX | XX | IFEQ comparison-value] [GET] [EX seconds | PX milliseconds | EXAT "
     "unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]",
     "Sets the string value of a key, ignoring its type. The key is created if it doesn't exist.",
     "1.0.0", "O(1)"},
    {"setex", 4, kWrite | kDenyOom, 1, 1, 1, nullptr, &commands::setex, CommandGroup::kString,
     "key seconds value",
     "Sets the string value and expiration time of a key. Creates the key if it doesn't exist.",
     "2.0.0", "O(1)"},
    {"setnx", 3, kWrite | kFast | kDenyOom, 1, 1, 1, nullptr, &commands::setnx,
     CommandGroup::kString, "key value",
     "Set the string value of a key only when the key doesn't exist.", "1.0.0", "O(1)"},
    {"setrange", 4, kWrite | kDenyOom, 1, 1, 1, nullptr, &commands::setrange, CommandGroup::kString,
     "key offset value",
     "Overwrites a part of a string value with another by an offset. Creates the key if it doesn't "
     "exist.",
     "2.2.0", "O(N) in the length of the new part"},
    {"strlen", 2, kRead | kFast, 1, 1, 1, &commands::strlen, nullptr, CommandGroup::kString, "key",
     "Returns the length of a string value.", "2.2.0", "O(1)"},
    {"synchrodb.require", -3, kRead | kFast | kCondition, 1, 1, 1, &commands::require, nullptr,
     CommandGroup::kTransactions, "key <ABSENT | PRESENT | VALUE value | VERSION version>",
     "Returns 1 if the key is as described, else 0. In a transaction, where it is evaluated before "
     "all commands, 0 makes EXEC do nothing and answer nil.",
     "", "O(N) in the size of the value"},
    {"synchrodb.scan", -5, kRead, 0, 0, 0, &commands::scan_range, nullptr, CommandGroup::kGeneric,
     "cursor from to count [KEYSONLY]",
     "Iterates over the keys of a range, the end excluded (empty: none), with value, version and "
     "expiry.",
     "", "O(1) for every call, O(N) for a complete iteration"},
    {"synchrodb.versions", -2, kRead | kFast, 1, -1, 1, &commands::versions, nullptr,
     CommandGroup::kTransactions, "key [key ...]",
     "Returns for each key the index of the log entry that wrote it last; 0 if it doesn't exist. "
     "WATCH rests on it.",
     "", "O(N) in the number of keys"},
    {"touch", -2, kRead | kFast, 1, -1, 1, &commands::touch, nullptr, CommandGroup::kGeneric,
     "key [key ...]", "Returns the number of existing keys out of those specified.", "3.2.1",
     "O(N) in the number of keys"},
    {"ttl", 2, kRead | kFast, 1, 1, 1, &commands::ttl, nullptr, CommandGroup::kGeneric, "key",
     "Returns the expiration time in seconds of a key.", "1.0.0", "O(1)"},
    {"type", 2, kRead | kFast, 1, 1, 1, &commands::type, nullptr, CommandGroup::kGeneric, "key",
     "Determines the type of value stored at a key.", "1.0.0", "O(1)"},
    {"unlink", -2, kWrite | kFast, 1, -1, 1, nullptr, &commands::del, CommandGroup::kGeneric,
     "key [key ...]", "Deletes one or more keys.", "4.0.0", "O(N) in the number of keys"},
    {"unwatch", 1, kSession | kFast, 0, 0, 0, &commands::unwatch, nullptr,
     CommandGroup::kTransactions, "", "Forgets about watched keys of a transaction.", "2.2.0",
     "O(N) in the number of watched keys"},
    {"watch", -2, kSession | kFast, 1, -1, 1, nullptr, nullptr, CommandGroup::kTransactions,
     "key [key ...]", "Monitors changes to keys to determine the execution of a transaction.",
     "2.2.0", "O(N) in the number of keys"},
};

constexpr std::size_t kCount = std::size(kCommands);
static_assert(std::is_sorted(std::begin(kCommands), std::end(kCommands),
                             [](const auto& a, const auto& b) { return a.name < b.name; }));
static_assert(std::all_of(std::begin(kCommands), std::end(kCommands), [](const CommandSpec& c) {
  return (c.first_key == 0) == (c.key_step == 0) && c.arity != 0;
}));

// Names are found through a table of twice the next power of two, built at compile time.
constexpr std::size_t kBuckets = 256;
static_assert(kCount * 2 <= kBuckets);

constexpr std::size_t bucket_of(std::string_view name) {
  std::uint32_t h = 2166136261u;  // FNV-1a of the lower-case name
  for (const char c : name) h = (h ^ static_cast<unsigned char>(to_lower(c))) * 16777619u;
  return (h ^ (h >> 15)) % kBuckets;
}

constexpr auto kIndex = [] {
  std::array<std::uint8_t, kBuckets> index{};  // position in kCommands + 1; 0: empty
  for (std::size_t i = 0; i < kCount; ++i) {
    std::size_t at = bucket_of(kCommands[i].name);
    while (index[at] != 0) at = (at + 1) % kBuckets;
    index[at] = static_cast<std::uint8_t>(i + 1);
  }
  return index;
}();

constexpr std::size_t kLongestName = [] {
  std::size_t longest = 0;
  for (const CommandSpec& command : kCommands) longest = std::max(longest, command.name.size());
  return longest;
}();

}  // namespace

std::span<const CommandSpec> command_table() {
  return kCommands;
}

const CommandSpec* find_command(std::string_view name) {
  if (name.size() > kLongestName) return nullptr;
  for (std::size_t at = bucket_of(name); kIndex[at] != 0; at = (at + 1) % kBuckets) {
    const CommandSpec& command = kCommands[kIndex[at] - 1];
    if (equals_ignoring_case(command.name, name)) return &command;
  }
  return nullptr;
}

std::string_view to_string(CommandGroup group) {
  switch (group) {
    case CommandGroup::kString:
      return "string";
    case CommandGroup::kGeneric:
      return "generic";
    case CommandGroup::kTransactions:
      return "transactions";
    case CommandGroup::kConnection:
      return "connection";
    case CommandGroup::kServer:
      return "server";
    case CommandGroup::kCluster:
      return "cluster";
    case CommandGroup::kScripting:
      return "scripting";
    case CommandGroup::kPubSub:
      return "pubsub";
  }
  return "";
}

std::vector<std::size_t> key_positions(const CommandSpec& spec, std::size_t argc) {
  std::vector<std::size_t> positions;
  if (spec.key_step == 0) return positions;
  const auto count = static_cast<std::ptrdiff_t>(argc);
  const std::ptrdiff_t last = spec.last_key < 0 ? count + spec.last_key : spec.last_key;
  for (std::ptrdiff_t at = spec.first_key; at <= last && at < count; at += spec.key_step) {
    positions.push_back(static_cast<std::size_t>(at));
  }
  return positions;
}

}  // namespace synchrodb
