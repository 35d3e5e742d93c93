// The node as a whole: snapshots, shutdown, its role, and waiting for the other members.
#include "net/commands/families.h"
#include "net/commands/replies.h"
#include "net/commands/server_commands.h"

namespace synchrodb::net {
namespace {

using namespace trait;

Reply lastsave(Call& call) {
  return Reply::integer(call.context.replica().last_snapshot_unix);
}

Reply save(Call& call) {
  const Result<> done = call.context.save_snapshot();
  return done ? Reply::ok() : errors::failed(done.error().message);
}

Reply bgsave(Call& call) {
  if (call.size() > 2 || (call.size() == 2 && !is(call[1], "SCHEDULE"))) return errors::syntax();
  if (call.context.replica().snapshot_in_progress) {
    return Reply::error("ERR Background save already in progress");
  }
  const Result<> started = call.context.start_snapshot();
  if (!started) return errors::failed(started.error().message);
  return Reply::status("Background saving started");
}

// The log is compacted by a snapshot.
Reply bgrewriteaof(Call& call) {
  if (call.context.replica().snapshot_in_progress) {
    return Reply::error("ERR Background append only file rewriting already in progress");
  }
  const Result<> started = call.context.start_snapshot();
  if (!started) return errors::failed(started.error().message);
  return Reply::status("Background append only file rewriting started");
}

Reply shutdown(Call& call) {
  ShutdownRequest request;
  bool save_asked = false, abort = false;
  for (std::size_t i = 1; i < call.size(); ++i) {
    if (is(call[i], "NOSAVE")) {
      request.save = false;
    } else if (is(call[i], "SAVE")) {
      save_asked = true;
    } else if (is(call[i], "NOW")) {
      request.now = true;
    } else if (is(call[i], "FORCE")) {
      request.force = true;
    } else if (is(call[i], "ABORT")) {
      abort = true;
    } else {
      return errors::syntax();
    }
  }
  const bool contradictory = (save_asked && !request.save) || (abort && call.size() > 2);
  if (contradictory) return errors::syntax();
  if (abort) {
    return call.context.abort_shutdown() ? Reply::ok()
                                         : Reply::error("ERR No shutdown in progress.");
  }
  const Result<> begun = call.context.shut_down(request);
  if (!begun) return errors::failed(begun.error().message);
  // The answer is the end of the connection.
  call.client.replies.silence();
  call.client.close_after_reply = true;
  return Reply::ok();
}

Reply role(Call& call) {
  const ClusterFacts cluster = call.context.cluster();
  const auto applied = static_cast<std::int64_t>(call.context.replica().applied.value);
  if (!cluster.leads()) {
    const MemberFacts* leader = cluster.find(cluster.leader);
    return Reply::array({bulk("slave"), bulk(leader == nullptr ? "" : leader->host),
                         Reply::integer(leader == nullptr ? 0 : leader->port),
                         bulk(leader == nullptr ? "connect" : "connected"),
                         Reply::integer(applied)});
  }
  std::vector<Reply> replicas;
  for (const MemberFacts& member : cluster.members) {
    if (member.node == cluster.self || !member.connected) continue;
    replicas.push_back(Reply::array({bulk(member.host), bulk(std::to_string(member.port)),
                                     bulk(std::to_string(member.matched.value))}));
  }
  return Reply::array({bulk("master"), Reply::integer(applied), Reply::array(std::move(replicas))});
}

// How many members beside the leader hold the connection's last write. An acknowledged write is on
// a majority already.
Reply wait(Call& call) {
  const Number enough = parse_number(call[1]);
  if (enough.error) return *enough.error;
  const Number timeout = parse_timeout(call[2]);
  if (timeout.error) return *timeout.error;
  const bool waits = enough.value > 0 && !call.in_transaction;
  const std::optional<std::size_t> holding = call.context.wait_for_members(
      call.client, call.client.last_write, waits ? static_cast<std::size_t>(enough.value) : 0,
      milliseconds(timeout.value));
  if (!holding) return Reply::error("UNBLOCKED client unblocked via CLIENT UNBLOCK");
  return Reply::integer(static_cast<std::int64_t>(*holding));
}

constexpr CommandGroup kGroup = CommandGroup::kServer;

constexpr ServerCommand kCommands[] = {
    server_command(kGroup, "lastsave", 1,
                   kLoading | kStale | kFast | kAdminCategory | kDangerousCategory, &lastsave, "",
                   "Get the UNIX time stamp of the last successful save to disk.", "1.0.0", "O(1)",
                   "nondeterministic_output"),
    server_command(kGroup, "save", 1, kAdmin | kNoScript | kNoAsyncLoading | kNoMulti | kMayPark,
                   &save, "", "Synchronously save the dataset to disk.", "1.0.0",
                   "O(N) where N is the total number of keys in all databases"),
    server_command(kGroup, "bgsave", -1, kAdmin | kNoScript | kNoAsyncLoading, &bgsave,
                   "[SCHEDULE]", "Asynchronously save the dataset to disk.", "1.0.0", "O(1)"),
    server_command(kGroup, "bgrewriteaof", 1, kAdmin | kNoScript | kNoAsyncLoading, &bgrewriteaof,
                   "", "Asynchronously rewrite the append-only file.", "1.0.0", "O(1)"),
    server_command(kGroup, "shutdown", -1,
                   kAdmin | kNoScript | kLoading | kStale | kNoMulti | kAllowBusy, &shutdown,
                   "[NOSAVE | SAVE] [NOW] [FORCE] [ABORT]",
                   "Synchronously save the dataset to disk and then shut down the server.", "1.0.0",
                   "O(N) when saving, where N is the total number of keys in all databases when "
                   "saving data, otherwise O(1)"),
    server_command(kGroup, "role", 1,
                   kNoScript | kLoading | kStale | kFast | kAdminCategory | kDangerousCategory,
                   &role, "", "Return the role of the instance in the context of replication.",
                   "2.8.12", "O(1)"),
    server_command(CommandGroup::kGeneric, "wait", 3, kNoScript | kConnectionCategory | kMayPark,
                   &wait, "numreplicas timeout",
                   "Wait for the synchronous replication of all the write commands sent in the "
                   "context of the current connection.",
                   "3.0.0", "O(1)", "request_policy:all_shards response_policy:agg_min"),
};

}  // namespace

std::span<const ServerCommand> admin_family() {
  return kCommands;
}

}  // namespace synchrodb::net
