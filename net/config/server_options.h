// Everything that a user can choose about one `synchrodb-server`, as a plain value.
//
// The defaults below are the only ones: command line, environment, file, help, sample file and
// CONFIG GET all follow from this struct and option_table.h. A field is named as its option is,
// with
// '_' for '-'; what it means, and its limits, stand in option_table.cc. A default-constructed value
// is valid: one node on loopback that keeps its data in ./synchrodb-data.
//
// An empty std::optional means that the value follows from other options: ask the functions at the
// end of this header. All of them expect options that validate() (validate.h) accepts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "consensus/configuration.h"
#include "consensus/options.h"
#include "consensus/types.h"
#include "engine/node/node.h"
#include "net/config/host_port.h"
#include "net/log/log_level.h"

namespace synchrodb::net {

enum class Persistence : std::uint8_t { kLog, kNone };
enum class ReadPolicy : std::uint8_t { kLinearizable, kLease };
enum class FollowerMode : std::uint8_t { kForward, kMoved };

// One entry of initial-cluster.
struct FoundingMember {
  NodeId id;
  HostPort rpc;

  bool operator==(const FoundingMember&) const = default;
};

struct NodeSettings {
  std::int64_t node_id = 1;
  std::string dir = "./synchrodb-data";
  Persistence persistence = Persistence::kLog;

  bool operator==(const NodeSettings&) const = default;
};

struct ClusterSettings {
  std::vector<FoundingMember> initial_cluster;  // empty: this node alone, or see join
  std::vector<HostPort> join;                   // RPC addresses of nodes that are members

  bool operator==(const ClusterSettings&) const = default;
};

struct NetworkSettings {
  std::vector<std::string> bind = {"127.0.0.1"};
  std::uint16_t port = 7379;                        // 0: no plain RESP
  std::vector<std::string> rpc_bind;                // empty: as bind
  std::optional<std::uint16_t> rpc_port;            // port + 10000
  std::vector<std::string> http_bind;               // empty: as bind
  std::optional<std::uint16_t> http_port;           // port + 20000; 0: off
  std::string advertise_host;                       // empty: see advertised_rpc()
  std::optional<std::uint16_t> advertise_port;      // port, or tls-port where that is 0
  std::optional<std::uint16_t> advertise_tls_port;  // tls-port
  std::optional<std::uint16_t> advertise_rpc_port;  // rpc-port
  std::int64_t tcp_backlog = 511;                   // connections
  std::int64_t tcp_keepalive_s = 300;               // 0: off

  bool operator==(const NetworkSettings&) const = default;
};

struct SecuritySettings {
  std::string requirepass;     // empty: none
  std::string cluster_secret;  // empty: none
  bool protected_mode = true;

  bool operator==(const SecuritySettings&) const = default;
};

struct TlsSettings {
  std::uint16_t tls_port = 0;  // 0: off
  std::string tls_cert_file;
  std::string tls_key_file;
  std::string tls_ca_cert_file;
  bool tls_auth_clients = true;
  bool tls_peers = false;
  std::string tls_peer_name;  // empty: the host that a node is reached at

  bool operator==(const TlsSettings&) const = default;
};

struct RequestSettings {
  ReadPolicy reads = ReadPolicy::kLinearizable;
  FollowerMode follower_mode = FollowerMode::kForward;
  std::int64_t command_timeout_ms = 5'000;

  bool operator==(const RequestSettings&) const = default;
};

struct LimitSettings {
  std::int64_t maxclients = 10'000;
  std::int64_t timeout_s = 0;  // 0: never
  std::int64_t client_query_buffer_limit_bytes = 1LL << 30;
  std::int64_t client_output_buffer_limit_bytes = 256LL << 20;  // 0: none
  std::int64_t proto_max_bulk_len_bytes = 512LL << 20;
  std::int64_t maxmemory_bytes = 0;  // 0: none
  std::int64_t max_pending_requests = 65'536;

  bool operator==(const LimitSettings&) const = default;
};

struct ConsensusSettings {
  std::int64_t election_timeout_ms = 800;
  std::optional<std::int64_t> heartbeat_interval_ms;  // a tenth of the election timeout
  bool pre_vote = true;
  bool check_quorum = true;
  LeaseKind lease = LeaseKind::kLog;
  std::optional<std::int64_t> lease_duration_ms;  // nine tenths of the election timeout
  std::int64_t clock_drift_bound_ppm = 500;
  std::int64_t election_priority = 0;
  std::int64_t max_entries_per_message = 256;
  std::int64_t max_bytes_per_message = 256LL << 10;
  std::int64_t max_inflight_messages = 64;
  std::int64_t max_inflight_bytes = 4LL << 20;
  std::int64_t append_linger_us = 1'000;
  bool thrifty_reads = true;
  std::int64_t read_linger_us = 50;
  std::int64_t read_round_interval_us = 1'000;
  std::int64_t max_uncommitted_bytes = 16LL << 20;

  bool operator==(const ConsensusSettings&) const = default;
};

struct StorageSettings {
  std::int64_t wal_segment_mb = 64;
  std::int64_t wal_confirm_after_ms = 50;
  std::int64_t snapshot_every_mb = 64;
  std::int64_t snapshot_growth_percent = 25;
  std::int64_t snapshot_chunk_kb = 64;
  std::int64_t compaction_tail = 128;  // entries

  bool operator==(const StorageSettings&) const = default;
};

struct LoggingSettings {
  LogLevel loglevel = LogLevel::kInfo;
  std::string logfile;  // empty: standard error
  LogFormat log_format = LogFormat::kText;

  bool operator==(const LoggingSettings&) const = default;
};

struct MonitoringSettings {
  std::int64_t slowlog_log_slower_than_us = 10'000;  // -1: off
  std::int64_t slowlog_max_len = 128;                // entries
  std::int64_t latency_monitor_threshold_ms = 0;     // 0: off

  bool operator==(const MonitoringSettings&) const = default;
};

struct TestingSettings {
  bool enable_fault_injection = false;

  bool operator==(const TestingSettings&) const = default;
};

struct ServerOptions {
  NodeSettings node;
  ClusterSettings cluster;
  NetworkSettings network;
  SecuritySettings security;
  TlsSettings tls;
  RequestSettings requests;
  LimitSettings limits;
  ConsensusSettings consensus;
  StorageSettings storage;
  LoggingSettings logging;
  MonitoringSettings monitoring;
  TestingSettings testing;

  bool operator==(const ServerOptions&) const = default;
};

// ---- What the options come to.

NodeId node_id(const ServerOptions& options);
// Of Redis clients: port, or tls-port where plain text is off.
std::uint16_t resp_port(const ServerOptions& options);
std::uint16_t rpc_port(const ServerOptions& options);
std::uint16_t http_port(const ServerOptions& options);
const std::vector<std::string>& rpc_bind(const ServerOptions& options);
const std::vector<std::string>& http_bind(const ServerOptions& options);

// What other nodes and clients are told to connect to. The host is advertise-host; without it, this
// node's in initial-cluster; without that, the first address of rpc-bind, or 127.0.0.1 if that is a
// wildcard.
HostPort advertised_rpc(const ServerOptions& options);
HostPort advertised_resp(const ServerOptions& options);
// On the host of advertised_resp(); 0: none.
std::uint16_t advertised_tls_port(const ServerOptions& options);

std::int64_t heartbeat_interval_ms(const ServerOptions& options);
std::int64_t lease_duration_ms(const ServerOptions& options);

// The founders of the cluster: initial-cluster, or this node alone. Empty on a node that joins.
std::vector<FoundingMember> founding_members(const ServerOptions& options);
// The same as GroupOptions::founders wants it.
Configuration founding_configuration(const ServerOptions& options);

// All that a Node asks for.
NodeOptions node_options(const ServerOptions& options);

// "0.0.0.0", "::" or "*": all of this machine's addresses.
bool is_wildcard(std::string_view host);
// 127.0.0.0/8, "::1" or "localhost".
bool is_loopback(std::string_view host);

}  // namespace synchrodb::net
