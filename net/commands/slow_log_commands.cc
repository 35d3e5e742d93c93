// SLOWLOG: see slow_log.h.
#include "net/commands/families.h"
#include "net/commands/replies.h"
#include "net/commands/server_commands.h"

namespace synchrodb::net {
namespace {

using namespace trait;

Reply entry_reply(const SlowLog::Entry& entry) {
  std::vector<Reply> argv;
  for (const std::string& argument : entry.argv) argv.push_back(bulk(argument));
  return Reply::array({Reply::integer(static_cast<std::int64_t>(entry.id)),
                       Reply::integer(entry.wall_seconds), Reply::integer(entry.elapsed_us),
                       Reply::array(std::move(argv)), bulk(entry.address),
                       bulk(entry.client_name)});
}

Reply slowlog_get(Call& call) {
  std::int64_t count = 10;
  if (call.size() > 3) return errors::unknown_subcommand_or_arity(call);
  if (call.size() == 3) {
    const Number number = parse_number(call[2]);
    if (number.error || number.value < -1) {
      return Reply::error("ERR count should be greater than or equal to -1");
    }
    count = number.value;
  }
  std::vector<Reply> entries;
  for (const SlowLog::Entry& entry : call.commands.slow_log().entries()) {
    if (count >= 0 && static_cast<std::int64_t>(entries.size()) == count) break;
    entries.push_back(entry_reply(entry));
  }
  return Reply::array(std::move(entries));
}

Reply slowlog_len(Call& call) {
  return Reply::integer(static_cast<std::int64_t>(call.commands.slow_log().entries().size()));
}

Reply slowlog_reset(Call& call) {
  call.commands.slow_log().reset();
  return Reply::ok();
}

constexpr CommandGroup kGroup = CommandGroup::kServer;

constexpr ServerCommand kSlowLog[] = {
    server_command(kGroup, "slowlog|get", -2, kAdmin | kLoading | kStale, &slowlog_get, "[count]",
                   "Get the slow log's entries.", "2.2.12",
                   "O(N) where N is the number of entries returned",
                   "request_policy:all_nodes nondeterministic_output"),
    server_command(kGroup, "slowlog|help", 2, kLoading | kStale, &show_help, "",
                   "Show helpful text about the different subcommands.", "6.2.0", "O(1)"),
    server_command(kGroup, "slowlog|len", 2, kAdmin | kLoading | kStale, &slowlog_len, "",
                   "Get the slow log's length.", "2.2.12", "O(1)",
                   "request_policy:all_nodes response_policy:agg_sum nondeterministic_output"),
    server_command(kGroup, "slowlog|reset", 2, kAdmin | kLoading | kStale, &slowlog_reset, "",
                   "Clear all entries from the slow log.", "2.2.12",
                   "O(N) where N is the number of entries in the slowlog",
                   "request_policy:all_nodes response_policy:all_succeeded"),
};

constexpr std::string_view kHelp =
    "GET [<count>]\n"
    "    Return top <count> entries from the slowlog (default: 10, -1 mean all).\n"
    "    Entries are made of:\n"
    "    id, timestamp, time in microseconds, arguments array, client IP and port,\n"
    "    client name\n"
    "LEN\n"
    "    Return the length of the slowlog.\n"
    "RESET\n"
    "    Reset the slowlog.";

constexpr ServerCommand kCommands[] = {
    container(kGroup, "slowlog", "A container for slow log commands.", "2.2.12", kSlowLog, kHelp),
};

}  // namespace

std::span<const ServerCommand> slow_log_family() {
  return kCommands;
}

}  // namespace synchrodb::net
