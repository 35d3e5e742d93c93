#include "net/config/server_options.h"

#include <algorithm>

namespace synchrodb::net {
namespace {

constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;
constexpr std::uint64_t kFillAhead = std::uint64_t{1} << 20;
constexpr int kRpcPortOffset = 10'000;
constexpr int kHttpPortOffset = 20'000;

std::uint16_t above(std::uint16_t port, int offset) {
  return static_cast<std::uint16_t>(port + offset);
}

std::size_t as_size(std::int64_t value) {
  return static_cast<std::size_t>(value);
}

std::string advertised_host(const ServerOptions& options) {
  if (!options.network.advertise_host.empty()) return options.network.advertise_host;
  for (const FoundingMember& member : options.cluster.initial_cluster) {
    if (member.id == node_id(options)) return member.rpc.host;
  }
  const std::string& bound = rpc_bind(options).front();
  return is_wildcard(bound) ? "127.0.0.1" : bound;
}

}  // namespace

NodeId node_id(const ServerOptions& options) {
  return NodeId{static_cast<std::uint64_t>(options.node.node_id)};
}

std::uint16_t resp_port(const ServerOptions& options) {
  return options.network.port != 0 ? options.network.port : options.tls.tls_port;
}

std::uint16_t rpc_port(const ServerOptions& options) {
  return options.network.rpc_port.value_or(above(resp_port(options), kRpcPortOffset));
}

std::uint16_t http_port(const ServerOptions& options) {
  return options.network.http_port.value_or(above(resp_port(options), kHttpPortOffset));
}

const std::vector<std::string>& rpc_bind(const ServerOptions& options) {
  return options.network.rpc_bind.empty() ? options.network.bind : options.network.rpc_bind;
}

const std::vector<std::string>& http_bind(const ServerOptions& options) {
  return options.network.http_bind.empty() ? options.network.bind : options.network.http_bind;
}

HostPort advertised_rpc(const ServerOptions& options) {
  return {advertised_host(options), options.network.advertise_rpc_port.value_or(rpc_port(options))};
}

HostPort advertised_resp(const ServerOptions& options) {
  return {advertised_host(options), options.network.advertise_port.value_or(resp_port(options))};
}

std::uint16_t advertised_tls_port(const ServerOptions& options) {
  if (options.tls.tls_port == 0) return 0;
  return options.network.advertise_tls_port.value_or(
      options.network.port == 0 ? advertised_resp(options).port : options.tls.tls_port);
}

std::int64_t heartbeat_interval_ms(const ServerOptions& options) {
  return options.consensus.heartbeat_interval_ms.value_or(
      std::max<std::int64_t>(1, options.consensus.election_timeout_ms / 10));
}

std::int64_t lease_duration_ms(const ServerOptions& options) {
  return options.consensus.lease_duration_ms.value_or(
      std::max<std::int64_t>(1, options.consensus.election_timeout_ms * 9 / 10));
}

std::vector<FoundingMember> founding_members(const ServerOptions& options) {
  if (!options.cluster.join.empty()) return {};
  if (!options.cluster.initial_cluster.empty()) return options.cluster.initial_cluster;
  return {{node_id(options), advertised_rpc(options)}};
}

Configuration founding_configuration(const ServerOptions& options) {
  Configuration configuration;
  for (const FoundingMember& member : founding_members(options)) {
    configuration.voters.push_back(member.id);
  }
  std::sort(configuration.voters.begin(), configuration.voters.end());
  return configuration;
}

NodeOptions node_options(const ServerOptions& options) {
  const ConsensusSettings& consensus = options.consensus;
  const StorageSettings& storage = options.storage;
  NodeOptions node;
  node.raft.heartbeat_interval = milliseconds(heartbeat_interval_ms(options));
  node.raft.election_timeout = milliseconds(consensus.election_timeout_ms);
  node.raft.pre_vote = consensus.pre_vote;
  node.raft.check_quorum = consensus.check_quorum;
  node.raft.lease = consensus.lease;
  node.raft.lease_duration = milliseconds(lease_duration_ms(options));
  node.raft.clock_drift_bound_ppm = static_cast<std::uint32_t>(consensus.clock_drift_bound_ppm);
  node.raft.max_entries_per_message = as_size(consensus.max_entries_per_message);
  node.raft.max_bytes_per_message = as_size(consensus.max_bytes_per_message);
  node.raft.max_inflight_messages = as_size(consensus.max_inflight_messages);
  node.raft.max_inflight_bytes = as_size(consensus.max_inflight_bytes);
  node.raft.append_linger = microseconds(consensus.append_linger_us);
  node.raft.thrifty_reads = consensus.thrifty_reads;
  node.raft.read_linger = microseconds(consensus.read_linger_us);
  node.raft.read_round_interval = microseconds(consensus.read_round_interval_us);
  node.raft.max_uncommitted_bytes = as_size(consensus.max_uncommitted_bytes);
  node.raft.snapshot_chunk_bytes = as_size(storage.snapshot_chunk_kb * kKiB);
  node.raft.compaction_tail = as_size(storage.compaction_tail);
  node.raft.priority = static_cast<std::uint64_t>(consensus.election_priority);
  node.storage.segment_bytes = static_cast<std::uint64_t>(storage.wal_segment_mb * kMiB);
  node.storage.fill_ahead_bytes = kFillAhead;
  node.storage.confirm_after = milliseconds(storage.wal_confirm_after_ms);
  node.replica.snapshot.policy.every_bytes = as_size(storage.snapshot_every_mb * kMiB);
  node.replica.snapshot.policy.growth_percent =
      static_cast<unsigned>(storage.snapshot_growth_percent);
  node.replica.max_memory_bytes = as_size(options.limits.maxmemory_bytes);
  node.replica.repeated_writes_wait = true;
  node.replica.max_pending_requests = as_size(options.limits.max_pending_requests);
  return node;
}

bool is_wildcard(std::string_view host) {
  return host == "*" || host == "0.0.0.0" || host == "::";
}

bool is_loopback(std::string_view host) {
  return host.starts_with("127.") || host == "::1" || host == "localhost";
}

}  // namespace synchrodb::net
