// CLUSTER: one shard with all slots, the leader first. Membership is changed elsewhere.
#include <algorithm>

#include "engine/kv/hash_slot.h"
#include "net/commands/cluster_names.h"
#include "net/commands/families.h"
#include "net/commands/replies.h"
#include "net/commands/server_commands.h"

namespace synchrodb::net {
namespace {

using namespace trait;

constexpr std::int64_t kLastSlot = kHashSlots - 1;

// The master, then the voters, then the learners.
std::vector<const MemberFacts*> in_order(const ClusterFacts& cluster) {
  std::vector<const MemberFacts*> members;
  for (const MemberFacts& member : cluster.members) members.push_back(&member);
  std::stable_sort(members.begin(), members.end(), [&](const auto* a, const auto* b) {
    const auto rank = [&](const MemberFacts& member) {
      return member.node == cluster.master() ? 0 : member.voter ? 1 : 2;
    };
    return rank(*a) < rank(*b);
  });
  return members;
}

// Where this client reaches the member: by TLS, if that is how it came here.
std::int64_t port_for(const ClientState& client, const MemberFacts& member) {
  return client.tls && member.tls_port != 0 ? member.tls_port : member.port;
}

bool reachable(const ClusterFacts& cluster, const MemberFacts& member) {
  return member.node == cluster.self || member.connected;
}

Reply cluster_info(Call& call) {
  const ClusterFacts cluster = call.context.cluster();
  const ReplicaFacts replica = call.context.replica();
  const bool serves = static_cast<bool>(cluster.leader);
  std::string text;
  const auto put = [&text](std::string_view key, std::string_view value) {
    text.append(key).append(":").append(value).append("\r\n");
  };
  const std::string slots = std::to_string(kHashSlots);
  const std::string epoch = std::to_string(replica.term.value);
  put("cluster_state", serves ? "ok" : "fail");
  put("cluster_slots_assigned", slots);
  put("cluster_slots_ok", serves ? slots : "0");
  put("cluster_slots_pfail", serves ? "0" : slots);
  put("cluster_slots_fail", "0");
  put("cluster_known_nodes", std::to_string(cluster.members.size()));
  put("cluster_size", "1");
  put("cluster_current_epoch", epoch);
  put("cluster_my_epoch", epoch);
  put("cluster_stats_messages_sent", "0");
  put("cluster_stats_messages_received", "0");
  put("total_cluster_links_buffer_limit_exceeded", "0");
  return text_reply(text);
}

Reply cluster_myid(Call& call) {
  const ClusterFacts cluster = call.context.cluster();
  return bulk(node_name(cluster.id, cluster.self));
}

// A line of CLUSTER NODES: id, address, flags, master, pings, pongs, epoch, link, slots.
std::string node_line(Call& call, const ClusterFacts& cluster, const MemberFacts& member,
                      Term term) {
  const bool leads = member.node == cluster.master();
  const bool self = member.node == cluster.self;
  std::string flags = self ? "myself," : "";
  flags += leads ? "master" : "slave";
  if (!reachable(cluster, member)) flags += ",fail?";
  std::string master = "-";
  if (!leads && cluster.master()) master = node_name(cluster.id, cluster.master());
  const std::int64_t wall_ms = call.context.wall_us() / 1'000;
  const std::int64_t pong =
      !self && member.silence ? wall_ms - member.silence->ns / milliseconds(1).ns : 0;
  std::string line = node_name(cluster.id, member.node) + " " + member.host + ":" +
                     std::to_string(port_for(call.client, member)) + "@" +
                     std::to_string(member.rpc_port) + " " + flags + " " + master + " 0 " +
                     std::to_string(pong) + " " + std::to_string(term.value) +
                     (reachable(cluster, member) ? " connected" : " disconnected");
  if (leads) line += " 0-" + std::to_string(kLastSlot);
  return line;
}

Reply cluster_nodes(Call& call) {
  const ClusterFacts cluster = call.context.cluster();
  const Term term = call.context.replica().term;
  std::string lines;
  for (const MemberFacts* member : in_order(cluster)) {
    lines += node_line(call, cluster, *member, term) + "\n";
  }
  return text_reply(lines);
}

Reply cluster_replicas(Call& call) {
  const ClusterFacts cluster = call.context.cluster();
  const Term term = call.context.replica().term;
  std::vector<Reply> lines;
  bool known = false;
  for (const MemberFacts* member : in_order(cluster)) {
    if (node_name(cluster.id, member->node) == call[2]) {
      known = true;
      if (member->node != cluster.master()) {
        return Reply::error("ERR The specified node is not a master");
      }
    } else {
      lines.push_back(bulk(node_line(call, cluster, *member, term)));
    }
  }
  if (!known) return errors::failed("Unknown node " + call[2]);
  return Reply::array(std::move(lines));
}

Reply cluster_count_failure_reports(Call& call) {
  const ClusterFacts cluster = call.context.cluster();
  for (const MemberFacts& member : cluster.members) {
    if (node_name(cluster.id, member.node) == call[2]) return Reply::integer(0);
  }
  return errors::failed("Unknown node " + call[2]);
}

Reply cluster_slots(Call& call) {
  const ClusterFacts cluster = call.context.cluster();
  if (!cluster.master()) return Reply::array({});
  std::vector<Reply> range = {Reply::integer(0), Reply::integer(kLastSlot)};
  for (const MemberFacts* member : in_order(cluster)) {
    // Clients read from whom they find here: a learner may still lack most of the keys.
    const bool serves = member->voter && reachable(cluster, *member);
    if (!serves && member->node != cluster.master()) continue;
    range.push_back(
        Reply::array({bulk(member->host), Reply::integer(port_for(call.client, *member)),
                      bulk(node_name(cluster.id, member->node)), Reply::array({})}));
  }
  return Reply::array({Reply::array(std::move(range))});
}

Reply cluster_shards(Call& call) {
  const ClusterFacts cluster = call.context.cluster();
  const ReplicaFacts replica = call.context.replica();
  std::vector<Reply> nodes;
  for (const MemberFacts* member : in_order(cluster)) {
    const Index offset = member->node == cluster.self ? replica.applied : member->matched;
    MapReply node;
    node.put("id", node_name(cluster.id, member->node)).put("port", member->port);
    if (member->tls_port != 0) node.put("tls-port", member->tls_port);
    nodes.push_back(node.put("ip", member->host)
                        .put("endpoint", member->host)
                        .put("role", member->node == cluster.master() ? "master" : "replica")
                        .put("replication-offset", static_cast<std::int64_t>(offset.value))
                        .put("health", reachable(cluster, *member) ? "online" : "fail")
                        .take());
  }
  return Reply::array(
      {MapReply()
           .put("slots", Reply::array({Reply::integer(0), Reply::integer(kLastSlot)}))
           .put("nodes", Reply::array(std::move(nodes)))
           .take()});
}

Reply cluster_links(Call&) {
  return Reply::array({});  // the peers' links are not of Redis' kind
}

Reply cluster_keyslot(Call& call) {
  return Reply::integer(hash_slot(call[2]));
}

// ---- Keys of a slot, by a scan of this node's keys: SCAN goes by slots, so it can start there.

// Calls `visit` with each key of the slot, as long as it returns true. An error if the read fails.
template <class Visit>
std::optional<Reply> scan_slot(Call& call, std::int64_t slot, Visit&& visit) {
  // A cursor is a slot above 49 bits of hash (engine/kv/keyspace.h); zero is the start.
  std::string cursor = std::to_string(slot << 49);
  do {
    Reply page = call.context.read({"SCAN", cursor, "COUNT", "1000"});
    if (page.is_error()) return page;
    const std::vector<Reply> parts = std::move(page).elements();
    cursor = parts.at(0).text();
    for (const Reply& key : parts.at(1).elements()) {
      const std::int64_t at = hash_slot(key.text());
      if (at > slot || (at == slot && !visit(key.text()))) return std::nullopt;
    }
  } while (cursor != "0");
  return std::nullopt;
}

Reply cluster_countkeysinslot(Call& call) {
  const Number slot = parse_number(call[2]);
  if (slot.error) return *slot.error;
  if (slot.value < 0 || slot.value > kLastSlot) return Reply::error("ERR Invalid slot");
  std::int64_t count = 0;
  const auto error = scan_slot(call, slot.value, [&](const std::string&) {
    ++count;
    return true;
  });
  return error ? *error : Reply::integer(count);
}

Reply cluster_getkeysinslot(Call& call) {
  const Number slot = parse_number(call[2]);
  if (slot.error) return *slot.error;
  const Number most = parse_number(call[3]);
  if (most.error) return *most.error;
  if (slot.value < 0 || slot.value > kLastSlot || most.value < 0) {
    return Reply::error("ERR Invalid slot or number of keys");
  }
  std::vector<Reply> keys;
  const auto error = scan_slot(call, slot.value, [&](const std::string& key) {
    if (static_cast<std::int64_t>(keys.size()) == most.value) return false;
    keys.push_back(bulk(key));
    return true;
  });
  return error ? *error : Reply::array(std::move(keys));
}

Reply refuse_change(Call& call) {
  return errors::failed("CLUSTER " + upper_case(call[1]) +
                        " is not supported: membership and leadership are changed by "
                        "synchrodb-cli cluster add, remove and transfer-leader");
}

constexpr std::uint32_t kGoverns = kAdmin | kStale | kNoAsyncLoading;
constexpr CommandGroup kGroup = CommandGroup::kCluster;

constexpr ServerCommand kCluster[] = {
    server_command(kGroup, "cluster|count-failure-reports", 3, kAdmin | kStale,
                   &cluster_count_failure_reports, "node-id",
                   "Return the number of failure reports active for a given node.", "3.0.0",
                   "O(N) where N is the number of failure reports", "nondeterministic_output"),
    server_command(kGroup, "cluster|countkeysinslot", 3, kStale | kMayPark,
                   &cluster_countkeysinslot, "slot",
                   "Return the number of local keys in the specified hash slot.", "3.0.0", "O(1)"),
    server_command(kGroup, "cluster|failover", -2, kGoverns, &refuse_change, "[FORCE | TAKEOVER]",
                   "Forces a replica to perform a manual failover of its master.", "3.0.0", "O(1)"),
    server_command(kGroup, "cluster|forget", 3, kGoverns, &refuse_change, "node-id",
                   "Remove a node from the nodes table.", "3.0.0", "O(1)"),
    server_command(kGroup, "cluster|getkeysinslot", 4, kStale | kMayPark, &cluster_getkeysinslot,
                   "slot count", "Return local key names in the specified hash slot.", "3.0.0",
                   "O(log(N)) where N is the number of requested keys", "nondeterministic_output"),
    server_command(kGroup, "cluster|help", 2, kLoading | kStale, &show_help, "",
                   "Show helpful text about the different subcommands.", "5.0.0", "O(1)"),
    server_command(kGroup, "cluster|info", 2, kStale, &cluster_info, "",
                   "Provides info about Redis Cluster node state.", "3.0.0", "O(1)",
                   "nondeterministic_output"),
    server_command(kGroup, "cluster|keyslot", 3, kStale, &cluster_keyslot, "key",
                   "Returns the hash slot of the specified key.", "3.0.0",
                   "O(N) where N is the number of bytes in the key"),
    server_command(kGroup, "cluster|links", 2, kStale, &cluster_links, "",
                   "Returns a list of all TCP links to and from peer nodes in cluster.", "7.0.0",
                   "O(N) where N is the total number of Cluster nodes", "nondeterministic_output"),
    server_command(kGroup, "cluster|meet", -4, kGoverns, &refuse_change,
                   "ip port [cluster-bus-port]",
                   "Force a node cluster to handshake with another node.", "3.0.0", "O(1)"),
    server_command(kGroup, "cluster|myid", 2, kStale, &cluster_myid, "", "Return the node id.",
                   "3.0.0", "O(1)"),
    server_command(kGroup, "cluster|nodes", 2, kStale, &cluster_nodes, "",
                   "Get Cluster config for the node.", "3.0.0",
                   "O(N) where N is the total number of Cluster nodes", "nondeterministic_output"),
    server_command(kGroup, "cluster|replicas", 3, kAdmin | kStale, &cluster_replicas, "node-id",
                   "List replica nodes of the specified master node.", "5.0.0", "O(1)",
                   "nondeterministic_output"),
    server_command(kGroup, "cluster|replicate", 3, kGoverns, &refuse_change, "node-id",
                   "Reconfigure a node as a replica of the specified master node.", "3.0.0",
                   "O(1)"),
    server_command(kGroup, "cluster|reset", -2, kAdmin | kNoScript | kStale, &refuse_change,
                   "[HARD | SOFT]", "Reset a Redis Cluster node.", "3.0.0",
                   "O(N) where N is the number of known nodes. The command may execute a FLUSHALL "
                   "as a side effect"),
    server_command(kGroup, "cluster|shards", 2, kStale, &cluster_shards, "",
                   "Get array of cluster slots to node mappings.", "7.0.0",
                   "O(N) where N is the total number of cluster nodes", "nondeterministic_output"),
    server_command(kGroup, "cluster|slaves", 3, kAdmin | kStale, &cluster_replicas, "node-id",
                   "List replica nodes of the specified master node.", "3.0.0", "O(1)",
                   "nondeterministic_output"),
    server_command(kGroup, "cluster|slots", 2, kStale, &cluster_slots, "",
                   "Get array of Cluster slot to node mappings.", "3.0.0",
                   "O(N) where N is the total number of Cluster nodes", "nondeterministic_output"),
};

constexpr std::string_view kHelp =
    "COUNT-FAILURE-REPORTS <node-id>\n"
    "    Return number of failure reports for <node-id>.\n"
    "COUNTKEYSINSLOT <slot>\n"
    "    Return the number of keys in <slot>.\n"
    "GETKEYSINSLOT <slot> <count>\n"
    "    Return key names stored by current node in a slot.\n"
    "INFO\n"
    "    Return information about the cluster.\n"
    "KEYSLOT <key>\n"
    "    Return the hash slot for <key>.\n"
    "MYID\n"
    "    Return the node id.\n"
    "NODES\n"
    "    Return cluster configuration seen by node. Output format:\n"
    "    <id> <ip:port> <flags> <master> <pings> <pongs> <epoch> <link> <slot> ...\n"
    "REPLICAS <node-id>\n"
    "    Return <node-id> replicas.\n"
    "SLOTS\n"
    "    Return information about slots range mappings. Each range is made of:\n"
    "    start, end, master and replicas IP addresses, ports and ids\n"
    "SHARDS\n"
    "    Return information about slot range mappings and the nodes associated with them.\n"
    "LINKS\n"
    "    Return information about all network links between this node and its peers.\n"
    "    Output format is an array where each array element is a map containing attributes of a "
    "link";

constexpr ServerCommand kCommands[] = {
    container(kGroup, "cluster", "A container for cluster commands.", "3.0.0", kCluster, kHelp),
};

}  // namespace

std::span<const ServerCommand> cluster_family() {
  return kCommands;
}

}  // namespace synchrodb::net
