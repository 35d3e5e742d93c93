#include "cmd/cli/cluster/status.h"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

namespace synchrodb::cli {
namespace {

using net::administration::ClusterId;
using net::administration::GroupStatus;
using net::administration::Member;
using net::administration::NodeStatus;
using net::administration::to_hex;
using Client = net::administration::Client;

struct Row {
  Member member;
  std::optional<NodeStatus> status;
  std::string problem;  // where there is no status, or one that cannot be right
};

// Asks one member at its own address; never rejected.
kj::Promise<Row> ask_member(const Context& context, Member member) {
  Row row{std::move(member), std::nullopt, ""};
  Result<net::Destination> rpc = net::parse_destination(row.member.rpc);
  if (!rpc) {
    row.problem = "its address is not known";
    return row;
  }
  auto status = Client::connect(context.dialer, rpc.value(), context.options.password)
                    .then([](kj::Own<Client> client) {
                      auto answer = client->status();
                      return answer.attach(kj::mv(client));
                    });
  return context.dialer.timer()
      .timeoutAfter(context.options.dial.timeout, kj::mv(status))
      .then(
          [row](NodeStatus&& answer) mutable {
            if (answer.node != row.member.node) {
              row.problem = "node " + std::to_string(answer.node) + " answers there";
            } else {
              row.status = std::move(answer);
            }
            return kj::mv(row);
          },
          [row](kj::Exception&& exception) mutable {
            row.problem = net::error_of(exception).message;
            return kj::mv(row);
          });
}

// One row a member, in the order of their ids; the asked node is not asked again.
Result<std::vector<Row>> gather(Operator& op, const NodeStatus& asked,
                                std::vector<Member> members) {
  std::sort(members.begin(), members.end(),
            [](const Member& a, const Member& b) { return a.node < b.node; });
  const auto is_asked = [&asked](const Member& member) { return member.node == asked.node; };
  if (std::none_of(members.begin(), members.end(), is_asked)) {
    Member self;
    self.node = asked.node;
    self.role = "no member";
    self.rpc = op.context().options.rpc.text();
    members.push_back(std::move(self));
  }
  auto answers = kj::heapArrayBuilder<kj::Promise<Row>>(members.size());
  for (Member& member : members) {
    if (is_asked(member)) {
      answers.add(Row{std::move(member), asked, ""});
    } else {
      answers.add(ask_member(op.context(), std::move(member)));
    }
  }
  Result<kj::Array<Row>> all = op.ask(kj::joinPromises(answers.finish()));
  if (!all) return all.error();
  std::vector<Row> rows;
  for (Row& row : all.value()) {
    if (row.status && row.status->cluster != asked.cluster) {
      row.problem = "belongs to another cluster, " + to_hex(row.status->cluster);
      row.status.reset();
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

// Who leads `group`, by the highest term that anybody tells.
std::uint64_t leader_of(const std::vector<Row>& rows, std::uint64_t group) {
  std::uint64_t leader = 0;
  std::uint64_t term = 0;
  for (const Row& row : rows) {
    if (!row.status) continue;
    for (const GroupStatus& status : row.status->groups) {
      if (status.group != group || status.leader == 0 || status.term < term) continue;
      leader = status.leader;
      term = status.term;
    }
  }
  return leader;
}

Json group_json(const GroupStatus& group) {
  return {{"group", group.group},
          {"role", group.role},
          {"term", group.term},
          {"leader", group.leader},
          {"commit", group.commit},
          {"applied", group.applied},
          {"first_index", group.first_index},
          {"last_index", group.last_index},
          {"durable_index", group.durable_index},
          {"snapshot_index", group.snapshot_index},
          {"keys", group.keys},
          {"memory_bytes", group.memory_bytes},
          {"log_bytes", group.log_bytes},
          {"recovering", group.recovering}};
}

Json row_json(const Row& row) {
  Json out = {{"node", row.member.node},
              {"member", row.member.role},
              {"rpc", row.member.rpc},
              {"resp", row.member.resp},
              {"reachable", row.status.has_value()}};
  if (!row.status) {
    out["problem"] = row.problem;
    return out;
  }
  out["version"] = row.status->version;
  out["uptime_seconds"] = row.status->uptime_seconds;
  out["groups"] = Json::array();
  for (const GroupStatus& group : row.status->groups) out["groups"].push_back(group_json(group));
  return out;
}

using Cells = std::vector<std::string>;

Cells group_cells(const NodeStatus& node, const GroupStatus& group) {
  return {group.role + (group.recovering ? " (recovering)" : ""),
          std::to_string(group.term),
          group.leader == 0 ? "none" : std::to_string(group.leader),
          std::to_string(group.commit),
          std::to_string(group.applied),
          std::to_string(group.first_index) + ".." + std::to_string(group.last_index) + " " +
              format_bytes(group.log_bytes),
          std::to_string(group.keys),
          format_bytes(group.memory_bytes),
          format_span(node.uptime_seconds),
          node.version};
}

std::string table_of(const std::vector<Row>& rows) {
  const bool many_groups = std::any_of(rows.begin(), rows.end(), [](const Row& row) {
    return row.status && row.status->groups.size() > 1;
  });
  std::vector<Cells> table = {{"NODE", "ROLE", "TERM", "LEADER", "COMMIT", "APPLIED", "LOG", "KEYS",
                               "MEMORY", "UPTIME", "VERSION"}};
  if (many_groups) table[0].insert(table[0].begin() + 1, "GROUP");
  for (const Row& row : rows) {
    const std::string node = std::to_string(row.member.node);
    if (!row.status) {
      table.push_back({node, "unreachable at " + row.member.rpc + ": " + row.problem});
      continue;
    }
    for (const GroupStatus& group : row.status->groups) {
      Cells cells = group_cells(*row.status, group);
      if (many_groups) cells.insert(cells.begin(), std::to_string(group.group));
      cells.insert(cells.begin(), node);
      table.push_back(std::move(cells));
    }
    if (row.status->groups.empty()) table.push_back({node, "hosts no group"});
  }
  return format_table(table);
}

}  // namespace

int status_command(Operator& op) {
  Result<Client*> node = op.node();
  if (!node) return op.fail(node.error());
  Result<NodeStatus> asked = op.ask(node.value()->status());
  if (!asked) return op.fail(asked.error());
  Result<std::vector<Member>> members = op.ask(node.value()->members());
  if (!members) return op.fail(members.error());
  Result<std::vector<Row>> rows = gather(op, asked.value(), std::move(members).value());
  if (!rows) return op.fail(rows.error());

  const std::string cluster = to_hex(asked.value().cluster);
  const std::vector<GroupStatus>& groups = asked.value().groups;
  const std::uint64_t leader = groups.empty() ? 0 : leader_of(rows.value(), groups[0].group);
  Json json = {{"cluster", cluster}, {"leader", leader}, {"nodes", Json::array()}};
  for (const Row& row : rows.value()) json["nodes"].push_back(row_json(row));
  const std::size_t count = rows.value().size();
  const std::string head = "cluster " + cluster + ": " + std::to_string(count) +
                           (count == 1 ? " node, " : " nodes, ") +
                           (leader == 0 ? "no leader" : "leader " + std::to_string(leader));
  std::string table = table_of(rows.value());
  table.pop_back();
  return op.done(head + "\n" + table, json);
}

}  // namespace synchrodb::cli
