// Who this node is, where it listens, and who may come in.
#include <array>

#include "net/config/option_field.h"
#include "net/config/option_rows.h"

namespace synchrodb::net {
namespace {

using namespace option_rows;  // NOLINT: the vocabulary of the table
using option_field::at;
using enum OptionGroup;
using S = ServerOptions;

constexpr ValueDomain kPort = integer(0, 65'535);
constexpr ValueDomain kAutomaticPort = integer_or_auto(1, 65'535);

constexpr auto resolve_rpc_port = [](const S& options) -> std::int64_t {
  return rpc_port(options);
};
constexpr auto resolve_http_port = [](const S& options) -> std::int64_t {
  return http_port(options);
};
constexpr auto resolve_advertised_port = [](const S& options) -> std::int64_t {
  return advertised_resp(options).port;
};
constexpr auto resolve_advertised_tls_port = [](const S& options) -> std::int64_t {
  return advertised_tls_port(options);
};
constexpr auto resolve_advertised_rpc_port = [](const S& options) -> std::int64_t {
  return advertised_rpc(options).port;
};

constexpr std::array kRows{
    OptionSpec{.name = "node-id",
               .group = kNode,
               .domain = integer(1, kAny),
               .field = at<&S::node, &NodeSettings::node_id>,
               .example = "2",
               .help = "this node's number in the cluster. Never reuse one: a machine whose data "
                       "was lost comes back under a new id"},
    OptionSpec{
        .name = "dir",
        .group = kNode,
        .domain = kText,
        .field = at<&S::node, &NodeSettings::dir>,
        .example = "/var/lib/synchrodb",
        .help =
            "folder of this node's data; made if it is missing, and locked while the server runs"},
    OptionSpec{.name = "persistence",
               .group = kNode,
               .domain = choice("log, none"),
               .field = at<&S::node, &NodeSettings::persistence>,
               .example = "none",
               .help = "log: a write is synced to a majority's disks before it is acknowledged. "
                       "none: all data is in memory, and a node that stops has lost its copy"},

    OptionSpec{.name = "initial-cluster",
               .group = kCluster,
               .domain = kList,
               .field = at<&S::cluster, &ClusterSettings::initial_cluster>,
               .example = "1=10.0.0.1:17379,2=10.0.0.2:17379,3=10.0.0.3:17379",
               .help = "the founders of a new cluster, this node among them, each as "
                       "id=host:rpc-port; the same on every founder. Empty: this node alone. A "
                       "data folder of another cluster than these founded is refused"},
    OptionSpec{.name = "join",
               .group = kCluster,
               .domain = kList,
               .field = at<&S::cluster, &ClusterSettings::join>,
               .example = "10.0.0.1:17379,10.0.0.2:17379",
               .help = "members of an existing cluster that this node joins, each as "
                       "host:rpc-port; not together with initial-cluster. A member asks them where "
                       "the others are by now: all may have moved"},

    OptionSpec{.name = "bind",
               .group = kNetwork,
               .domain = kList,
               .field = at<&S::network, &NetworkSettings::bind>,
               .example = "10.0.0.1,127.0.0.1",
               .help = "addresses to listen on; 0.0.0.0 or :: for all of this machine's"},
    OptionSpec{.name = "port",
               .group = kNetwork,
               .domain = kPort,
               .field = at<&S::network, &NetworkSettings::port>,
               .example = "6379",
               .help = "port for Redis clients; 0: none (see tls-port)"},
    OptionSpec{
        .name = "rpc-bind",
        .group = kNetwork,
        .domain = kList,
        .field = at<&S::network, &NetworkSettings::rpc_bind>,
        .example = "10.0.0.1",
        .help = "addresses on which other nodes and administrators are served; empty: as bind"},
    OptionSpec{.name = "rpc-port",
               .group = kNetwork,
               .domain = kAutomaticPort,
               .field = at<&S::network, &NetworkSettings::rpc_port>,
               .resolve = resolve_rpc_port,
               .example = "17379",
               .help = "port for other nodes and administrators; auto: port + 10000"},
    OptionSpec{.name = "http-bind",
               .group = kNetwork,
               .domain = kList,
               .field = at<&S::network, &NetworkSettings::http_bind>,
               .example = "127.0.0.1",
               .help = "addresses on which metrics and health are served; empty: as bind"},
    OptionSpec{.name = "http-port",
               .group = kNetwork,
               .domain = integer_or_auto(0, 65'535),
               .field = at<&S::network, &NetworkSettings::http_port>,
               .resolve = resolve_http_port,
               .example = "27379",
               .help = "port for /metrics, /healthz and /readyz; auto: port + 20000; 0: none"},
    OptionSpec{.name = "advertise-host",
               .group = kNetwork,
               .domain = kText,
               .field = at<&S::network, &NetworkSettings::advertise_host>,
               .example = "node1.example.org",
               .help = "where others reach this node. Empty: its host in initial-cluster, else the "
                       "first address that it listens on"},
    OptionSpec{.name = "advertise-port",
               .group = kNetwork,
               .domain = kAutomaticPort,
               .field = at<&S::network, &NetworkSettings::advertise_port>,
               .resolve = resolve_advertised_port,
               .example = "6379",
               .help = "where clients reach this node, behind a translation of ports; auto: port"},
    OptionSpec{.name = "advertise-tls-port",
               .group = kNetwork,
               .domain = kAutomaticPort,
               .field = at<&S::network, &NetworkSettings::advertise_tls_port>,
               .resolve = resolve_advertised_tls_port,
               .example = "6380",
               .help = "the same for clients that speak TLS; auto: tls-port"},
    OptionSpec{
        .name = "advertise-rpc-port",
        .group = kNetwork,
        .domain = kAutomaticPort,
        .field = at<&S::network, &NetworkSettings::advertise_rpc_port>,
        .resolve = resolve_advertised_rpc_port,
        .example = "16379",
        .help = "where other nodes reach this node, behind a translation of ports; auto: rpc-port"},
    OptionSpec{.name = "tcp-backlog",
               .group = kNetwork,
               .domain = integer(1, 65'535),
               .field = at<&S::network, &NetworkSettings::tcp_backlog>,
               .unit = "connections",
               .example = "4096",
               .help = "connections that wait to be accepted; the kernel has a limit of its own "
                       "(net.core.somaxconn)"},
    OptionSpec{.name = "tcp-keepalive",
               .group = kNetwork,
               .domain = integer(0, kMaxInt),
               .field = at<&S::network, &NetworkSettings::tcp_keepalive_s>,
               .unit = "s",
               .runtime = true,
               .example = "60",
               .help = "idle time after which the kernel probes a client's connection, which ends "
                       "after as long again without an answer; 0: never"},

    OptionSpec{.name = "requirepass",
               .group = kSecurity,
               .domain = kText,
               .field = at<&S::security, &SecuritySettings::requirepass>,
               .runtime = true,
               .secret = true,
               .example = "correct-horse-battery-staple",
               .help = "password of Redis clients (AUTH); empty: none. A flag is visible in the "
                       "list of processes: prefer the file or the environment"},
    OptionSpec{.name = "cluster-secret",
               .group = kSecurity,
               .domain = kText,
               .field = at<&S::security, &SecuritySettings::cluster_secret>,
               .secret = true,
               .for_operators = true,
               .example = "the-same-on-every-node",
               .help = "password of nodes and administrators among themselves, the same on every "
                       "node; empty: none. CONFIG GET does not show it"},
    OptionSpec{
        .name = "protected-mode",
        .group = kSecurity,
        .domain = kSwitch,
        .field = at<&S::security, &SecuritySettings::protected_mode>,
        .runtime = true,
        .example = "no",
        .help = "serve this machine only: without requirepass no client of others (Redis' protocol "
                "and RPC), without cluster-secret no operator of others; by RPC, a "
                "certificate (tls-peers) does as well"},

    OptionSpec{.name = "tls-port",
               .group = kTls,
               .domain = kPort,
               .field = at<&S::tls, &TlsSettings::tls_port>,
               .example = "7380",
               .help = "port for Redis clients that speak TLS; 0: none"},
    OptionSpec{.name = "tls-cert-file",
               .group = kTls,
               .domain = kText,
               .field = at<&S::tls, &TlsSettings::tls_cert_file>,
               .example = "/etc/synchrodb/node.crt",
               .help = "this node's certificate and its chain (PEM); this and the two below are "
                       "read again on SIGHUP"},
    OptionSpec{.name = "tls-key-file",
               .group = kTls,
               .domain = kText,
               .field = at<&S::tls, &TlsSettings::tls_key_file>,
               .example = "/etc/synchrodb/node.key",
               .help = "the private key of tls-cert-file (PEM)"},
    OptionSpec{.name = "tls-ca-cert-file",
               .group = kTls,
               .domain = kText,
               .field = at<&S::tls, &TlsSettings::tls_ca_cert_file>,
               .example = "/etc/synchrodb/ca.crt",
               .help = "certificates of the authorities that clients' and peers' certificates are "
                       "checked against (PEM)"},
    OptionSpec{.name = "tls-auth-clients",
               .group = kTls,
               .domain = kSwitch,
               .field = at<&S::tls, &TlsSettings::tls_auth_clients>,
               .example = "no",
               .help = "clients at tls-port must show a certificate"},
    OptionSpec{
        .name = "tls-peers",
        .group = kTls,
        .domain = kSwitch,
        .field = at<&S::tls, &TlsSettings::tls_peers>,
        .example = "yes",
        .help =
            "the RPC port speaks TLS, and both sides show certificates; the same on every node"},
    OptionSpec{.name = "tls-peer-name",
               .group = kTls,
               .domain = kText,
               .field = at<&S::tls, &TlsSettings::tls_peer_name>,
               .example = "node.synchrodb.internal",
               .help = "DNS name that the certificates of all nodes carry. Empty: that of a node "
                       "carries the host that it is reached at; where hosts are addresses in "
                       "numbers, a name is needed"},
};

}  // namespace

std::span<const OptionSpec> access_option_rows() {
  return kRows;
}

}  // namespace synchrodb::net
