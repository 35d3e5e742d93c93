// COMMAND: both tables, told to clients.
#include <algorithm>

#include "engine/kv/glob.h"
#include "net/commands/command_description.h"
#include "net/commands/command_syntax.h"
#include "net/commands/families.h"
#include "net/commands/replies.h"
#include "net/commands/server_commands.h"

namespace synchrodb::net {
namespace {

using namespace trait;

template <class Words>
Reply bulk_set(const Words& words) {
  std::vector<Reply> replies;
  replies.reserve(words.size());
  for (const auto& word : words) replies.push_back(bulk(word));
  return Reply::set(std::move(replies));
}

template <class Words>
Reply status_set(const Words& words, std::string_view prefix = "") {
  std::vector<Reply> replies;
  replies.reserve(words.size());
  for (const auto& word : words) {
    replies.push_back(Reply::status(std::string(prefix) + std::string(word)));
  }
  return Reply::set(std::move(replies));
}

Reply key_specification(const std::vector<std::string_view>& flags, int first, int last, int step) {
  return MapReply()
      .put("flags", status_set(flags))
      .put(
          "begin_search",
          MapReply().put("type", "index").put("spec", MapReply().put("index", first).take()).take())
      .put("find_keys",
           MapReply()
               .put("type", "range")
               .put("spec",
                    MapReply().put("lastkey", last).put("keystep", step).put("limit", 0).take())
               .take())
      .take();
}

// One specification for each group of flags: where there are several, each has one key (RENAME).
Reply key_specifications(const CommandDescription& command) {
  const CommandSpec& spec = *command.spec;
  std::vector<Reply> all;
  if (spec.first_key == 0) return Reply::set({});
  const auto access = key_access_flags(command);
  if (access.size() > 1) {
    int first = spec.first_key;
    for (const auto& flags : access) {
      all.push_back(key_specification(flags, first, 0, 1));
      first += spec.key_step;
    }
  } else {
    const int last = spec.last_key < 0 ? spec.last_key : spec.last_key - spec.first_key;
    all.push_back(key_specification(access.empty() ? std::vector<std::string_view>() : access[0],
                                    spec.first_key, last, spec.key_step));
  }
  return Reply::set(std::move(all));
}

Reply info_of(const CommandDescription& command) {
  const CommandSpec& spec = *command.spec;
  std::vector<Reply> subcommands;
  for (const ServerCommand& sub : command.subcommands) {
    subcommands.push_back(info_of(describe(sub)));
  }
  return Reply::array({bulk(spec.name), Reply::integer(spec.arity), status_set(flag_names(command)),
                       Reply::integer(spec.first_key), Reply::integer(spec.last_key),
                       Reply::integer(spec.key_step), status_set(category_names(command), "@"),
                       bulk_set(split(command.tips, " ")), key_specifications(command),
                       Reply::set(std::move(subcommands))});
}

Reply arguments_reply(const std::vector<SyntaxNode>& nodes) {
  std::vector<Reply> all;
  for (const SyntaxNode& node : nodes) {
    MapReply map;
    map.put("name", node.name).put("type", node.type);
    if (node.type == "key") map.put("key_spec_index", 0);
    if (!node.token.empty()) map.put("token", node.token);
    std::vector<std::string_view> flags;
    if (node.optional) flags.push_back("optional");
    if (node.multiple) flags.push_back("multiple");
    if (!flags.empty()) map.put("flags", status_set(flags));
    if (!node.children.empty()) map.put("arguments", arguments_reply(node.children));
    all.push_back(map.take());
  }
  return Reply::array(std::move(all));
}

Reply docs_of(const CommandDescription& command) {
  const CommandSpec& spec = *command.spec;
  MapReply map;
  map.put("summary", spec.summary);
  if (!spec.since.empty()) map.put("since", spec.since);
  map.put("group", to_string(spec.group)).put("complexity", spec.complexity);
  const auto syntax = parse_syntax(spec.arguments);
  if (!syntax.empty()) map.put("arguments", arguments_reply(syntax));
  if (!command.subcommands.empty()) {
    MapReply subcommands;
    for (const ServerCommand& sub : command.subcommands) {
      subcommands.put(sub.spec.name, docs_of(describe(sub)));
    }
    map.put("subcommands", subcommands.take());
  }
  return map.take();
}

Reply command_info(Call& call) {
  std::vector<Reply> all;
  if (call.size() <= 2) {
    for (const CommandDescription& command : all_descriptions()) all.push_back(info_of(command));
  }
  for (std::size_t i = 2; i < call.size(); ++i) {
    const auto command = find_description(call[i]);
    all.push_back(command ? info_of(*command) : Reply::nil());
  }
  return Reply::array(std::move(all));
}

Reply command_docs(Call& call) {
  MapReply all;
  if (call.size() <= 2) {
    for (const CommandDescription& command : all_descriptions()) {
      all.put(command.spec->name, docs_of(command));
    }
  }
  for (std::size_t i = 2; i < call.size(); ++i) {
    const auto command = find_description(call[i]);
    if (command) all.put(command->spec->name, docs_of(*command));
  }
  return all.take();
}

Reply command_count(Call&) {
  return Reply::integer(
      static_cast<std::int64_t>(command_table().size() + server_commands().size()));
}

Reply command_list(Call& call) {
  std::string kind, value;
  if (call.size() != 2) {
    if (call.size() != 5 || !is(call[2], "FILTERBY")) return errors::syntax();
    kind = upper_case(call[3]);
    value = call[4];
    if (kind != "MODULE" && kind != "ACLCAT" && kind != "PATTERN") return errors::syntax();
  }
  const auto wanted = [&](const CommandDescription& command) {
    if (kind.empty()) return true;
    if (kind == "MODULE") return false;  // there are none
    if (kind == "PATTERN") return glob_match(value, command.spec->name);
    const auto categories = category_names(command);
    return std::any_of(categories.begin(), categories.end(),
                       [&](std::string_view category) { return is(category, value); });
  };
  std::vector<Reply> names;
  const auto take = [&](const CommandDescription& command) {
    if (wanted(command)) names.push_back(bulk(command.spec->name));
  };
  for (const CommandDescription& command : all_descriptions()) {
    take(command);
    for (const ServerCommand& sub : command.subcommands) take(describe(sub));
  }
  return Reply::array(std::move(names));
}

// ---- Keys of a full command.

struct FullCommand {
  CommandDescription command;
  std::vector<std::size_t> keys;  // positions in argv, from 2 on
};

// What COMMAND GETKEYS is asked about, or the error to answer with.
std::optional<Reply> parse_full(const Call& call, FullCommand& full) {
  // "client|id" is a name only where a name is asked for.
  auto command = call[2].find('|') == std::string::npos ? find_description(call[2]) : std::nullopt;
  if (command && !command->subcommands.empty()) {
    command = find_description(call[2] + "|" + call[3]);
  }
  if (!command) return Reply::error("ERR Invalid command specified");
  if (command->spec->first_key == 0) return Reply::error("ERR The command has no key arguments");
  if (!command->spec->accepts(call.size() - 2)) {
    return Reply::error("ERR Invalid number of arguments specified for command");
  }
  full.command = *command;
  for (const std::size_t at : key_positions(*command->spec, call.size() - 2)) {
    full.keys.push_back(at + 2);
  }
  return std::nullopt;
}

Reply command_getkeys(Call& call) {
  FullCommand full;
  if (auto error = parse_full(call, full)) return *error;
  std::vector<Reply> keys;
  for (const std::size_t at : full.keys) keys.push_back(bulk(call[at]));
  return Reply::array(std::move(keys));
}

// SET reads only if it is asked to (the table says what it may do).
std::vector<std::string_view> access_of(const Call& call, const FullCommand& full,
                                        std::size_t key) {
  const auto access = key_access_flags(full.command);
  if (access.empty()) return {};
  auto flags = access[std::min(key, access.size() - 1)];
  const auto variable = std::find(flags.begin(), flags.end(), "variable_flags");
  if (variable == flags.end()) return flags;
  const bool reads = std::any_of(call.argv.begin() + 3, call.argv.end(), [](const auto& argument) {
    return is(argument, "GET") || is(argument, "IFEQ");
  });
  if (reads) return {"RW", "access", "update"};
  return {"OW", "update"};
}

Reply command_getkeysandflags(Call& call) {
  FullCommand full;
  if (auto error = parse_full(call, full)) return *error;
  std::vector<Reply> keys;
  for (std::size_t i = 0; i < full.keys.size(); ++i) {
    keys.push_back(Reply::array({bulk(call[full.keys[i]]), status_set(access_of(call, full, i))}));
  }
  return Reply::array(std::move(keys));
}

constexpr std::uint32_t kPlain = kLoading | kStale | kConnectionCategory;
constexpr CommandGroup kGroup = CommandGroup::kServer;

constexpr ServerCommand kCommand[] = {
    server_command(kGroup, "command|count", 2, kPlain, &command_count, "",
                   "Get total number of Redis commands.", "2.8.13", "O(1)"),
    server_command(kGroup, "command|docs", -2, kPlain, &command_docs, "[command-name ...]",
                   "Get array of specific Redis command documentation.", "7.0.0",
                   "O(N) where N is the number of commands to look up",
                   "nondeterministic_output_order"),
    server_command(kGroup, "command|getkeys", -4, kPlain, &command_getkeys, "",
                   "Extract keys given a full Redis command.", "2.8.13",
                   "O(N) where N is the number of arguments to the command"),
    server_command(kGroup, "command|getkeysandflags", -4, kPlain, &command_getkeysandflags, "",
                   "Extract keys and access flags given a full Redis command.", "7.0.0",
                   "O(N) where N is the number of arguments to the command"),
    server_command(kGroup, "command|help", 2, kPlain, &show_help, "",
                   "Show helpful text about the different subcommands.", "5.0.0", "O(1)"),
    server_command(kGroup, "command|info", -2, kPlain, &command_info, "[command-name ...]",
                   "Get array of specific Redis command details, or all when no argument is given.",
                   "2.8.13", "O(N) where N is the number of commands to look up",
                   "nondeterministic_output_order"),
    server_command(kGroup, "command|list", -2, kPlain, &command_list,
                   "[FILTERBY MODULE module-name | ACLCAT category | PATTERN pattern]",
                   "Get an array of Redis command names.", "7.0.0",
                   "O(N) where N is the total number of Redis commands",
                   "nondeterministic_output_order"),
};

constexpr std::string_view kHelp =
    "(no subcommand)\n"
    "    Return details about all Redis commands.\n"
    "COUNT\n"
    "    Return the total number of commands in this Redis server.\n"
    "LIST\n"
    "    Return a list of all commands in this Redis server.\n"
    "INFO [<command-name> ...]\n"
    "    Return details about multiple Redis commands.\n"
    "    If no command names are given, documentation details for all\n"
    "    commands are returned.\n"
    "DOCS [<command-name> ...]\n"
    "    Return documentation details about multiple Redis commands.\n"
    "    If no command names are given, documentation details for all\n"
    "    commands are returned.\n"
    "GETKEYS <full-command>\n"
    "    Return the keys from a full Redis command.\n"
    "GETKEYSANDFLAGS <full-command>\n"
    "    Return the keys and the access flags from a full Redis command.";

// COMMAND alone lists everything: a container with a handler.
constexpr ServerCommand kAlone = [] {
  ServerCommand command = server_command(kGroup, "command", -1, kPlain, &command_info, "",
                                         "Get array of Redis command details.", "2.8.13",
                                         "O(N) where N is the total number of Redis commands",
                                         "nondeterministic_output_order");
  command.subcommands = kCommand;
  command.help = kHelp;
  return command;
}();
constexpr ServerCommand kCommands[] = {kAlone};

}  // namespace

std::span<const ServerCommand> command_family() {
  return kCommands;
}

}  // namespace synchrodb::net
