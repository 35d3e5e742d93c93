// DEBUG: the few subcommands that client libraries' tests use. It looks at its arguments by itself,
// as in Redis, where it is no container.
#include <algorithm>
#include <cmath>

#include "engine/kv/numbers.h"
#include "net/commands/families.h"
#include "net/commands/replies.h"
#include "net/commands/server_commands.h"
#include "net/commands/value_encoding.h"

namespace synchrodb::net {
namespace {

using namespace trait;

constexpr double kLongestSleepSeconds = 3600;

// Only this connection sleeps. What is no number is zero, as strtod has it.
Reply sleep(Call& call) {
  const double asked = static_cast<double>(parse_long_double(call[2]).value_or(0));
  const double bounded = std::isfinite(asked) ? std::clamp(asked, 0.0, kLongestSleepSeconds) : 0;
  call.context.sleep(call.client, nanoseconds(std::llround(bounded * 1e9)));
  return Reply::ok();
}

Reply object(Call& call) {
  ValueFacts facts;
  if (auto error = look_at_value(call, call[2], facts)) return *error;
  if (!facts.exists) return errors::no_such_key();
  return Reply::status("Value at:0x0 refcount:1 encoding:" + std::string(facts.encoding) +
                       " serializedlength:" + std::to_string(facts.bytes + 1) +
                       " lru:0 lru_seconds_idle:0");
}

Reply debug(Call& call) {
  const std::string& what = call[1];
  if (call.size() == 2 && is(what, "HELP")) return show_help(call);
  if (call.size() == 3 && is(what, "SLEEP")) return sleep(call);
  if (call.size() == 3 && is(what, "OBJECT")) return object(call);
  if (call.size() == 3 && is(what, "ERROR")) return errors::failed(call[2]);
  if (call.size() == 3 && is(what, "SET-ACTIVE-EXPIRE")) {
    call.context.set_active_expiry(parse_integer(call[2]).value_or(0) != 0);
    return Reply::ok();
  }
  if (is(what, "RELOAD") || is(what, "LOADAOF") || is(what, "RESTART") || is(what, "SEGFAULT") ||
      is(what, "PANIC") || is(what, "OOM") || is(what, "POPULATE")) {
    return errors::failed("DEBUG " + upper_case(what) + " is not supported by SynchroDB");
  }
  return errors::unknown_subcommand_or_arity(call);
}

constexpr CommandGroup kGroup = CommandGroup::kServer;

constexpr std::string_view kHelp =
    "ERROR <string>\n"
    "    Return a Redis protocol error with <string> as message. Useful for clients\n"
    "    unit tests to simulate Redis errors.\n"
    "OBJECT <key>\n"
    "    Show low level info about `key` and associated value.\n"
    "SET-ACTIVE-EXPIRE <0|1>\n"
    "    Setting it to 0 disables expiring keys in background when they are not\n"
    "    accessed (otherwise the Redis behavior). Setting it to 1 reenables back the\n"
    "    default.\n"
    "SLEEP <seconds>\n"
    "    Stop serving this connection for <seconds>. Decimals allowed.";

constexpr ServerCommand kDebug = [] {
  ServerCommand command =
      server_command(kGroup, "debug", -2, kAdmin | kNoScript | kLoading | kStale | kMayPark, &debug,
                     "", "A container for debugging commands.", "1.0.0", "Depends on subcommand");
  command.help = kHelp;
  return command;
}();
constexpr ServerCommand kCommands[] = {kDebug};

}  // namespace

std::span<const ServerCommand> debug_family() {
  return kCommands;
}

}  // namespace synchrodb::net
