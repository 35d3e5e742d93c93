#include "net/server/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <utility>
#include <vector>

#include "net/disk/hex.h"

namespace synchrodb::net {
namespace {

double seconds_of(Duration duration) {
  return static_cast<double>(duration.ns) * 1e-9;
}

// Everything is counted where it happens already; this only gives it names.
class Families {
 public:
  void counter(const char* name, const char* help, std::uint64_t value,
               std::vector<prometheus::ClientMetric::Label> labels = {}) {
    prometheus::ClientMetric metric;
    metric.counter.value = static_cast<double>(value);
    metric.label = std::move(labels);
    add(name, help, prometheus::MetricType::Counter, std::move(metric));
  }
  void seconds(const char* name, const char* help, Duration sum) {
    prometheus::ClientMetric metric;
    metric.counter.value = seconds_of(sum);
    add(name, help, prometheus::MetricType::Counter, std::move(metric));
  }
  void gauge(const char* name, const char* help, double value,
             std::vector<prometheus::ClientMetric::Label> labels = {}) {
    prometheus::ClientMetric metric;
    metric.gauge.value = value;
    metric.label = std::move(labels);
    add(name, help, prometheus::MetricType::Gauge, std::move(metric));
  }
  std::string text() const { return prometheus::TextSerializer().Serialize(families_); }

 private:
  void add(const char* name, const char* help, prometheus::MetricType type,
           prometheus::ClientMetric metric) {
    if (families_.empty() || families_.back().name != name) {
      prometheus::MetricFamily family;
      family.name = name;
      family.help = help;
      family.type = type;
      families_.push_back(std::move(family));
    }
    families_.back().metric.push_back(std::move(metric));
  }

  std::vector<prometheus::MetricFamily> families_;
};

void add_resp(Families& out, const RespServer& resp, const RespCounters& c) {
  out.gauge("synchrodb_clients", "Redis connections that are open.",
            static_cast<double>(resp.client_count()));
  out.counter("synchrodb_connections_total", "Redis connections accepted.", c.connections);
  out.counter("synchrodb_connections_rejected_total",
              "Redis connections refused: too many, protected mode, or out of descriptors.",
              c.rejected);
  out.counter("synchrodb_commands_total", "Redis commands received.", c.commands);
  out.counter("synchrodb_input_bytes_total", "Bytes received from Redis clients.", c.input_bytes);
  out.counter("synchrodb_output_bytes_total", "Bytes sent to Redis clients.", c.output_bytes);
  out.counter("synchrodb_protocol_errors_total", "Connections closed for malformed requests.",
              c.protocol_errors);
  out.counter("synchrodb_tls_failures_total", "TLS handshakes of Redis clients that failed.",
              c.tls_failures);
  out.counter("synchrodb_http_requests_refused_total",
              "Connections closed because HTTP was spoken to the Redis port.", c.http_requests);
  out.counter("synchrodb_idle_closed_total", "Connections closed for idleness.", c.closed_idle);
  out.counter("synchrodb_output_limit_closed_total",
              "Connections closed because their replies outgrew the limit.", c.closed_output_limit);
  out.counter("synchrodb_unknown_outcomes_total",
              "Connections closed because the outcome of a write was unknown.",
              c.closed_unknown_outcome);
}

void add_errors(Families& out, const CommandStatistics& statistics) {
  for (const auto& [code, count] : statistics.errors()) {
    out.counter("synchrodb_error_replies_total",
                "Errors that Redis clients were answered with, by their first word; only the first "
                "128 kinds are told apart.",
                count, {{"error", code}});
  }
}

void add_peers(Families& out, const LinkCounters& c) {
  out.counter("synchrodb_peer_messages_sent_total", "Raft messages sent.", c.messages_sent);
  out.counter("synchrodb_peer_messages_received_total", "Raft messages received.",
              c.messages_received);
  out.counter("synchrodb_peer_messages_refused_total",
              "Raft messages not sent: no connection, or its queue was full.", c.messages_refused);
  out.counter("synchrodb_peer_bytes_sent_total", "Bytes of Raft messages sent.", c.bytes_sent);
  out.counter("synchrodb_peer_bytes_received_total", "Bytes of Raft messages received.",
              c.bytes_received);
  out.counter("synchrodb_peer_frames_malformed_total",
              "Frames from peers that were damaged or out of place.", c.frames_malformed);
  out.counter("synchrodb_peer_connects_total", "Connections made to peers.", c.connects);
}

void add_rpc(Families& out, const RpcServer& rpc) {
  const RpcCounters& c = rpc.counters();
  out.gauge("synchrodb_rpc_connections", "Connections of peers and operators that are open.",
            static_cast<double>(rpc.connection_count()));
  out.counter("synchrodb_rpc_connections_total", "Connections to the RPC port.", c.connections);
  out.counter("synchrodb_rpc_connections_rejected_total",
              "Connections to the RPC port refused: too many, or out of descriptors.", c.rejected);
  out.counter("synchrodb_rpc_tls_failures_total", "TLS handshakes at the RPC port that failed.",
              c.tls_failures);
  out.counter("synchrodb_rpc_strangers_total",
              "Connections to the RPC port that ended without an accepted hello or password.",
              c.strangers);
}

void add_node(Families& out, const NodeCounters& c) {
  out.counter("synchrodb_raft_elections_total", "Elections that this node began.",
              c.elections_started);
  out.counter("synchrodb_raft_leader_changes_total", "Leaders that this node has followed.",
              c.leader_changes);
  out.counter("synchrodb_raft_leaderships_total", "Elections that this node won.", c.times_leader);
  out.counter("synchrodb_raft_entries_appended_total", "Entries that joined the log.",
              c.entries_appended);
  out.counter("synchrodb_raft_entries_applied_total", "Entries applied to the state machine.",
              c.entries_applied);
  out.counter("synchrodb_reads_served_total", "Linearizable reads answered.", c.reads_served);
  out.counter("synchrodb_lease_reads_total", "Reads answered under a lease.", c.lease_reads);
  out.counter("synchrodb_snapshots_taken_total", "Snapshots made.", c.snapshots_taken);
  out.counter("synchrodb_snapshots_installed_total", "Snapshots received and installed.",
              c.snapshots_installed);
  out.counter("synchrodb_storage_faults_total", "Damage that recovery found.", c.storage_faults);
}

void add_replica(Families& out, const Replica& replica) {
  const ProtocolStatus status = replica.protocol().status();
  out.gauge("synchrodb_raft_is_leader", "1 on the leader.", status.role == Role::kLeader ? 1 : 0);
  out.gauge("synchrodb_raft_has_leader", "1 while this node knows a leader.",
            status.leader ? 1 : 0);
  out.gauge("synchrodb_raft_term", "The current term.", static_cast<double>(status.term.value));
  out.gauge("synchrodb_raft_commit_index", "The last committed entry.",
            static_cast<double>(status.commit.value));
  out.gauge("synchrodb_raft_applied_index", "The last applied entry.",
            static_cast<double>(status.applied.value));
  out.gauge("synchrodb_raft_last_index", "The last entry of the log.",
            static_cast<double>(status.last.value));
  out.gauge("synchrodb_raft_log_bytes", "Bytes of entries in memory.",
            static_cast<double>(status.log_bytes));
  out.gauge("synchrodb_raft_recovering", "1 while a damaged log is being mended.",
            status.recovering ? 1 : 0);
  out.gauge("synchrodb_keys", "Keys held.",
            static_cast<double>(replica.state_machine().key_count()));
  out.gauge("synchrodb_memory_bytes", "Memory of keys, values and sessions.",
            static_cast<double>(replica.state_machine().memory_bytes()));
  for (const PeerStatus& peer : replica.protocol().peers()) {
    out.gauge("synchrodb_raft_match_index", "The last entry that a member has acknowledged.",
              static_cast<double>(peer.match.value), {{"node", std::to_string(peer.node.value)}});
  }
}

void add_keys(Families& out, const KeyStatistics& keys) {
  out.counter("synchrodb_key_hits_total", "Keys that reads at this node found.", keys.hits);
  out.counter("synchrodb_key_misses_total", "Keys that reads at this node did not find.",
              keys.misses);
  out.counter("synchrodb_keys_expired_total", "Keys removed because their time had come.",
              keys.expired);
}

void add_loop(Families& out, const TurnStatistics& turns) {
  out.counter("synchrodb_loop_turns_total", "Turns of the event loop.", turns.turns);
  out.seconds("synchrodb_loop_busy_seconds_total", "Time that turns of the event loop took.",
              turns.busy);
  out.gauge(
      "synchrodb_loop_longest_turn_seconds",
      "The longest that a turn of the event loop has held up everybody else, since the start.",
      seconds_of(turns.longest));
}

}  // namespace

std::string metrics_text(const ServerParts& parts) {
  Families out;
  out.gauge("synchrodb_uptime_seconds", "Since the start of the process.",
            seconds_of(monotonic_now() - parts.started));
  out.gauge("synchrodb_info", "1, with the node's names as labels.", 1,
            {{"node", std::to_string(parts.identity.node.value)},
             {"cluster", to_hex(parts.identity.cluster)},
             {"version", parts.identity.software}});
  add_resp(out, *parts.resp, parts.resp->counters());
  add_errors(out, parts.commands->statistics());
  add_peers(out, parts.transport.counters());
  add_rpc(out, *parts.rpc);
  if (parts.tls != nullptr && parts.tls->expires() > 0) {
    out.gauge("synchrodb_tls_certificate_expiry_seconds",
              "When this node's certificate is out of date, since the epoch.",
              static_cast<double>(parts.tls->expires()));
  }
  out.counter("synchrodb_overloaded_total",
              "Requests of Redis clients refused because too much was waiting already.",
              parts.gateway.overloaded());
  add_loop(out, parts.turns);
  add_node(out, parts.observer.counters());
  if (const Replica* replica = parts.replica()) {
    add_replica(out, *replica);
    add_keys(out, replica->state_machine().key_statistics());
  }
  return out.text();
}

}  // namespace synchrodb::net
