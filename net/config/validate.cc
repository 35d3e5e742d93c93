#include "net/config/validate.h"

#include <algorithm>
#include <array>
#include <set>

namespace synchrodb::net {
namespace {

constexpr std::int64_t kMaxPort = 65'535;
constexpr std::size_t kMaxMembers = 1'024;  // of a Configuration

Error invalid(std::string why) {
  return {ErrorCode::kInvalid, std::move(why)};
}

std::string member_text(const FoundingMember& member) {
  return std::to_string(member.id.value) + "=" + to_string(member.rpc);
}

Result<> check_hosts(const char* option, const std::vector<std::string>& hosts) {
  for (const std::string& host : hosts) {
    if (!is_wildcard(host) && !is_host(host)) {
      return invalid(std::string(option) + ": '" + host.substr(0, 300) +
                     "' is not an address (a port has an option of its own)");
    }
  }
  return {};
}

Result<> check_addresses(const ServerOptions& options) {
  const NetworkSettings& network = options.network;
  if (network.bind.empty()) return invalid("bind: at least one address is needed");
  if (Result<> ok = check_hosts("bind", network.bind); !ok) return ok;
  if (Result<> ok = check_hosts("rpc-bind", network.rpc_bind); !ok) return ok;
  if (Result<> ok = check_hosts("http-bind", network.http_bind); !ok) return ok;
  const std::string& host = network.advertise_host;
  if (!host.empty() && (is_wildcard(host) || !is_host(host))) {
    return invalid("advertise-host: '" + host.substr(0, 300) +
                   "' is not a host that others could connect to");
  }
  return {};
}

Result<> check_ports(const ServerOptions& options) {
  const NetworkSettings& network = options.network;
  const std::int64_t resp = resp_port(options);
  if (resp == 0) return invalid("port and tls-port are both 0: no client could connect");
  if (!network.rpc_port && resp + 10'000 > kMaxPort) {
    return invalid("rpc-port: must be given, since port + 10000 is above 65535");
  }
  if (!network.http_port && resp + 20'000 > kMaxPort) {
    return invalid("http-port: must be given (0: none), since port + 20000 is above 65535");
  }
  struct Named {
    const char* option;
    std::uint16_t port;
  };
  const std::array ports{Named{"port", network.port}, Named{"tls-port", options.tls.tls_port},
                         Named{"rpc-port", rpc_port(options)},
                         Named{"http-port", http_port(options)}};
  for (std::size_t i = 0; i < ports.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (ports[i].port != 0 && ports[i].port == ports[j].port) {
        return invalid(std::string(ports[j].option) + " and " + ports[i].option + " are both " +
                       std::to_string(ports[i].port));
      }
    }
  }
  return {};
}

Result<> check_founders(const ServerOptions& options) {
  const std::vector<FoundingMember>& members = options.cluster.initial_cluster;
  if (members.empty()) return {};
  if (members.size() > kMaxMembers) {
    return invalid("initial-cluster: " + std::to_string(members.size()) + " nodes are more than " +
                   std::to_string(kMaxMembers));
  }
  std::set<NodeId> ids;
  std::set<std::string> addresses;
  const FoundingMember* own = nullptr;
  for (const FoundingMember& member : members) {
    if (!ids.insert(member.id).second || !addresses.insert(to_string(member.rpc)).second) {
      return invalid("initial-cluster: " + member_text(member) +
                     " repeats an id or an address that another node has");
    }
    if (member.id == node_id(options)) own = &member;
  }
  if (own == nullptr) {
    return invalid("node-id: " + std::to_string(options.node.node_id) +
                   " is not in initial-cluster; a node that is added later uses join");
  }
  const HostPort advertised = advertised_rpc(options);
  if (own->rpc.port != advertised.port) {
    return invalid("initial-cluster: " + member_text(*own) + " is this node, but its rpc-port is " +
                   std::to_string(advertised.port) +
                   " (where ports are translated, see advertise-rpc-port)");
  }
  return {};
}

Result<> check_cluster(const ServerOptions& options) {
  const ClusterSettings& cluster = options.cluster;
  if (!cluster.initial_cluster.empty() && !cluster.join.empty()) {
    return invalid(
        "initial-cluster and join exclude each other: a node founds a cluster or joins "
        "one");
  }
  if (!cluster.join.empty() && options.network.advertise_host.empty() &&
      is_wildcard(rpc_bind(options).front())) {
    return invalid(
        "advertise-host: must be given with join when the node listens on all addresses: "
        "the others need one to reach it at");
  }
  return check_founders(options);
}

Result<> check_tls(const ServerOptions& options) {
  const TlsSettings& tls = options.tls;
  if (tls.tls_cert_file.empty() != tls.tls_key_file.empty()) {
    return invalid("tls-cert-file and tls-key-file: one without the other is of no use");
  }
  if (tls.tls_port == 0 && !tls.tls_peers) return {};
  const std::string who = tls.tls_peers ? "tls-peers" : "tls-port";
  if (tls.tls_cert_file.empty()) return invalid(who + ": needs tls-cert-file and tls-key-file");
  if (tls.tls_ca_cert_file.empty() && (tls.tls_peers || tls.tls_auth_clients)) {
    return invalid((tls.tls_peers ? who : std::string("tls-auth-clients")) +
                   ": needs tls-ca-cert-file to check certificates against");
  }
  return {};
}

Result<> check_consensus(const ServerOptions& options) {
  const std::int64_t election = options.consensus.election_timeout_ms;
  const std::int64_t heartbeat = heartbeat_interval_ms(options);
  if (heartbeat * 3 >= election) {
    return invalid("heartbeat-interval-ms: " + std::to_string(heartbeat) +
                   " is not less than a third of election-timeout-ms (" + std::to_string(election) +
                   "): no leader would last");
  }
  const LeaseKind lease = options.consensus.lease;
  if (lease == LeaseKind::kClassical && lease_duration_ms(options) > election) {
    return invalid("lease-duration-ms: " + std::to_string(lease_duration_ms(options)) +
                   " exceeds election-timeout-ms (" + std::to_string(election) +
                   "), which a classical lease must not outlive");
  }
  if (options.requests.reads == ReadPolicy::kLease && lease == LeaseKind::kNone) {
    return invalid("reads: lease needs one, but the option lease is none");
  }
  return {};
}

bool all_loopback(const std::vector<std::string>& hosts) {
  return std::all_of(hosts.begin(), hosts.end(),
                     [](const std::string& host) { return is_loopback(host); });
}

// Of those who come from other machines without a password.
void advise_on_strangers(const ServerOptions& options, std::vector<std::string>& sentences) {
  const SecuritySettings& security = options.security;
  const bool open_rpc = !all_loopback(rpc_bind(options)) && !options.tls.tls_peers;
  if ((open_rpc || !all_loopback(options.network.bind)) && security.requirepass.empty()) {
    sentences.push_back(
        security.protected_mode
            ? "protected-mode: clients of other machines are refused until requirepass is set (or "
              "protected-mode is no)"
            : "protected-mode: without requirepass, everybody who reaches bind or rpc-bind can "
              "read and write");
  }
  if (!open_rpc || !security.cluster_secret.empty()) return;
  if (security.protected_mode) {
    sentences.push_back(
        "protected-mode: operators of other machines are refused until cluster-secret is set (or "
        "protected-mode is no)");
  }
  sentences.push_back(
      std::string("cluster-secret: without it or tls-peers, everybody who reaches the RPC port can "
                  "pass for a node") +
      (security.protected_mode ? "" : " and administer the cluster"));
}

}  // namespace

Result<> validate(const ServerOptions& options) {
  for (const auto check :
       {check_addresses, check_ports, check_cluster, check_tls, check_consensus}) {
    if (Result<> ok = check(options); !ok) return ok;
  }
  if (options.node.dir.empty()) return invalid("dir: must name a folder");
  return {};
}

std::vector<std::string> advice(const ServerOptions& options) {
  std::vector<std::string> sentences;
  advise_on_strangers(options, sentences);
  if (options.node.persistence == Persistence::kNone) {
    sentences.push_back("persistence: none, so this node forgets everything when it stops");
  }
  if (options.testing.enable_fault_injection) {
    sentences.push_back("enable-fault-injection: for tests only, data can be lost on request");
  }
  return sentences;
}

}  // namespace synchrodb::net
