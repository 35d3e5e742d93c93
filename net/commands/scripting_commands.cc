// FUNCTION, SCRIPT, MODULE, PUBSUB: there is nothing of the kind; what is asked to be empty is.
#include "net/commands/families.h"
#include "net/commands/replies.h"
#include "net/commands/server_commands.h"

namespace synchrodb::net {
namespace {

using namespace trait;

Reply empty_array(Call&) {
  return Reply::array({});
}

Reply zero(Call&) {
  return Reply::integer(0);
}

Reply nothing_runs(Call&) {
  return Reply::error("NOTBUSY No scripts in execution right now.");
}

bool flush_mode_is_sound(const Call& call) {
  if (call.size() > 3) return false;
  return call.size() == 2 || is(call[2], "SYNC") || is(call[2], "ASYNC");
}

Reply function_flush(Call& call) {
  if (call.size() > 3) return errors::unknown_subcommand_or_arity(call);
  if (flush_mode_is_sound(call)) return Reply::ok();
  return Reply::error("ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
}

Reply function_list(Call& call) {
  for (std::size_t i = 2; i < call.size(); ++i) {
    if (is(call[i], "WITHCODE")) continue;
    if (is(call[i], "LIBRARYNAME") && i + 1 < call.size()) {
      ++i;
      continue;
    }
    return errors::failed(is(call[i], "LIBRARYNAME") ? "library name argument was not given"
                                                     : "Unknown argument " + call[i]);
  }
  return Reply::array({});
}

Reply function_stats(Call&) {
  return MapReply().put("running_script", Reply::nil()).put("engines", Reply::map({})).take();
}

Reply script_flush(Call& call) {
  if (flush_mode_is_sound(call)) return Reply::ok();
  return Reply::error("ERR SCRIPT FLUSH only support SYNC|ASYNC option");
}

Reply script_exists(Call& call) {
  return Reply::array(std::vector<Reply>(call.size() - 2, Reply::integer(0)));
}

// A count of zero for each channel.
Reply no_subscribers(Call& call) {
  MapReply counts;
  for (std::size_t i = 2; i < call.size(); ++i) counts.put(call[i], 0);
  // Redis answers with an array in RESP3 as well.
  return Reply::array(counts.take().elements());
}

constexpr std::uint32_t kScripts = kNoScript | kScriptingCategory;
constexpr std::uint32_t kAsks = kPubSub | kLoading | kStale;

namespace function_table {
constexpr CommandGroup kGroup = CommandGroup::kScripting;
constexpr ServerCommand kRows[] = {
    server_command(kGroup, "function|flush", -2, kWrite | kNoScript | kScriptingCategory,
                   &function_flush, "[ASYNC | SYNC]", "Deleting all functions.", "7.0.0",
                   "O(N) where N is the number of functions deleted",
                   "request_policy:all_shards response_policy:all_succeeded"),
    server_command(kGroup, "function|help", 2, kLoading | kStale | kScriptingCategory, &show_help,
                   "", "Show helpful text about the different subcommands.", "7.0.0", "O(1)"),
    server_command(kGroup, "function|kill", 2, kNoScript | kAllowBusy | kScriptingCategory,
                   &nothing_runs, "", "Kill the function currently in execution.", "7.0.0", "O(1)",
                   "request_policy:all_shards response_policy:one_succeeded"),
    server_command(kGroup, "function|list", -2, kScripts, &function_list,
                   "[LIBRARYNAME library-name-pattern] [WITHCODE]",
                   "List information about all the functions.", "7.0.0",
                   "O(N) where N is the number of functions", "nondeterministic_output_order"),
    server_command(
        kGroup, "function|stats", 2, kNoScript | kAllowBusy | kScriptingCategory, &function_stats,
        "",
        "Return information about the function currently running (name, description, duration).",
        "7.0.0", "O(1)",
        "nondeterministic_output request_policy:all_shards response_policy:special"),
};
constexpr std::string_view kHelp =
    "LIST [LIBRARYNAME PATTERN] [WITHCODE]\n"
    "    Return general information on all the libraries:\n"
    "    * Library name\n"
    "    * The engine used to run the Library\n"
    "    * Library description\n"
    "    * Functions list\n"
    "    * Library code (if WITHCODE is given)\n"
    "    It also possible to get only function that matches a pattern using LIBRARYNAME argument.\n"
    "STATS\n"
    "    Return information about the current function running:\n"
    "    * Function name\n"
    "    * Command used to run the function\n"
    "    * Duration in MS that the function is running\n"
    "    If no function is running, return nil\n"
    "    In addition, returns a list of available engines.\n"
    "KILL\n"
    "    Kill the current running function.\n"
    "FLUSH [ASYNC|SYNC]\n"
    "    Delete all the libraries.\n"
    "    When called without the optional mode argument, the behavior is determined by the\n"
    "    lazyfree-lazy-user-flush configuration directive. Valid modes are:\n"
    "    * ASYNC: Asynchronously flush the libraries.\n"
    "    * SYNC: Synchronously flush the libraries.";
}  // namespace function_table

namespace script_table {
constexpr CommandGroup kGroup = CommandGroup::kScripting;
constexpr ServerCommand kRows[] = {
    server_command(kGroup, "script|exists", -3, kScripts, &script_exists, "sha1 [sha1 ...]",
                   "Check existence of scripts in the script cache.", "2.6.0",
                   "O(N) with N being the number of scripts to check (so checking a single script "
                   "is an O(1) operation)",
                   "request_policy:all_shards response_policy:agg_logical_and"),
    server_command(kGroup, "script|flush", -2, kScripts, &script_flush, "[ASYNC | SYNC]",
                   "Remove all the scripts from the script cache.", "2.6.0",
                   "O(N) with N being the number of scripts in cache",
                   "request_policy:all_nodes response_policy:all_succeeded"),
    server_command(kGroup, "script|help", 2, kLoading | kStale | kScriptingCategory, &show_help, "",
                   "Show helpful text about the different subcommands.", "5.0.0", "O(1)"),
    server_command(kGroup, "script|kill", 2, kNoScript | kAllowBusy | kScriptingCategory,
                   &nothing_runs, "", "Kill the script currently in execution.", "2.6.0", "O(1)",
                   "request_policy:all_shards response_policy:one_succeeded"),
};
constexpr std::string_view kHelp =
    "EXISTS <sha1> [<sha1> ...]\n"
    "    Return information about the existence of the scripts in the script cache.\n"
    "FLUSH [ASYNC|SYNC]\n"
    "    Flush the Lua scripts cache. Very dangerous on replicas.\n"
    "    When called without the optional mode argument, the behavior is determined by the\n"
    "    lazyfree-lazy-user-flush configuration directive. Valid modes are:\n"
    "    * ASYNC: Asynchronously flush the scripts cache.\n"
    "    * SYNC: Synchronously flush the scripts cache.\n"
    "KILL\n"
    "    Kill the currently executing Lua script.";
}  // namespace script_table

namespace module_table {
constexpr CommandGroup kGroup = CommandGroup::kServer;
constexpr ServerCommand kRows[] = {
    server_command(kGroup, "module|help", 2, kLoading | kStale, &show_help, "",
                   "Show helpful text about the different subcommands.", "5.0.0", "O(1)"),
    server_command(kGroup, "module|list", 2, kAdmin | kNoScript, &empty_array, "",
                   "List all modules loaded by the server.", "4.0.0",
                   "O(N) where N is the number of loaded modules", "nondeterministic_output_order"),
};
constexpr std::string_view kHelp =
    "LIST\n"
    "    Return a list of loaded modules.";
}  // namespace module_table

namespace pubsub_table {
constexpr CommandGroup kGroup = CommandGroup::kPubSub;
constexpr ServerCommand kRows[] = {
    server_command(kGroup, "pubsub|channels", -2, kAsks, &empty_array, "[pattern]",
                   "List active channels.", "2.8.0",
                   "O(N) where N is the number of active channels, and assuming constant time "
                   "pattern matching (relatively short channels and patterns)"),
    server_command(kGroup, "pubsub|help", 2, kLoading | kStale, &show_help, "",
                   "Show helpful text about the different subcommands.", "6.2.0", "O(1)"),
    server_command(kGroup, "pubsub|numpat", 2, kAsks, &zero, "",
                   "Get the count of unique patterns pattern subscriptions.", "2.8.0", "O(1)"),
    server_command(kGroup, "pubsub|numsub", -2, kAsks, &no_subscribers, "[channel ...]",
                   "Get the count of subscribers for channels.", "2.8.0",
                   "O(N) for the NUMSUB subcommand, where N is the number of requested channels"),
    server_command(kGroup, "pubsub|shardchannels", -2, kAsks, &empty_array, "[pattern]",
                   "List active shard channels.", "7.0.0",
                   "O(N) where N is the number of active shard channels, and assuming constant "
                   "time pattern matching (relatively short shard channels)"),
    server_command(
        kGroup, "pubsub|shardnumsub", -2, kAsks, &no_subscribers, "[shardchannel ...]",
        "Get the count of subscribers for shard channels.", "7.0.0",
        "O(N) for the SHARDNUMSUB subcommand, where N is the number of requested shard channels"),
};
constexpr std::string_view kHelp =
    "CHANNELS [<pattern>]\n"
    "    Return the currently active channels matching a <pattern> (default: '*').\n"
    "NUMPAT\n"
    "    Return number of subscriptions to patterns.\n"
    "NUMSUB [<channel> ...]\n"
    "    Return the number of subscribers for the specified channels, excluding\n"
    "    pattern subscriptions(default: no channels).\n"
    "SHARDCHANNELS [<pattern>]\n"
    "    Return the currently active shard level channels matching a <pattern> (default: '*').\n"
    "SHARDNUMSUB [<shardchannel> ...]\n"
    "    Return the number of subscribers for the specified shard level channel(s)";
}  // namespace pubsub_table

constexpr ServerCommand kCommands[] = {
    container(function_table::kGroup, "function", "A container for function commands.", "7.0.0",
              function_table::kRows, function_table::kHelp),
    container(script_table::kGroup, "script", "A container for Lua scripts management commands.",
              "2.6.0", script_table::kRows, script_table::kHelp),
    container(module_table::kGroup, "module", "A container for module commands.", "4.0.0",
              module_table::kRows, module_table::kHelp),
    container(pubsub_table::kGroup, "pubsub", "A container for Pub/Sub commands.", "2.8.0",
              pubsub_table::kRows, pubsub_table::kHelp),
};

}  // namespace

std::span<const ServerCommand> scripting_family() {
  return kCommands;
}

}  // namespace synchrodb::net
