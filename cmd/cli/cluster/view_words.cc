// status, members, metrics, wait: what changes nothing.
#include <chrono>
#include <vector>

#include "cmd/cli/cluster/commands.h"
#include "cmd/cli/cluster/status.h"
#include "cmd/cli/exit_codes.h"

namespace synchrodb::cli {
namespace {

using net::administration::Member;
using net::administration::NodeStatus;
using Client = net::administration::Client;

int members_command(Operator& op) {
  Result<Client*> node = op.node();
  if (!node) return op.fail(node.error());
  Result<std::vector<Member>> members = op.ask(node.value()->members());
  if (!members) return op.fail(members.error());
  Json json = Json::array();
  std::vector<std::vector<std::string>> table = {
      {"NODE", "ROLE", "LEADER", "RPC", "RESP", "CONNECTED", "MATCH", "LAST HEARD"}};
  for (const Member& member : members.value()) {
    json.push_back({{"node", member.node},
                    {"role", member.role},
                    {"leader", member.leader},
                    {"rpc", member.rpc},
                    {"resp", member.resp},
                    {"connected", member.connected},
                    {"match_index", member.match_index},
                    {"last_heard_ms", member.last_heard_ms}});
    const bool told = member.match_index != 0;  // only a leader knows
    table.push_back({std::to_string(member.node), member.role, member.leader ? "yes" : "",
                     member.rpc, member.resp.empty() ? "?" : member.resp,
                     member.connected ? "yes" : "no",
                     told ? std::to_string(member.match_index) : "",
                     told ? std::to_string(member.last_heard_ms) + " ms ago" : ""});
  }
  std::string text = format_table(table);
  text.pop_back();
  return op.done(text, json);
}

// Prometheus' text as one object: a series' name, with its labels, and its value.
Json metrics_json(const std::string& text) {
  Json out = Json::object();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    // A label's value may hold spaces: the number is behind the last brace.
    const std::size_t labels = line.rfind('}');
    const std::size_t space = line.find(' ', labels == std::string::npos ? 0 : labels);
    if (line.empty() || line[0] == '#' || space == std::string::npos) continue;
    const std::string number = line.substr(space + 1);
    char* rest = nullptr;
    const double value = std::strtod(number.c_str(), &rest);
    if (rest != number.c_str()) out[line.substr(0, space)] = value;
  }
  return out;
}

int metrics_command(Operator& op) {
  Result<Client*> node = op.node();
  if (!node) return op.fail(node.error());
  Result<std::string> metrics = op.ask(node.value()->metrics());
  if (!metrics) return op.fail(metrics.error());
  std::string& text = metrics.value();
  const Json json = op.json() ? metrics_json(text) : Json();
  while (text.ends_with('\n')) text.pop_back();
  return op.done(text, json);
}

// The leader that the asked node knows; 0: none yet, in one of its groups.
Result<std::uint64_t> known_leader(Operator& op) {
  Result<Client*> node = op.node();
  if (!node) return node.error();
  Result<NodeStatus> status = op.ask(node.value()->status());
  if (!status) {
    op.disconnect();
    return status.error();
  }
  std::uint64_t leader = 0;
  for (const auto& group : status.value().groups) {
    if (group.leader == 0) return std::uint64_t{0};
    if (leader == 0) leader = group.leader;
  }
  return leader;
}

int wait_command(Operator& op) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  const auto waited = [start] {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  while (true) {
    Result<std::uint64_t> leader = known_leader(op);
    if (leader && leader.value() != 0) {
      return op.done("leader: " + std::to_string(leader.value()), {{"leader", leader.value()}});
    }
    // Only what may pass is waited for; a wrong password will not get better.
    if (!leader && leader.error().code != ErrorCode::kUnavailable &&
        leader.error().code != ErrorCode::kTimeout) {
      return op.fail(leader.error());
    }
    if (waited() >= op.timeout_seconds()) {
      if (!leader) return op.fail(leader.error());
      return op.fail(
          {ErrorCode::kInvalid,
           op.context().options.rpc.text() + " knows no leader after " +
               format_span(op.timeout_seconds()) +
               ": do the nodes of a majority run and reach each other? `cluster status`"});
    }
    op.context().dialer.timer().afterDelay(100 * kj::MILLISECONDS).wait(op.context().io.waitScope);
  }
}

}  // namespace

void add_view_words(CLI::App& cluster, Operator& op, int& exit_code) {
  const auto add = [&](const std::string& name, int (*command)(Operator&)) {
    add_word(cluster, op, name)->callback([&op, &exit_code, command] { exit_code = command(op); });
  };
  add("status", status_command);
  add("members", members_command);
  add("metrics", metrics_command);
  add("wait", wait_command);
}

}  // namespace synchrodb::cli
