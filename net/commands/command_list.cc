#include "net/commands/command_list.h"

#include <algorithm>
#include <string>

#include "engine/kv/ascii.h"
#include "net/commands/families.h"
#include "net/commands/replies.h"

namespace synchrodb::net {
namespace {

std::vector<const ServerCommand*> gather() {
  std::vector<const ServerCommand*> all;
  for (const auto family : {acl_family(), admin_family(), client_family(), cluster_family(),
                            command_family(), config_family(), connection_family(), debug_family(),
                            info_family(), latency_family(), memory_family(), object_family(),
                            refused_family(), scripting_family(), slow_log_family()}) {
    for (const ServerCommand& command : family) all.push_back(&command);
  }
  std::sort(all.begin(), all.end(), [](const ServerCommand* a, const ServerCommand* b) {
    return a->spec.name < b->spec.name;
  });
  return all;
}

bool less_ignoring_case(std::string_view a, std::string_view b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [](char x, char y) { return to_lower(x) < to_lower(y); });
}

}  // namespace

std::span<const ServerCommand* const> server_commands() {
  static const std::vector<const ServerCommand*> kAll = gather();
  return kAll;
}

const ServerCommand* find_server_command(std::string_view name) {
  const auto all = server_commands();
  const auto at = std::lower_bound(all.begin(), all.end(), name,
                                   [](const ServerCommand* command, std::string_view wanted) {
                                     return less_ignoring_case(command->spec.name, wanted);
                                   });
  if (at == all.end() || !equals_ignoring_case((*at)->spec.name, name)) return nullptr;
  return *at;
}

const ServerCommand* find_subcommand(const ServerCommand& container, std::string_view name) {
  const std::size_t prefix = container.spec.name.size() + 1;  // "client|"
  for (const ServerCommand& command : container.subcommands) {
    if (equals_ignoring_case(command.spec.name.substr(prefix), name)) return &command;
  }
  return nullptr;
}

Reply help_reply(const ServerCommand& container) {
  const std::string title = upper_case(container.spec.name);
  std::vector<Reply> lines;
  lines.push_back(
      Reply::status(title + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
  for (std::string_view rest = container.help; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    lines.push_back(Reply::status(std::string(rest.substr(0, end))));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  lines.push_back(Reply::status("HELP"));
  lines.push_back(Reply::status("    Prints this help."));
  return Reply::array(std::move(lines));
}

Reply show_help(Call& call) {
  return help_reply(*find_server_command(call[0]));
}

}  // namespace synchrodb::net
