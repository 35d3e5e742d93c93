// OBJECT: what Redis would say about the value of a key.
#include "net/commands/families.h"
#include "net/commands/replies.h"
#include "net/commands/server_commands.h"
#include "net/commands/value_encoding.h"

namespace synchrodb::net {
namespace {

using namespace trait;

// Answers for a key that exists; nil if it does not.
template <class Answer>
Reply about(Call& call, Answer&& answer) {
  ValueFacts facts;
  if (auto error = look_at_value(call, call[2], facts)) return *error;
  return facts.exists ? answer(facts) : Reply::nil();
}

Reply object_encoding(Call& call) {
  return about(call, [](const ValueFacts& facts) { return bulk(facts.encoding); });
}

Reply object_refcount(Call& call) {
  return about(call, [](const ValueFacts&) { return Reply::integer(1); });
}

// Reads leave no trace here.
Reply object_idletime(Call& call) {
  return about(call, [](const ValueFacts&) { return Reply::integer(0); });
}

Reply object_freq(Call& call) {
  return about(call, [](const ValueFacts&) {
    return Reply::error(
        "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note "
        "that when switching between policies at runtime LRU and LFU data will take some time to "
        "adjust.");
  });
}

constexpr CommandGroup kGroup = CommandGroup::kGeneric;

constexpr ServerCommand kObject[] = {
    server_command(kGroup, "object|encoding", 3, kRead | kKeyspaceCategory | kMayPark,
                   &object_encoding, "key", "Inspect the internal encoding of a Redis object.",
                   "2.2.3", "O(1)", "nondeterministic_output")
        .with_keys(2, 2, 1, "RO"),
    server_command(kGroup, "object|freq", 3, kRead | kKeyspaceCategory | kMayPark, &object_freq,
                   "key", "Get the logarithmic access frequency counter of a Redis object.",
                   "4.0.0", "O(1)", "nondeterministic_output")
        .with_keys(2, 2, 1, "RO"),
    server_command(kGroup, "object|help", 2, kLoading | kStale | kKeyspaceCategory, &show_help, "",
                   "Show helpful text about the different subcommands.", "6.2.0", "O(1)"),
    server_command(kGroup, "object|idletime", 3, kRead | kKeyspaceCategory | kMayPark,
                   &object_idletime, "key", "Get the time since a Redis object was last accessed.",
                   "2.2.3", "O(1)", "nondeterministic_output")
        .with_keys(2, 2, 1, "RO"),
    server_command(kGroup, "object|refcount", 3, kRead | kKeyspaceCategory | kMayPark,
                   &object_refcount, "key", "Get the number of references to the value of the key.",
                   "2.2.3", "O(1)", "nondeterministic_output")
        .with_keys(2, 2, 1, "RO"),
};

constexpr std::string_view kHelp =
    "ENCODING <key>\n"
    "    Return the kind of internal representation used in order to store the value\n"
    "    associated with a <key>.\n"
    "FREQ <key>\n"
    "    Return the access frequency index of the <key>. The returned integer is\n"
    "    proportional to the logarithm of the recent access frequency of the key.\n"
    "IDLETIME <key>\n"
    "    Return the idle time of the <key>, that is the approximated number of\n"
    "    seconds elapsed since the last access to the key.\n"
    "REFCOUNT <key>\n"
    "    Return the number of references of the value associated with the specified\n"
    "    <key>.";

constexpr ServerCommand kCommands[] = {
    container(kGroup, "object", "A container for object introspection commands.", "2.2.3", kObject,
              kHelp),
};

}  // namespace

std::span<const ServerCommand> object_family() {
  return kCommands;
}

}  // namespace synchrodb::net
