#include "net/commands/info_sections.h"

#include <algorithm>

#include "net/commands/cluster_names.h"
#include "net/commands/replies.h"
#include "net/commands/server_commands.h"

namespace synchrodb::net {
namespace {

void info_server(Call& call, InfoWriter& out) {
  const ServerFacts& server = call.context.server();
  const std::int64_t uptime = (call.context.now() - server.started).ns / seconds(1).ns;
  out.section("Server");
  out.put("redis_version", kRedisVersion);  // what clients look for
  out.put("redis_git_sha1", "00000000");
  out.put("redis_git_dirty", 0);
  out.put("redis_mode", "cluster");
  out.put("synchrodb_version", server.version);
  out.put("os", server.os);
  out.put("arch_bits", 64);
  out.put("monotonic_clock", "POSIX clock_gettime");
  out.put("multiplexing_api", "epoll");
  out.put("process_id", server.process_id);
  out.put("process_supervised", "no");
  out.put("run_id", server.run_id);
  out.put("tcp_port", int{server.port});
  out.put("server_time_usec", call.context.wall_us());
  out.put("uptime_in_seconds", uptime);
  out.put("uptime_in_days", uptime / 86'400);
  out.put("hz", 10);
  out.put("configured_hz", 10);
  out.put("executable", server.executable);
  out.put("config_file", server.config_file);
  out.put("io_threads_active", 0);
}

void info_clients(Call& call, InfoWriter& out) {
  const auto clients = call.context.clients();
  std::size_t input = 0, output = 0;
  std::uint64_t blocked = 0;
  for (const ClientState* client : clients) {
    input = std::max(input, client->query_bytes);
    output = std::max(output, client->output_bytes);
    blocked += client->blocked ? 1 : 0;
  }
  out.section("Clients");
  out.put("connected_clients", clients.size());
  out.put("cluster_connections", 0);
  out.put("maxclients", call.context.server().max_clients);
  out.put("client_recent_max_input_buffer", input);
  out.put("client_recent_max_output_buffer", output);
  out.put("blocked_clients", blocked);
  out.put("tracking_clients", 0);
  out.put("clients_in_timeout_table", 0);
}

void info_memory(Call& call, InfoWriter& out) {
  const ProcessFacts process = call.context.process();
  const ReplicaFacts replica = call.context.replica();
  const auto ratio = [](std::size_t part, std::size_t whole) {
    return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
  };
  std::size_t of_clients = 0;
  for (const ClientState* client : call.context.clients()) of_clients += client->total_bytes;
  out.section("Memory");
  out.put_bytes("used_memory", process.heap_bytes);
  out.put_bytes("used_memory_rss", process.resident_bytes);
  out.put_bytes("used_memory_peak", process.peak_bytes);
  out.put("used_memory_peak_perc",
          fixed(100 * ratio(process.heap_bytes, process.peak_bytes), 2) + "%");
  out.put("used_memory_overhead",
          process.heap_bytes - std::min(process.heap_bytes, replica.key_bytes));
  out.put("used_memory_startup", 0);
  out.put("used_memory_dataset", replica.key_bytes);
  out.put("used_memory_dataset_perc",
          fixed(100 * ratio(replica.key_bytes, process.heap_bytes), 2) + "%");
  out.put_bytes("total_system_memory", process.system_bytes);
  out.put("used_memory_lua", 0);
  out.put_bytes("maxmemory", process.memory_limit_bytes);
  out.put("maxmemory_policy", "noeviction");
  out.put_fixed("mem_fragmentation_ratio", ratio(process.resident_bytes, process.heap_bytes), 2);
  out.put("mem_fragmentation_bytes", static_cast<std::int64_t>(process.resident_bytes) -
                                         static_cast<std::int64_t>(process.heap_bytes));
  out.put("mem_not_counted_for_evict", 0);
  out.put("mem_replication_backlog", replica.log_bytes);
  out.put("mem_clients_slaves", 0);
  out.put("mem_clients_normal", of_clients);
  out.put("mem_aof_buffer", 0);
  out.put("mem_allocator", process.allocator);
  out.put("active_defrag_running", 0);
  out.put("lazyfree_pending_objects", 0);
}

void info_persistence(Call& call, InfoWriter& out) {
  const ReplicaFacts replica = call.context.replica();
  out.section("Persistence");
  // Clients (ioredis) wait while this says 1: nothing is served as long as nobody leads.
  out.put("loading", !call.context.cluster().leader);
  out.put("async_loading", 0);
  out.put("rdb_changes_since_last_save", replica.entries_since_snapshot);
  out.put("rdb_bgsave_in_progress", replica.snapshot_in_progress);
  out.put("rdb_last_save_time", replica.last_snapshot_unix);
  out.put("rdb_last_bgsave_status", "ok");
  out.put("rdb_last_bgsave_time_sec", -1);
  out.put("rdb_current_bgsave_time_sec", -1);
  out.put("rdb_saves", call.context.traffic().snapshots);
  out.put("aof_enabled", 1);  // the log
  out.put("aof_rewrite_in_progress", replica.snapshot_in_progress);
  out.put("aof_rewrite_scheduled", 0);
  out.put("aof_last_rewrite_time_sec", -1);
  out.put("aof_current_rewrite_time_sec", -1);
  out.put("aof_last_bgrewrite_status", "ok");
  out.put("aof_last_write_status", "ok");
  out.put("aof_current_size", replica.log_bytes);
}

void put_leader(const ClusterFacts& cluster, const ReplicaFacts& replica, InfoWriter& out) {
  const MemberFacts* leader = cluster.find(cluster.leader);
  out.put("role", "slave");
  out.put("master_host", leader == nullptr ? std::string_view() : std::string_view(leader->host));
  out.put("master_port", leader == nullptr ? 0 : int{leader->port});
  out.put("master_link_status", leader == nullptr ? "down" : "up");
  out.put("master_last_io_seconds_ago", leader == nullptr ? -1 : 0);
  out.put("master_sync_in_progress", 0);
  out.put("slave_read_repl_offset", replica.last.value);
  out.put("slave_repl_offset", replica.applied.value);
  out.put("slave_priority", 100);
  out.put("slave_read_only", 0);  // writes are forwarded
  out.put("replica_announced", 1);
  out.put("connected_slaves", 0);
}

void put_followers(const ClusterFacts& cluster, InfoWriter& out) {
  out.put("role", "master");
  std::vector<const MemberFacts*> followers;
  for (const MemberFacts& member : cluster.members) {
    if (member.node != cluster.self && member.connected) followers.push_back(&member);
  }
  out.put("connected_slaves", followers.size());
  for (std::size_t i = 0; i < followers.size(); ++i) {
    const MemberFacts& member = *followers[i];
    const std::int64_t lag = member.silence ? member.silence->ns / seconds(1).ns : 0;
    out.put("slave" + std::to_string(i),
            "ip=" + member.host + ",port=" + std::to_string(member.port) + ",state=online,offset=" +
                std::to_string(member.matched.value) + ",lag=" + std::to_string(lag));
  }
}

void info_replication(Call& call, InfoWriter& out) {
  const ClusterFacts cluster = call.context.cluster();
  const ReplicaFacts replica = call.context.replica();
  out.section("Replication");
  if (cluster.leads()) {
    put_followers(cluster, out);
  } else {
    put_leader(cluster, replica, out);
  }
  out.put("master_failover_state", "no-failover");
  out.put("master_replid", cluster_name(cluster.id));
  out.put("master_replid2", std::string(40, '0'));
  out.put("master_repl_offset", replica.applied.value);
  out.put("second_repl_offset", -1);
  out.put("repl_backlog_active", 1);
  out.put("repl_backlog_size", replica.log_bytes);
  out.put("repl_backlog_first_byte_offset", replica.snapshot.value);
  out.put("repl_backlog_histlen", replica.last.value - replica.snapshot.value);
  out.put("synchrodb_node", cluster.self.value);
  out.put("synchrodb_leader", cluster.leader.value);
  out.put("synchrodb_term", replica.term.value);
  out.put("synchrodb_commit_index", replica.committed.value);
  out.put("synchrodb_applied_index", replica.applied.value);
}

void info_cpu(Call& call, InfoWriter& out) {
  const ProcessFacts process = call.context.process();
  out.section("CPU");
  out.put_fixed("used_cpu_sys", process.system_seconds, 6);
  out.put_fixed("used_cpu_user", process.user_seconds, 6);
  out.put_fixed("used_cpu_sys_children", 0, 6);
  out.put_fixed("used_cpu_user_children", 0, 6);
}

void info_modules(Call&, InfoWriter& out) {
  out.section("Modules");
}

void info_cluster(Call&, InfoWriter& out) {
  out.section("Cluster");
  out.put("cluster_enabled", 1);
}

void info_keyspace(Call& call, InfoWriter& out) {
  const ReplicaFacts replica = call.context.replica();
  out.section("Keyspace");
  if (replica.keys == 0) return;
  out.put("db0", "keys=" + std::to_string(replica.keys) +
                     ",expires=" + std::to_string(replica.expiring_keys) + ",avg_ttl=0");
}

constexpr InfoSection kSections[] = {
    {"server", true, &info_server},
    {"clients", true, &info_clients},
    {"memory", true, &info_memory},
    {"persistence", true, &info_persistence},
    {"stats", true, &info_stats},
    {"replication", true, &info_replication},
    {"cpu", true, &info_cpu},
    {"modules", true, &info_modules},
    {"commandstats", false, &info_command_stats},
    {"errorstats", true, &info_error_stats},
    {"latencystats", false, &info_latency_stats},
    {"cluster", true, &info_cluster},
    {"keyspace", true, &info_keyspace},
};

}  // namespace

std::span<const InfoSection> info_sections() {
  return kSections;
}

}  // namespace synchrodb::net
