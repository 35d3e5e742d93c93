// The connection itself: AUTH HELLO SELECT QUIT RESET, READONLY READWRITE ASKING, TIME LOLWUT.
// (PING and ECHO are the engine's.)
#include "net/commands/client_filter.h"
#include "net/commands/families.h"
#include "net/commands/replies.h"
#include "net/commands/secrets.h"
#include "net/commands/server_commands.h"

namespace synchrodb::net {
namespace {

using namespace trait;

constexpr std::string_view kDefaultUser = "default";

// There is one user. While no password is set, any will do for it.
bool authenticate(Call& call, std::string_view user, std::string_view password) {
  const std::string secret = call.context.password();
  const bool known = user == kDefaultUser;
  const bool right = secret.empty() || equal_secrets(secret, password);
  if (!known || !right) return false;
  call.client.authenticated = true;
  call.client.user = kDefaultUser;
  return true;
}

Reply auth(Call& call) {
  if (call.size() > 3) return errors::syntax();
  if (call.size() == 3) {
    return authenticate(call, call[1], call[2]) ? Reply::ok() : errors::wrong_password();
  }
  if (call.context.password().empty()) {
    return Reply::error(
        "ERR AUTH <password> called without any password configured for the default user. Are you "
        "sure your configuration is correct?");
  }
  return authenticate(call, kDefaultUser, call[1]) ? Reply::ok() : errors::wrong_password();
}

// What follows the version in HELLO.
struct HelloOptions {
  const std::string* user = nullptr;
  const std::string* password = nullptr;
  const std::string* name = nullptr;
};

std::optional<Reply> parse_hello(const Call& call, HelloOptions& options) {
  for (std::size_t i = 2; i < call.size(); ++i) {
    const std::size_t left = call.size() - 1 - i;
    if (is(call[i], "AUTH") && left >= 2) {
      options.user = &call[i + 1];
      options.password = &call[i + 2];
      i += 2;
    } else if (is(call[i], "SETNAME") && left >= 1) {
      options.name = &call[++i];
    } else {
      return errors::failed("Syntax error in HELLO option '" + call[i] + "'");
    }
  }
  return std::nullopt;
}

Reply greeting(Call& call) {
  const bool replica = !call.context.cluster().leads();
  return MapReply()
      .put("server", "redis")  // what clients look for
      .put("version", kRedisVersion)
      .put("proto", call.client.resp)
      .put("id", static_cast<std::int64_t>(call.client.id))
      .put("mode", "cluster")
      .put("role", replica ? "replica" : "master")
      .put("modules", Reply::array({}))
      .take();
}

Reply hello(Call& call) {
  int version = call.client.resp;
  HelloOptions options;
  if (call.size() > 1) {
    const Number number = parse_number(call[1]);
    if (number.error) {
      return Reply::error("ERR Protocol version is not an integer or out of range");
    }
    if (number.value < 2 || number.value > 3) {
      return Reply::error("NOPROTO unsupported protocol version");
    }
    version = static_cast<int>(number.value);
    if (auto error = parse_hello(call, options)) return *error;
  }
  if (options.user != nullptr && !authenticate(call, *options.user, *options.password)) {
    return errors::wrong_password();
  }
  if (!call.client.authenticated && !call.context.password().empty()) {
    return Reply::error(
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO "
        "AUTH <user> <pass> option can be used to authenticate the client and select the RESP "
        "protocol version at the same time");
  }
  if (options.name != nullptr && !valid_client_name(*options.name)) return invalid_client_name();
  if (options.name != nullptr) call.client.name = *options.name;
  call.client.resp = version;
  return greeting(call);
}

Reply select(Call& call) {
  const Number index = parse_int32(call[1]);
  if (index.error) return *index.error;
  return index.value == 0 ? Reply::ok() : Reply::error("ERR DB index is out of range");
}

Reply quit(Call& call) {
  call.client.close_after_reply = true;
  return Reply::ok();
}

Reply reset(Call& call) {
  ClientState& client = call.client;
  client.session.reset();
  client.queued.clear();
  client.replies.reset();
  client.name.clear();
  client.user = kDefaultUser;
  client.resp = 2;
  client.readonly = client.asking = client.no_evict = client.no_touch = false;
  call.commands.greet(client);
  return Reply::status("RESET");
}

Reply readonly(Call& call) {
  call.client.readonly = true;
  return Reply::ok();
}

Reply readwrite(Call& call) {
  call.client.readonly = false;
  return Reply::ok();
}

Reply asking(Call& call) {
  call.client.asking = true;
  return Reply::ok();
}

Reply time(Call& call) {
  const std::int64_t us = call.context.wall_us();
  return Reply::array({bulk(std::to_string(us / 1'000'000)), bulk(std::to_string(us % 1'000'000))});
}

Reply lolwut(Call& call) {
  if (call.size() > 2 && is(call[1], "VERSION")) {
    const Number version = parse_number(call[2]);
    if (version.error) return *version.error;
  }
  // Two clocks that disagree: what this database is about.
  return text_reply(
      "  .--------.      .--------.\n"
      " /   12     \\    /     12   \\\n"
      "|    |       |  |      /     |\n"
      "|9   o----- 3|  |9    o     3|\n"
      "|            |  |      \\     |\n"
      " \\    6     /    \\     6    /\n"
      "  '--------'      '--------'\n"
      "SynchroDB ver. " +
      call.context.server().version + "\n");
}

constexpr ServerCommand kCommands[] = {
    server_command(CommandGroup::kConnection, "auth", -2,
                   kNoScript | kLoading | kStale | kFast | kNoAuth | kAllowBusy |
                       kConnectionCategory | kUncounted,
                   &auth, "[username] password", "Authenticate to the server.", "1.0.0",
                   "O(N) where N is the number of passwords defined for the user"),
    server_command(CommandGroup::kConnection, "hello", -1,
                   kNoScript | kLoading | kStale | kFast | kNoAuth | kAllowBusy |
                       kConnectionCategory | kUncounted,
                   &hello, "[protover [AUTH username password] [SETNAME clientname]]",
                   "Handshake with Redis.", "6.0.0", "O(1)"),
    server_command(CommandGroup::kConnection, "select", 2,
                   kLoading | kStale | kFast | kConnectionCategory, &select, "index",
                   "Change the selected database for the current connection.", "1.0.0", "O(1)"),
    server_command(CommandGroup::kConnection, "quit", -1,
                   kNoScript | kLoading | kStale | kFast | kNoAuth | kAllowBusy |
                       kConnectionCategory | kAtOnce,
                   &quit, "", "Close the connection.", "1.0.0", "O(1)"),
    server_command(CommandGroup::kConnection, "reset", 1,
                   kNoScript | kLoading | kStale | kFast | kNoAuth | kAllowBusy |
                       kConnectionCategory | kAtOnce,
                   &reset, "", "Reset the connection.", "6.2.0", "O(1)"),
    server_command(CommandGroup::kCluster, "readonly", 1,
                   kLoading | kStale | kFast | kConnectionCategory, &readonly, "",
                   "Enables read queries for a connection to a cluster replica node.", "3.0.0",
                   "O(1)"),
    server_command(CommandGroup::kCluster, "readwrite", 1,
                   kLoading | kStale | kFast | kConnectionCategory, &readwrite, "",
                   "Disables read queries for a connection to a cluster replica node.", "3.0.0",
                   "O(1)"),
    server_command(CommandGroup::kCluster, "asking", 1, kFast | kConnectionCategory, &asking, "",
                   "Sent by cluster clients after an -ASK redirect.", "3.0.0", "O(1)"),
    server_command(CommandGroup::kServer, "time", 1, kLoading | kStale | kFast, &time, "",
                   "Return the current server time.", "2.6.0", "O(1)", "nondeterministic_output"),
    server_command(CommandGroup::kServer, "lolwut", -1, kRead | kFast, &lolwut, "[VERSION version]",
                   "Display some computer art and the Redis version.", "5.0.0", ""),
};

}  // namespace

std::span<const ServerCommand> connection_family() {
  return kCommands;
}

}  // namespace synchrodb::net
