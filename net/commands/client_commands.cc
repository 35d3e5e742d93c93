// CLIENT: the connections, seen and governed from one of them.
#include <algorithm>

#include "net/commands/client_filter.h"
#include "net/commands/families.h"
#include "net/commands/replies.h"
#include "net/commands/server_commands.h"

namespace synchrodb::net {
namespace {

using namespace trait;

Reply on_off(const std::string& word, bool& flag) {
  if (!is(word, "ON") && !is(word, "OFF")) return errors::syntax();
  flag = is(word, "ON");
  return Reply::ok();
}

Reply client_id(Call& call) {
  return Reply::integer(static_cast<std::int64_t>(call.client.id));
}

Reply client_getname(Call& call) {
  return call.client.name.empty() ? Reply::nil() : bulk(call.client.name);
}

Reply client_setname(Call& call) {
  if (!valid_client_name(call[2])) return invalid_client_name();
  call.client.name = call[2];
  return Reply::ok();
}

Reply client_setinfo(Call& call) {
  const bool name = is(call[2], "LIB-NAME");
  if (!name && !is(call[2], "LIB-VER")) {
    return errors::failed("Unrecognized option '" + call[2] + "'");
  }
  if (!valid_client_name(call[3])) {
    return Reply::error(std::string("ERR ") + (name ? "lib-name" : "lib-ver") +
                        " cannot contain spaces, newlines or special characters.");
  }
  (name ? call.client.library_name : call.client.library_version) = call[3];
  return Reply::ok();
}

Reply client_info(Call& call) {
  return text_reply(client_line(call.client, call.context.now()) + "\n");
}

// CLIENT LIST ID shows them in the order in which they are named, and as often.
std::vector<ClientState*> named_clients(Call& call, const std::vector<std::uint64_t>& ids) {
  std::vector<ClientState*> all = call.context.clients();
  if (ids.empty()) return all;
  std::vector<ClientState*> named;
  for (const std::uint64_t id : ids) {
    const auto at = std::lower_bound(
        all.begin(), all.end(), id,
        [](const ClientState* client, std::uint64_t wanted) { return client->id < wanted; });
    if (at != all.end() && (*at)->id == id) named.push_back(*at);
  }
  return named;
}

Reply client_list(Call& call) {
  ClientFilter filter;
  filter.skip_me = false;
  if (auto error = filter.parse_list(call)) return *error;
  const Instant now = call.context.now();
  std::string lines;
  for (const ClientState* client : named_clients(call, filter.ids)) {
    if (filter.matches(*client, call.client)) lines.append(client_line(*client, now)).append("\n");
  }
  return text_reply(lines);
}

std::int64_t kill_all(Call& call, const ClientFilter& filter) {
  std::int64_t killed = 0;
  for (ClientState* client : call.context.clients()) {
    if (!filter.matches(*client, call.client)) continue;
    ++killed;
    // One's own connection still gets the reply.
    (client == &call.client ? client->close_after_reply : client->close_at_once) = true;
    call.context.close(*client);
  }
  return killed;
}

Reply client_kill(Call& call) {
  ClientFilter filter;
  if (call.size() == 3) {
    filter.address = call[2];
    filter.skip_me = false;
    return kill_all(call, filter) > 0 ? Reply::ok() : Reply::error("ERR No such client");
  }
  if (auto error = filter.parse_kill(call)) return *error;
  return Reply::integer(kill_all(call, filter));
}

Reply client_unblock(Call& call) {
  bool with_error = false;
  if (call.size() == 4) {
    if (!is(call[3], "TIMEOUT") && !is(call[3], "ERROR")) {
      return Reply::error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
    }
    with_error = is(call[3], "ERROR");
  } else if (call.size() > 4) {
    return errors::unknown_subcommand_or_arity(call);
  }
  const Number id = parse_number(call[2]);
  if (id.error) return *id.error;
  for (ClientState* client : call.context.clients()) {
    if (client->id != static_cast<std::uint64_t>(id.value) || !client->blocked) continue;
    return Reply::integer(call.context.unblock(*client, with_error) ? 1 : 0);
  }
  return Reply::integer(0);
}

Reply client_pause(Call& call) {
  PauseMode mode = PauseMode::kAll;
  if (call.size() == 4) {
    if (!is(call[3], "WRITE") && !is(call[3], "ALL")) {
      return Reply::error("ERR CLIENT PAUSE mode must be WRITE or ALL");
    }
    if (is(call[3], "WRITE")) mode = PauseMode::kWrites;
  } else if (call.size() > 4) {
    return errors::unknown_subcommand_or_arity(call);
  }
  const Number timeout = parse_timeout(call[2]);
  if (timeout.error) return *timeout.error;
  const Instant now = call.context.now();
  call.commands.pause().pause(mode, now + milliseconds(timeout.value), now);
  call.context.pause_changed();
  return Reply::ok();
}

Reply client_unpause(Call& call) {
  call.commands.pause().end();
  call.context.pause_changed();
  return Reply::ok();
}

Reply client_reply(Call& call) {
  if (is(call[2], "ON")) {
    call.client.replies.on();
  } else if (is(call[2], "OFF")) {
    call.client.replies.off();
  } else if (is(call[2], "SKIP")) {
    call.client.replies.skip();
  } else {
    return errors::syntax();
  }
  return Reply::ok();  // not sent, but after ON
}

Reply client_no_evict(Call& call) {
  return on_off(call[2], call.client.no_evict);
}

Reply client_no_touch(Call& call) {
  return on_off(call[2], call.client.no_touch);
}

Reply client_getredir(Call&) {
  return Reply::integer(-1);
}

Reply client_trackinginfo(Call&) {
  return MapReply()
      .put("flags", Reply::set({bulk("off")}))
      .put("redirect", -1)
      .put("prefixes", Reply::array({}))
      .take();
}

Reply client_tracking(Call& call) {
  if (is(call[2], "OFF") && call.size() == 3) return Reply::ok();
  if (is(call[2], "ON")) {
    return Reply::error("ERR client tracking is not supported by SynchroDB");
  }
  return errors::syntax();
}

Reply client_caching(Call&) {
  return Reply::error(
      "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or "
      "OPTOUT mode enabled");
}

constexpr std::uint32_t kPlain = kNoScript | kLoading | kStale | kConnectionCategory;
constexpr std::uint32_t kGoverns = kPlain | kAdmin;
constexpr CommandGroup kGroup = CommandGroup::kConnection;

constexpr ServerCommand kClient[] = {
    server_command(kGroup, "client|caching", 3, kPlain, &client_caching, "<YES | NO>",
                   "Instruct the server about tracking or not keys in the next request.", "6.0.0",
                   "O(1)"),
    server_command(kGroup, "client|getname", 2, kPlain, &client_getname, "",
                   "Get the current connection name.", "2.6.9", "O(1)"),
    server_command(kGroup, "client|getredir", 2, kPlain, &client_getredir, "",
                   "Get tracking notifications redirection client ID if any.", "6.0.0", "O(1)"),
    server_command(kGroup, "client|help", 2, kLoading | kStale | kConnectionCategory, &show_help,
                   "", "Show helpful text about the different subcommands.", "5.0.0", "O(1)"),
    server_command(kGroup, "client|id", 2, kPlain, &client_id, "",
                   "Returns the client ID for the current connection.", "5.0.0", "O(1)"),
    server_command(kGroup, "client|info", 2, kPlain, &client_info, "",
                   "Returns information about the current client connection.", "6.2.0", "O(1)",
                   "nondeterministic_output"),
    server_command(kGroup, "client|kill", -3, kGoverns, &client_kill,
                   "ip:port | [ID client-id] [TYPE NORMAL | MASTER | REPLICA | PUBSUB] [USER "
                   "username] [ADDR ip:port] [LADDR ip:port] [SKIPME yes/no]",
                   "Kill the connection of a client.", "2.4.0",
                   "O(N) where N is the number of client connections"),
    server_command(kGroup, "client|list", -2, kGoverns, &client_list,
                   "[TYPE NORMAL | MASTER | REPLICA | PUBSUB] [ID client-id [client-id ...]]",
                   "Get the list of client connections.", "2.4.0",
                   "O(N) where N is the number of client connections", "nondeterministic_output"),
    server_command(kGroup, "client|no-evict", 3, kGoverns, &client_no_evict, "<ON | OFF>",
                   "Set client eviction mode for the current connection.", "7.0.0", "O(1)"),
    server_command(
        kGroup, "client|no-touch", 3, kPlain, &client_no_touch, "<ON | OFF>",
        "Controls whether commands sent by the client affect the LRU/LFU of accessed keys.",
        "7.2.0", "O(1)"),
    server_command(kGroup, "client|pause", -3, kGoverns, &client_pause, "timeout [WRITE | ALL]",
                   "Stop processing commands from clients for some time.", "2.9.50", "O(1)"),
    server_command(kGroup, "client|reply", 3, kPlain, &client_reply, "<ON | OFF | SKIP>",
                   "Instruct the server whether to reply to commands.", "3.2.0", "O(1)"),
    server_command(kGroup, "client|setinfo", 4, kPlain, &client_setinfo,
                   "<LIB-NAME libname | LIB-VER libver>",
                   "Sets information specific to the client or connection.", "7.2.0", "O(1)"),
    server_command(kGroup, "client|setname", 3, kPlain, &client_setname, "connection-name",
                   "Set the current connection name.", "2.6.9", "O(1)"),
    server_command(kGroup, "client|tracking", -3, kPlain, &client_tracking,
                   "<ON | OFF> [REDIRECT client-id] [PREFIX prefix [PREFIX prefix ...]] [BCAST] "
                   "[OPTIN] [OPTOUT] [NOLOOP]",
                   "Enable or disable server assisted client side caching support.", "6.0.0",
                   "O(1). Some options may introduce additional complexity"),
    server_command(
        kGroup, "client|trackinginfo", 2, kPlain, &client_trackinginfo, "",
        "Return information about server assisted client side caching for the current connection.",
        "6.2.0", "O(1)"),
    server_command(kGroup, "client|unblock", -3, kGoverns, &client_unblock,
                   "client-id [TIMEOUT | ERROR]",
                   "Unblock a client blocked in a blocking command from a different connection.",
                   "5.0.0", "O(log N) where N is the number of client connections"),
    server_command(kGroup, "client|unpause", 2, kGoverns, &client_unpause, "",
                   "Resume processing of clients that were paused.", "6.2.0",
                   "O(N) Where N is the number of paused clients"),
};

constexpr std::string_view kHelp =
    "CACHING (YES|NO)\n"
    "    Enable/disable tracking of the keys for next command in OPTIN/OPTOUT modes.\n"
    "GETREDIR\n"
    "    Return the client ID we are redirecting to when tracking is enabled.\n"
    "GETNAME\n"
    "    Return the name of the current connection.\n"
    "ID\n"
    "    Return the ID of the current connection.\n"
    "INFO\n"
    "    Return information about the current client connection.\n"
    "KILL <ip:port>\n"
    "    Kill connection made from <ip:port>.\n"
    "KILL <option> <value> [<option> <value> [...]]\n"
    "    Kill connections. Options are:\n"
    "    * ADDR (<ip:port>|<unixsocket>:0)\n"
    "      Kill connections made from the specified address\n"
    "    * LADDR (<ip:port>|<unixsocket>:0)\n"
    "      Kill connections made to specified local address\n"
    "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)\n"
    "      Kill connections by type.\n"
    "    * USER <username>\n"
    "      Kill connections authenticated by <username>.\n"
    "    * SKIPME (YES|NO)\n"
    "      Skip killing current connection (default: yes).\n"
    "LIST [options ...]\n"
    "    Return information about client connections. Options:\n"
    "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)\n"
    "      Return clients of specified type.\n"
    "UNPAUSE\n"
    "    Stop the current client pause, resuming traffic.\n"
    "PAUSE <timeout> [WRITE|ALL]\n"
    "    Suspend all, or just write, clients for <timeout> milliseconds.\n"
    "REPLY (ON|OFF|SKIP)\n"
    "    Control the replies sent to the current connection.\n"
    "SETNAME <name>\n"
    "    Assign the name <name> to the current connection.\n"
    "UNBLOCK <clientid> [TIMEOUT|ERROR]\n"
    "    Unblock the specified blocked client.\n"
    "TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]\n"
    "         [OPTIN] [OPTOUT] [NOLOOP]\n"
    "    Control server assisted client side caching.\n"
    "TRACKINGINFO\n"
    "    Report tracking status for the current connection.\n"
    "NO-EVICT (ON|OFF)\n"
    "    Protect current client connection from eviction.\n"
    "NO-TOUCH (ON|OFF)\n"
    "    Will not touch LRU/LFU stats when this mode is on.\n"
    "SETINFO <option> <value>\n"
    "    Set client meta attr. Options are:\n"
    "    * LIB-NAME: the client lib name.\n"
    "    * LIB-VER: the client lib version.";

constexpr ServerCommand kCommands[] = {
    container(kGroup, "client", "A container for client connection commands.", "2.4.0", kClient,
              kHelp),
};

}  // namespace

std::span<const ServerCommand> client_family() {
  return kCommands;
}

}  // namespace synchrodb::net
