// ACL: one user, "default", who may do everything.
#include <algorithm>

#include "net/commands/command_description.h"
#include "net/commands/families.h"
#include "net/commands/replies.h"
#include "net/commands/server_commands.h"

namespace synchrodb::net {
namespace {

using namespace trait;

constexpr std::string_view kDefaultUser = "default";

Reply acl_whoami(Call& call) {
  return bulk(call.client.user);
}

Reply acl_users(Call&) {
  return Reply::array({bulk(kDefaultUser)});
}

// The password is never shown, not even as a hash.
Reply acl_list(Call& call) {
  const bool open = call.context.password().empty();
  return Reply::array(
      {bulk(std::string("user default on ") + (open ? "nopass " : "") + "~* &* +@all")});
}

Reply acl_getuser(Call& call) {
  if (call[2] != kDefaultUser) return Reply::nil();
  std::vector<Reply> flags = {bulk("on")};
  if (call.context.password().empty()) flags.push_back(bulk("nopass"));
  return MapReply()
      .put("flags", Reply::set(std::move(flags)))
      .put("passwords", Reply::array({}))
      .put("commands", "+@all")
      .put("keys", "~*")
      .put("channels", "&*")
      .put("selectors", Reply::array({}))
      .take();
}

Reply acl_cat(Call& call) {
  if (call.size() > 3) return errors::unknown_subcommand_or_arity(call);
  std::vector<Reply> names;
  const auto all = all_categories();
  if (call.size() == 2) {
    for (const std::string_view category : all) names.push_back(bulk(category));
    return Reply::array(std::move(names));
  }
  const auto wanted = [&](std::string_view category) { return is(category, call[2]); };
  if (std::none_of(all.begin(), all.end(), wanted)) {
    return errors::failed("Unknown category '" + call[2] + "'");
  }
  const auto take = [&](const CommandDescription& command) {
    const auto categories = category_names(command);
    if (std::any_of(categories.begin(), categories.end(), wanted)) {
      names.push_back(bulk(command.spec->name));
    }
  };
  for (const CommandDescription& command : all_descriptions()) {
    if (command.subcommands.empty()) take(command);
    for (const ServerCommand& sub : command.subcommands) take(describe(sub));
  }
  return Reply::array(std::move(names));
}

constexpr std::uint32_t kGoverns = kAdmin | kNoScript | kLoading | kStale;
constexpr CommandGroup kGroup = CommandGroup::kServer;

constexpr ServerCommand kAcl[] = {
    server_command(kGroup, "acl|cat", -2, kNoScript | kLoading | kStale, &acl_cat, "[categoryname]",
                   "List the ACL categories or the commands inside a category.", "6.0.0",
                   "O(1) since the categories and commands are a fixed set"),
    server_command(
        kGroup, "acl|getuser", 3, kGoverns, &acl_getuser, "username",
        "Get the rules for a specific ACL user.", "6.0.0",
        "O(N). Where N is the number of password, command and pattern rules that the user has"),
    server_command(kGroup, "acl|help", 2, kLoading | kStale, &show_help, "",
                   "Show helpful text about the different subcommands.", "6.0.0", "O(1)"),
    server_command(kGroup, "acl|list", 2, kGoverns, &acl_list, "",
                   "List the current ACL rules in ACL config file format.", "6.0.0",
                   "O(N). Where N is the number of configured users"),
    server_command(kGroup, "acl|users", 2, kGoverns, &acl_users, "",
                   "List the username of all the configured ACL rules.", "6.0.0",
                   "O(N). Where N is the number of configured users"),
    server_command(kGroup, "acl|whoami", 2, kNoScript | kLoading | kStale, &acl_whoami, "",
                   "Return the name of the user associated to the current connection.", "6.0.0",
                   "O(1)"),
};

constexpr std::string_view kHelp =
    "CAT [<category>]\n"
    "    List all commands that belong to <category>, or all command categories\n"
    "    when no category is specified.\n"
    "GETUSER <username>\n"
    "    Get the user's details.\n"
    "LIST\n"
    "    Show users details in config file format.\n"
    "USERS\n"
    "    List all the registered usernames.\n"
    "WHOAMI\n"
    "    Return the current connection username.";

constexpr ServerCommand kCommands[] = {
    container(kGroup, "acl", "A container for Access List Control commands.", "6.0.0", kAcl, kHelp),
};

}  // namespace

std::span<const ServerCommand> acl_family() {
  return kCommands;
}

}  // namespace synchrodb::net
