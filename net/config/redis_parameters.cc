#include "net/config/redis_parameters.h"

#include <algorithm>
#include <array>
#include <limits>

#include "engine/kv/ascii.h"

namespace synchrodb::net {
namespace {

constexpr std::int64_t kAny = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMaxInt = std::numeric_limits<std::int32_t>::max();

using Text = std::string_view;

constexpr RedisParameter text(Text name, Text standard) {
  return {name, {.kind = ValueKind::kText}, standard};
}
constexpr RedisParameter fixed(Text name, Text standard) {
  return {name, {.kind = ValueKind::kText}, standard, true};
}
constexpr RedisParameter secret(Text name) {
  return {name, {.kind = ValueKind::kText}, "", false, true};
}
constexpr RedisParameter yes_or_no(Text name, Text standard) {
  return {name, {.kind = ValueKind::kSwitch}, standard};
}
constexpr RedisParameter one_of(Text name, Text standard, Text choices) {
  return {name, {.kind = ValueKind::kChoice, .choices = choices}, standard};
}
constexpr RedisParameter number(Text name, Text standard, std::int64_t low, std::int64_t high) {
  return {name, {.kind = ValueKind::kInteger, .low = low, .high = high}, standard};
}
constexpr RedisParameter bytes(Text name, Text standard, std::int64_t low) {
  return {name, {.kind = ValueKind::kMemory, .low = low, .high = kAny}, standard};
}
// An old name of another parameter.
constexpr RedisParameter renamed(Text name, Text same_as) {
  return {name, {}, {}, false, false, same_as};
}

// Names, kinds, bounds and defaults are what Redis 7.0.15 says to CONFIG GET * and to CONFIG SET,
// but for databases: there is one here.
constexpr std::array kParameters{
    one_of("acl-pubsub-default", "resetchannels", "allchannels, resetchannels"),
    fixed("aclfile", ""),
    number("acllog-max-len", "128", 0, kAny),
    number("active-defrag-cycle-max", "25", 1, 99),
    number("active-defrag-cycle-min", "1", 1, 99),
    bytes("active-defrag-ignore-bytes", "104857600", 1),
    number("active-defrag-max-scan-fields", "1000", 1, kAny),
    number("active-defrag-threshold-lower", "10", 0, 1000),
    number("active-defrag-threshold-upper", "100", 0, 1000),
    number("active-expire-effort", "1", 1, 10),
    yes_or_no("activedefrag", "no"),
    yes_or_no("activerehashing", "yes"),
    fixed("always-show-logo", "no"),
    yes_or_no("aof-disable-auto-gc", "no"),
    yes_or_no("aof-load-truncated", "yes"),
    yes_or_no("aof-rewrite-incremental-fsync", "yes"),
    yes_or_no("aof-timestamp-enabled", "no"),
    yes_or_no("aof-use-rdb-preamble", "yes"),
    fixed("aof_rewrite_cpulist", ""),
    fixed("appenddirname", "appendonlydir"),
    fixed("appendfilename", "appendonly.aof"),
    one_of("appendfsync", "everysec", "everysec, always, no"),
    yes_or_no("appendonly", "no"),
    bytes("auto-aof-rewrite-min-size", "67108864", 0),
    text("auto-aof-rewrite-percentage", "100"),
    fixed("bgsave_cpulist", ""),
    text("bind-source-addr", ""),
    fixed("bio_cpulist", ""),
    number("busy-reply-threshold", "5000", 0, kAny),
    yes_or_no("cluster-allow-pubsubshard-when-down", "yes"),
    yes_or_no("cluster-allow-reads-when-down", "no"),
    yes_or_no("cluster-allow-replica-migration", "yes"),
    number("cluster-announce-bus-port", "0", 0, 65535),
    text("cluster-announce-hostname", ""),
    text("cluster-announce-ip", ""),
    number("cluster-announce-port", "0", 0, 65535),
    number("cluster-announce-tls-port", "0", 0, 65535),
    fixed("cluster-config-file", "nodes.conf"),
    fixed("cluster-enabled", "no"),
    bytes("cluster-link-sendbuf-limit", "0", 0),
    number("cluster-migration-barrier", "1", 0, kMaxInt),
    number("cluster-node-timeout", "15000", 0, kAny),
    fixed("cluster-port", "0"),
    one_of("cluster-preferred-endpoint-type", "ip", "ip, hostname, unknown-endpoint"),
    yes_or_no("cluster-replica-no-failover", "no"),
    number("cluster-replica-validity-factor", "10", 0, kMaxInt),
    yes_or_no("cluster-require-full-coverage", "yes"),
    renamed("cluster-slave-no-failover", "cluster-replica-no-failover"),
    renamed("cluster-slave-validity-factor", "cluster-replica-validity-factor"),
    yes_or_no("crash-log-enabled", "yes"),
    yes_or_no("crash-memcheck-enabled", "yes"),
    fixed("daemonize", "no"),
    fixed("databases", "1"),
    text("dbfilename", "dump.rdb"),
    fixed("disable-thp", "yes"),
    yes_or_no("dynamic-hz", "yes"),
    fixed("enable-debug-command", "no"),
    fixed("enable-module-command", "no"),
    fixed("enable-protected-configs", "no"),
    number("hash-max-listpack-entries", "512", 0, kAny),
    bytes("hash-max-listpack-value", "64", 0),
    renamed("hash-max-ziplist-entries", "hash-max-listpack-entries"),
    renamed("hash-max-ziplist-value", "hash-max-listpack-value"),
    bytes("hll-sparse-max-bytes", "3000", 0),
    number("hz", "10", 0, kMaxInt),
    text("ignore-warnings", ""),
    fixed("io-threads", "1"),
    fixed("io-threads-do-reads", "no"),
    yes_or_no("jemalloc-bg-thread", "yes"),
    yes_or_no("latency-tracking", "yes"),
    text("latency-tracking-info-percentiles", "50 99 99.9"),
    yes_or_no("lazyfree-lazy-eviction", "no"),
    yes_or_no("lazyfree-lazy-expire", "no"),
    yes_or_no("lazyfree-lazy-server-del", "no"),
    yes_or_no("lazyfree-lazy-user-del", "no"),
    yes_or_no("lazyfree-lazy-user-flush", "no"),
    number("lfu-decay-time", "1", 0, kMaxInt),
    number("lfu-log-factor", "10", 0, kMaxInt),
    number("list-compress-depth", "0", 0, kMaxInt),
    number("list-max-listpack-size", "-2", -kMaxInt - 1, kMaxInt),
    renamed("list-max-ziplist-size", "list-max-listpack-size"),
    renamed("lua-time-limit", "busy-reply-threshold"),
    secret("masterauth"),
    text("masteruser", ""),
    text("maxmemory-clients", "0"),
    number("maxmemory-eviction-tenacity", "10", 0, 100),
    one_of("maxmemory-policy", "noeviction",
           "volatile-lru, volatile-lfu, volatile-random, volatile-ttl, allkeys-lru, allkeys-lfu, "
           "allkeys-random, noeviction"),
    number("maxmemory-samples", "5", 1, kMaxInt),
    number("min-replicas-max-lag", "10", 0, kMaxInt),
    number("min-replicas-to-write", "0", 0, kMaxInt),
    renamed("min-slaves-max-lag", "min-replicas-max-lag"),
    renamed("min-slaves-to-write", "min-replicas-to-write"),
    yes_or_no("no-appendfsync-on-rewrite", "no"),
    text("notify-keyspace-events", ""),
    one_of("oom-score-adj", "no", "no, yes, relative, absolute"),
    text("oom-score-adj-values", "0 200 800"),
    fixed("pidfile", ""),
    text("proc-title-template", "{title} {listen-addr} {server-mode}"),
    one_of("propagation-error-behavior", "ignore", "ignore, panic, panic-on-replicas"),
    yes_or_no("rdb-del-sync-files", "no"),
    yes_or_no("rdb-save-incremental-fsync", "yes"),
    fixed("rdbchecksum", "yes"),
    yes_or_no("rdbcompression", "yes"),
    bytes("repl-backlog-size", "1048576", 1),
    number("repl-backlog-ttl", "3600", 0, kAny),
    yes_or_no("repl-disable-tcp-nodelay", "no"),
    one_of("repl-diskless-load", "disabled", "disabled, on-empty-db, swapdb"),
    yes_or_no("repl-diskless-sync", "yes"),
    number("repl-diskless-sync-delay", "5", 0, kMaxInt),
    number("repl-diskless-sync-max-replicas", "0", 0, kMaxInt),
    number("repl-ping-replica-period", "10", 1, kMaxInt),
    renamed("repl-ping-slave-period", "repl-ping-replica-period"),
    number("repl-timeout", "60", 1, kMaxInt),
    text("replica-announce-ip", ""),
    number("replica-announce-port", "0", 0, 65535),
    yes_or_no("replica-announced", "yes"),
    yes_or_no("replica-ignore-disk-write-errors", "no"),
    yes_or_no("replica-ignore-maxmemory", "yes"),
    yes_or_no("replica-lazy-flush", "no"),
    number("replica-priority", "100", 0, kMaxInt),
    yes_or_no("replica-read-only", "yes"),
    yes_or_no("replica-serve-stale-data", "yes"),
    fixed("replicaof", ""),
    one_of("sanitize-dump-payload", "no", "no, yes, clients"),
    text("save", "3600 1 300 100 60 10000"),
    fixed("server_cpulist", ""),
    number("set-max-intset-entries", "512", 0, kAny),
    fixed("set-proc-title", "yes"),
    one_of("shutdown-on-sigint", "default", "default, save, nosave, now, force"),
    one_of("shutdown-on-sigterm", "default", "default, save, nosave, now, force"),
    number("shutdown-timeout", "10", 0, kMaxInt),
    renamed("slave-announce-ip", "replica-announce-ip"),
    renamed("slave-announce-port", "replica-announce-port"),
    renamed("slave-ignore-maxmemory", "replica-ignore-maxmemory"),
    renamed("slave-lazy-flush", "replica-lazy-flush"),
    renamed("slave-priority", "replica-priority"),
    renamed("slave-read-only", "replica-read-only"),
    renamed("slave-serve-stale-data", "replica-serve-stale-data"),
    fixed("slaveof", ""),
    fixed("socket-mark-id", "0"),
    yes_or_no("stop-writes-on-bgsave-error", "yes"),
    bytes("stream-node-max-bytes", "4096", 0),
    number("stream-node-max-entries", "100", 0, kAny),
    fixed("supervised", "no"),
    fixed("syslog-enabled", "no"),
    fixed("syslog-facility", "local0"),
    fixed("syslog-ident", "redis"),
    text("tls-ca-cert-dir", ""),
    text("tls-ciphers", ""),
    text("tls-ciphersuites", ""),
    text("tls-client-cert-file", ""),
    text("tls-client-key-file", ""),
    secret("tls-client-key-file-pass"),
    yes_or_no("tls-cluster", "no"),
    text("tls-dh-params-file", ""),
    secret("tls-key-file-pass"),
    yes_or_no("tls-prefer-server-ciphers", "no"),
    text("tls-protocols", ""),
    yes_or_no("tls-replication", "no"),
    number("tls-session-cache-size", "20480", 0, kMaxInt),
    number("tls-session-cache-timeout", "300", 0, kMaxInt),
    yes_or_no("tls-session-caching", "yes"),
    number("tracking-table-max-keys", "1000000", 0, kAny),
    fixed("unixsocket", ""),
    fixed("unixsocketperm", "0"),
    number("zset-max-listpack-entries", "128", 0, kAny),
    bytes("zset-max-listpack-value", "64", 0),
    renamed("zset-max-ziplist-entries", "zset-max-listpack-entries"),
    renamed("zset-max-ziplist-value", "zset-max-listpack-value"),
};

}  // namespace

std::span<const RedisParameter> redis_parameters() {
  return kParameters;
}

const RedisParameter* find_redis_parameter_ignoring_case(std::string_view name) {
  for (const RedisParameter& parameter : kParameters) {
    if (equals_ignoring_case(parameter.name, name)) return &parameter;
  }
  return nullptr;
}

}  // namespace synchrodb::net
