// The commands about connections and the server, as a library: argv in, reply out. No sockets here.
//
// For each command that has arrived, in order, the RESP server does
//
//   1. if (auto until = commands.pause().postponed(client.session, argv, now)) wait, on
//      this connection only
//   2. if (may_park(argv)) let the connection's earlier replies come in first
//   3. if (auto reply = commands.execute(client, argv)) that is the answer;
//      else client.session.handle(argv) says what to do. When that has ended a transaction (EXEC or
//      DISCARD), QueuedCommands queued = take_queued(client), and once the answer is there,
//      finish(). If `queued` is not empty, the connection's next command waits until then.
//   4. for what the session handled: commands.completed(...) when its reply is known
//   5. client.replies.admit(): is the reply to be sent?
//
// Inside MULTI every command is queued, as in Redis, but: QUIT and RESET act at once; SAVE and
// SHUTDOWN are refused ("Command not allowed inside a transaction"). What is not the log's business
// runs when EXEC's answer has come, see queued_commands.h; WAIT does not wait then.
//
// Everything belongs to the loop's thread. execute() and finish() run on a fiber if may_park(argv)
// or a queued command says so; else they never park.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/kv/reply.h"
#include "net/commands/client_pause.h"
#include "net/commands/client_state.h"
#include "net/commands/command_list.h"
#include "net/commands/command_statistics.h"
#include "net/commands/latency_monitor.h"
#include "net/commands/server_context.h"
#include "net/commands/slow_log.h"

namespace synchrodb::net {

class ServerCommands {
 public:
  // `context` must outlive this.
  explicit ServerCommands(ServerContext& context);

  // For a new connection: whether it has to give a password is decided now, as in Redis.
  void greet(ClientState& client);

  // The reply, or nothing if the command is the session's. `client` must have no password to give,
  // have given it, or be asking to; everybody else is told NOAUTH here, whatever the command.
  std::optional<Reply> execute(ClientState& client, const std::vector<std::string>& argv);

  // What client.session has just let go of. Empty while a transaction is open.
  static QueuedCommands take_queued(ClientState& client);
  Reply finish(ClientState& client, const QueuedCommands& queued, Reply answer);

  // For a command that the session handled and `reply` answers: counts it, and enters it into the
  // slow log and the latency monitor if it took long.
  void completed(ClientState& client, const std::vector<std::string>& argv, Duration elapsed,
                 const Reply& reply);

  // Whether executing it may take its time: WAIT, DEBUG SLEEP, OBJECT, SAVE ...
  static bool may_park(const std::vector<std::string>& argv);

  ClientPause& pause() { return pause_; }
  SlowLog& slow_log() { return slow_log_; }
  LatencyMonitor& latency_monitor() { return latency_monitor_; }
  CommandStatistics& statistics() { return statistics_; }
  // Takes over the options that matter here: slowlog-log-slower-than, slowlog-max-len,
  // latency-monitor-threshold, latency-tracking. Called at the start and after CONFIG SET.
  void reload_options();

 private:
  Reply refuse(ClientState& client, const std::vector<std::string>& argv, Reply error);
  Reply run(ClientState& client, const ServerCommand& command, const std::vector<std::string>& argv,
            bool in_transaction);
  bool needs_password(const ClientState& client);
  void account(ClientState& client, const CommandSpec& command, std::uint32_t traits,
               const std::vector<std::string>& argv, Duration elapsed, const Reply& reply);

  ServerContext& context_;
  ClientPause pause_;
  SlowLog slow_log_;
  LatencyMonitor latency_monitor_;
  CommandStatistics statistics_;
};

}  // namespace synchrodb::net
