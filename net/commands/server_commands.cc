#include "net/commands/server_commands.h"

#include "consensus/assert.h"
#include "engine/kv/numbers.h"
#include "net/commands/replies.h"

namespace synchrodb::net {
namespace {

// What a command line names: a command of ours, a container without a known subcommand, or neither.
struct Named {
  const ServerCommand* command = nullptr;
  const ServerCommand* parent = nullptr;  // the container that lacks argv[1]
};

Named look_up(const std::vector<std::string>& argv) {
  const ServerCommand* command = find_server_command(argv[0]);
  if (command == nullptr || command->subcommands.empty() || argv.size() < 2) return {command, {}};
  if (const ServerCommand* sub = find_subcommand(*command, argv[1])) return {sub, {}};
  // COMMAND alone is a command, too, but what follows must be a subcommand.
  return {nullptr, command};
}

// DEBUG dispatches by itself, so its traits depend on the argument.
bool parks(const ServerCommand& command, const std::vector<std::string>& argv) {
  return command.has(trait::kMayPark) && command.spec.accepts(argv.size());
}

}  // namespace

ServerCommands::ServerCommands(ServerContext& context) : context_(context) {
  reload_options();
}

void ServerCommands::reload_options() {
  const auto options = context_.config_get({"slowlog-log-slower-than", "slowlog-max-len",
                                            "latency-monitor-threshold", "latency-tracking"});
  for (const auto& [name, value] : options) {
    if (name == "latency-tracking") {
      statistics_.track_latency(value == "yes");
      continue;
    }
    const auto number = parse_integer(value);
    if (!number) continue;
    if (name == "slowlog-log-slower-than") slow_log_.set_threshold_us(*number);
    if (name == "slowlog-max-len") slow_log_.set_capacity(static_cast<std::size_t>(*number));
    if (name == "latency-monitor-threshold") latency_monitor_.set_threshold_ms(*number);
  }
}

void ServerCommands::greet(ClientState& client) {
  client.authenticated = context_.password().empty();
}

bool ServerCommands::needs_password(const ClientState& client) {
  return !client.authenticated && !context_.password().empty();
}

std::optional<Reply> ServerCommands::execute(ClientState& client,
                                             const std::vector<std::string>& argv) {
  if (argv.empty()) return std::nullopt;
  client.last_command = kNoCommand;
  if (const CommandSpec* spec = find_command(argv[0])) {
    client.last_command = spec->name;
    if (!spec->accepts(argv.size()) || !needs_password(client)) return std::nullopt;
    statistics_.rejected(*spec);
    return refuse(client, argv, errors::no_auth());
  }
  const Named named = look_up(argv);
  if (named.parent != nullptr) {
    return refuse(client, argv, errors::unknown_subcommand(*named.parent, argv[1]));
  }
  if (named.command == nullptr) return std::nullopt;
  const ServerCommand& command = *named.command;
  client.last_command = command.spec.name;
  const auto reject = [&](Reply error) {
    statistics_.rejected(command.spec);
    return refuse(client, argv, std::move(error));
  };
  if (!command.spec.accepts(argv.size())) return reject(errors::wrong_arity(command.spec.name));
  if (!command.has(trait::kNoAuth) && needs_password(client)) return reject(errors::no_auth());
  if (client.session.in_transaction() && !command.has(trait::kAtOnce)) {
    if (command.has(trait::kNoMulti)) {
      return reject(Reply::error("ERR Command not allowed inside a transaction"));
    }
    client.queued.add(client.session.queued(), argv);
    return Reply::status("QUEUED");
  }
  return run(client, command, argv, false);
}

// In a transaction, the session must hear of the error as well, so that EXEC is refused.
Reply ServerCommands::refuse(ClientState& client, const std::vector<std::string>& argv,
                             Reply error) {
  if (client.session.in_transaction() && find_command(argv[0]) == nullptr) {
    error = client.session.refuse(std::move(error));
  }
  // A refused EXEC ends the transaction.
  if (equals_ignoring_case(argv[0], "exec")) {
    client.session.reset();
    client.queued.clear();
    error = Reply::error("EXECABORT Transaction discarded because of: " + error.text());
  }
  statistics_.error(error.text());
  return error;
}

Reply ServerCommands::run(ClientState& client, const ServerCommand& command,
                          const std::vector<std::string>& argv, bool in_transaction) {
  ++client.commands;
  Call call{*this, context_, client, argv, in_transaction};
  const Instant before = context_.now();
  Reply reply =
      command.handler == nullptr ? errors::wrong_arity(command.spec.name) : command.handler(call);
  // What waits on purpose is not slow.
  const Duration elapsed = parks(command, argv) ? Duration{} : context_.now() - before;
  account(client, command.spec, command.traits, argv, elapsed, reply);
  return reply;
}

QueuedCommands ServerCommands::take_queued(ClientState& client) {
  QueuedCommands queued;
  if (!client.session.in_transaction()) std::swap(queued, client.queued);
  return queued;
}

Reply ServerCommands::finish(ClientState& client, const QueuedCommands& queued, Reply answer) {
  return queued.finish(std::move(answer), [&](const std::vector<std::string>& argv) {
    const ServerCommand* command = look_up(argv).command;
    SYNCHRODB_ASSERT(command != nullptr, "only commands that were found are queued");
    return run(client, *command, argv, true);
  });
}

void ServerCommands::completed(ClientState& client, const std::vector<std::string>& argv,
                               Duration elapsed, const Reply& reply) {
  const CommandSpec* spec = argv.empty() ? nullptr : find_command(argv[0]);
  if (spec == nullptr || !spec->accepts(argv.size())) {
    if (spec != nullptr) statistics_.rejected(*spec);
    if (reply.is_error()) statistics_.error(reply.text());
    return;
  }
  ++client.commands;
  account(client, *spec, 0, argv, elapsed, reply);
}

void ServerCommands::account(ClientState& client, const CommandSpec& command, std::uint32_t traits,
                             const std::vector<std::string>& argv, Duration elapsed,
                             const Reply& reply) {
  statistics_.called(command, elapsed, reply.is_error());
  if (reply.is_error()) statistics_.error(reply.text());
  const std::int64_t wall_seconds = [&] {
    const bool noted = slow_log_.is_slow(elapsed) || latency_monitor_.is_spike(elapsed);
    return noted ? context_.wall_us() / 1'000'000 : 0;
  }();
  if (slow_log_.is_slow(elapsed) && (traits & trait::kUncounted) == 0) {
    slow_log_.add(argv, elapsed, wall_seconds, client.address, client.name);
  }
  latency_monitor_.add(command.has(kFast) ? "fast-command" : "command", elapsed, wall_seconds);
}

bool ServerCommands::may_park(const std::vector<std::string>& argv) {
  if (argv.empty() || find_command(argv[0]) != nullptr) return false;
  const Named named = look_up(argv);
  return named.command != nullptr && parks(*named.command, argv);
}

}  // namespace synchrodb::net
