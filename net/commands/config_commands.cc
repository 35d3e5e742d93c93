// CONFIG: the options of the running server; what they are is not known here.
#include "net/commands/families.h"
#include "net/commands/replies.h"
#include "net/commands/server_commands.h"

namespace synchrodb::net {
namespace {

using namespace trait;

Reply config_get(Call& call) {
  MapReply reply;
  for (const auto& [name, value] :
       call.context.config_get({call.argv.begin() + 2, call.argv.end()})) {
    reply.put(name, value);
  }
  return reply.take();
}

Reply config_set(Call& call) {
  if (call.size() % 2 != 0) return errors::syntax();
  std::vector<std::pair<std::string, std::string>> pairs;
  for (std::size_t i = 2; i < call.size(); i += 2) pairs.emplace_back(call[i], call[i + 1]);
  const Result<> done = call.context.config_set(pairs);
  if (!done) return errors::failed(done.error().message);
  call.commands.reload_options();
  return Reply::ok();
}

Reply config_rewrite(Call& call) {
  const Result<> done = call.context.config_rewrite();
  return done ? Reply::ok() : errors::failed(done.error().message);
}

Reply config_resetstat(Call& call) {
  call.commands.statistics().reset();
  call.context.reset_statistics();
  return Reply::ok();
}

constexpr std::uint32_t kGoverns = kAdmin | kNoScript | kLoading | kStale;
constexpr CommandGroup kGroup = CommandGroup::kServer;

constexpr ServerCommand kConfig[] = {
    server_command(kGroup, "config|get", -3, kGoverns, &config_get, "parameter [parameter ...]",
                   "Get the values of configuration parameters.", "2.0.0",
                   "O(N) when N is the number of configuration parameters provided"),
    server_command(kGroup, "config|help", 2, kLoading | kStale, &show_help, "",
                   "Show helpful text about the different subcommands.", "5.0.0", "O(1)"),
    server_command(kGroup, "config|resetstat", 2, kGoverns, &config_resetstat, "",
                   "Reset the stats returned by INFO.", "2.0.0", "O(1)"),
    server_command(kGroup, "config|rewrite", 2, kGoverns, &config_rewrite, "",
                   "Rewrite the configuration file with the in memory configuration.", "2.8.0",
                   "O(1)"),
    server_command(kGroup, "config|set", -4, kGoverns | kUncounted, &config_set,
                   "parameter value [parameter value ...]",
                   "Set configuration parameters to the given values.", "2.0.0",
                   "O(N) when N is the number of configuration parameters provided",
                   "request_policy:all_nodes response_policy:all_succeeded"),
};

constexpr std::string_view kHelp =
    "GET <pattern>\n"
    "    Return parameters matching the glob-like <pattern> and their values.\n"
    "SET <directive> <value>\n"
    "    Set the configuration <directive> to <value>.\n"
    "RESETSTAT\n"
    "    Reset statistics reported by the INFO command.\n"
    "REWRITE\n"
    "    Rewrite the configuration file.";

constexpr ServerCommand kCommands[] = {
    container(kGroup, "config", "A container for server configuration commands.", "2.0.0", kConfig,
              kHelp),
};

}  // namespace

std::span<const ServerCommand> config_family() {
  return kCommands;
}

}  // namespace synchrodb::net
