#include <gtest/gtest.h>

#include <set>

#include "net/config/option_table.h"
#include "net/config/validate.h"

namespace synchrodb::net {
namespace {

const OptionSpec& spec_of(std::string_view name) {
  const OptionSpec* spec = find_option(name);
  EXPECT_NE(spec, nullptr) << name;
  return *spec;
}

std::string set_error(std::string_view name, std::string_view text) {
  ServerOptions options;
  const Result<> result = set_option(options, spec_of(name), text);
  return result ? "" : result.error().message;
}

TEST(ServerOptionTable, RowsAreComplete) {
  std::set<std::string_view> names;
  for (const OptionSpec& spec : option_table()) {
    SCOPED_TRACE(spec.name);
    EXPECT_TRUE(names.insert(spec.name).second);
    EXPECT_FALSE(spec.help.empty());
    EXPECT_NE(spec.help.back(), '.');
    EXPECT_LE(spec.domain.low, spec.domain.high);
    EXPECT_EQ(spec.domain.automatic, spec.resolve != nullptr);
    EXPECT_EQ(group_spec(spec.group).group, spec.group);
    EXPECT_EQ(find_option_ignoring_case(environment_name(spec)), nullptr);
  }
}

TEST(ServerOptionTable, DefaultsParseBackToThemselves) {
  for (const OptionSpec& spec : option_table()) {
    SCOPED_TRACE(spec.name);
    const std::string text = option_text(ServerOptions{}, spec);
    const Result<OptionValue> parsed = parse_value(spec.domain, text);
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(parsed.value(), default_value(spec));
    const Result<OptionValue> readable =
        parse_value(spec.domain, readable_text(spec.domain, default_value(spec)));
    ASSERT_TRUE(readable.ok());
    EXPECT_EQ(readable.value(), default_value(spec));
  }
}

// No two rows share a field, and each example is a value other than the default that reaches it.
TEST(ServerOptionTable, EachOptionMovesItsOwnFieldAndNoOther) {
  for (const OptionSpec& spec : option_table()) {
    SCOPED_TRACE(spec.name);
    ServerOptions options;
    ASSERT_TRUE(set_option(options, spec, spec.example).ok());
    for (const OptionSpec& other : option_table()) {
      EXPECT_EQ(other.field.read(options) == default_value(other), &other != &spec) << other.name;
    }
    EXPECT_EQ(option_text(options, spec),
              spec.example.empty()
                  ? ""
                  : value_text(spec.domain, parse_value(spec.domain, spec.example).value()));
  }
}

TEST(ServerOptionTable, BothBoundsFitTheField) {
  for (const OptionSpec& spec : option_table()) {
    if (spec.domain.kind != ValueKind::kInteger && spec.domain.kind != ValueKind::kMemory) continue;
    SCOPED_TRACE(spec.name);
    for (const std::int64_t bound : {spec.domain.low, spec.domain.high}) {
      ServerOptions options;
      ASSERT_TRUE(set_option(options, spec, std::to_string(bound)).ok());
      EXPECT_EQ(option_text(options, spec), std::to_string(bound));
    }
    ServerOptions options;
    EXPECT_FALSE(set_option(options, spec, std::to_string(spec.domain.low - 1)).ok());
  }
}

TEST(ServerOptionTable, ErrorsSayWhatWouldBeRight) {
  EXPECT_EQ(set_error("port", "65536"), "'65536' is not an integer from 0 to 65535");
  EXPECT_EQ(set_error("node-id", "one"), "'one' is not an integer of at least 1");
  EXPECT_EQ(set_error("rpc-port", "0"), "'0' is not an integer from 1 to 65535, or auto");
  EXPECT_EQ(set_error("persistence", "disk"), "'disk' is not one of log, none");
  EXPECT_EQ(set_error("tls-peers", "maybe"), "'maybe' is not yes or no");
  EXPECT_EQ(
      set_error("proto-max-bulk-len", "1tb"),
      "'1tb' is not a number of bytes from 1mb to 512mb, with or without a unit (kb, mb, gb)");
  EXPECT_EQ(set_error("initial-cluster", "1=a:1,2:b"), "'2:b' is not of the form id=host:rpc-port");
  EXPECT_EQ(set_error("initial-cluster", "0=a:1"),
            "'0=a:1' does not begin with a node id, an integer from 1 on");
  EXPECT_EQ(set_error("join", "host"), "'host' has no port: write host:port");
  EXPECT_EQ(set_error("join", "::1:5"),
            "'::1:5' has an IPv6 address without brackets: write [address]:port");
  EXPECT_EQ(set_error("join", "a:0"), "'a:0' has no valid port: it is an integer from 1 to 65535");
  EXPECT_EQ(set_error("join", ":5"), "':5' has no valid host: write host:port");
}

TEST(ServerOptionTable, SecretsAreNotRepeatedInErrors) {
  EXPECT_EQ(set_error("requirepass", std::string("hunter2\0x", 9)),
            "the value is refused: argument holds a zero byte");
}

TEST(ServerOptionTable, GuessesWhatWasMeant) {
  EXPECT_EQ(nearest_option("prot"), "port");
  EXPECT_EQ(nearest_option("hartbeat-interval"), "heartbeat-interval-ms");
  EXPECT_EQ(nearest_option("warp-factor"), "");
}

TEST(HostPortText, RoundTrips) {
  for (const char* text :
       {"localhost:1", "10.0.0.1:65535", "[::1]:7379", "node-1.example.org:80"}) {
    const Result<HostPort> parsed = parse_host_port(text);
    ASSERT_TRUE(parsed.ok()) << text;
    EXPECT_EQ(to_string(parsed.value()), text);
  }
  for (const char* text : {"", ":", "[]:1", "[a]:1", "a b:1", "a:", "a:+1", "a:01", "a:65536"}) {
    EXPECT_FALSE(parse_host_port(text).ok()) << text;
  }
}

TEST(MemoryText, UnderstandsRedisUnits) {
  EXPECT_EQ(parse_memory("100mb"), 100 << 20);
  EXPECT_EQ(parse_memory("1K"), 1'000);
  EXPECT_EQ(parse_memory("2Gb"), 2LL << 30);
  EXPECT_EQ(parse_memory("7b"), 7);
  for (const char* text : {"", "mb", "-1", "1.5gb", "1 gb", "+1", "9223372036854775807kb"}) {
    EXPECT_EQ(parse_memory(text), std::nullopt) << text;
  }
  EXPECT_EQ(memory_text(1 << 20), "1mb");
  EXPECT_EQ(memory_text((1 << 20) + 1), "1048577");
  EXPECT_EQ(memory_text(0), "0");
}

TEST(ServerOptionsDefaults, AreValidAndServeAtOnce) {
  const ServerOptions options;
  EXPECT_TRUE(validate(options).ok());
  EXPECT_EQ(rpc_port(options), 17'379);
  EXPECT_EQ(http_port(options), 27'379);
  EXPECT_EQ(to_string(advertised_rpc(options)), "127.0.0.1:17379");
  EXPECT_EQ(to_string(advertised_resp(options)), "127.0.0.1:7379");
  EXPECT_EQ(founding_members(options),
            (std::vector<FoundingMember>{{NodeId{1}, {"127.0.0.1", 17'379}}}));
  EXPECT_EQ(founding_configuration(options).voters, std::vector<NodeId>{NodeId{1}});
  EXPECT_TRUE(advice(options).empty());
}

TEST(ServerOptionsDefaults, OfConsensusAreTheEnginesOwn) {
  const RaftOptions raft = node_options(ServerOptions{}).raft;
  const RaftOptions standard;
  EXPECT_EQ(raft.heartbeat_interval, standard.heartbeat_interval);
  EXPECT_EQ(raft.election_timeout, standard.election_timeout);
  EXPECT_EQ(raft.pre_vote, standard.pre_vote);
  EXPECT_EQ(raft.check_quorum, standard.check_quorum);
  EXPECT_EQ(raft.lease, standard.lease);
  EXPECT_EQ(raft.lease_duration, standard.lease_duration);
  EXPECT_EQ(raft.clock_drift_bound_ppm, standard.clock_drift_bound_ppm);
  EXPECT_EQ(raft.membership, standard.membership);
  EXPECT_EQ(raft.max_entries_per_message, standard.max_entries_per_message);
  EXPECT_EQ(raft.max_bytes_per_message, standard.max_bytes_per_message);
  EXPECT_EQ(raft.max_inflight_messages, standard.max_inflight_messages);
  EXPECT_EQ(raft.max_inflight_bytes, standard.max_inflight_bytes);
  EXPECT_EQ(raft.append_linger, standard.append_linger);
  EXPECT_EQ(raft.thrifty_reads, standard.thrifty_reads);
  EXPECT_EQ(raft.read_linger, standard.read_linger);
  EXPECT_EQ(raft.read_round_interval, standard.read_round_interval);
  EXPECT_EQ(raft.max_uncommitted_bytes, standard.max_uncommitted_bytes);
  EXPECT_EQ(raft.snapshot_chunk_bytes, standard.snapshot_chunk_bytes);
  EXPECT_EQ(raft.compaction_tail, standard.compaction_tail);
  EXPECT_EQ(raft.priority, standard.priority);
}

TEST(ServerOptionsDefaults, EveryKnobReachesTheEngine) {
  ServerOptions options;
  options.consensus = {.election_timeout_ms = 222,
                       .heartbeat_interval_ms = 11,
                       .pre_vote = false,
                       .check_quorum = false,
                       .lease = LeaseKind::kClassical,
                       .lease_duration_ms = 111,
                       .clock_drift_bound_ppm = 7,
                       .election_priority = 8,
                       .max_entries_per_message = 3,
                       .max_bytes_per_message = 4,
                       .max_inflight_messages = 5,
                       .max_inflight_bytes = 6,
                       .append_linger_us = 14,
                       .thrifty_reads = false,
                       .read_linger_us = 18,
                       .read_round_interval_us = 19,
                       .max_uncommitted_bytes = 2'048};
  options.storage = {.wal_segment_mb = 2,
                     .wal_confirm_after_ms = 12,
                     .snapshot_every_mb = 3,
                     .snapshot_growth_percent = 15,
                     .snapshot_chunk_kb = 17,
                     .compaction_tail = 9};
  options.limits.max_pending_requests = 13;
  const NodeOptions node = node_options(options);
  EXPECT_EQ(node.raft.heartbeat_interval, milliseconds(11));
  EXPECT_EQ(node.raft.election_timeout, milliseconds(222));
  EXPECT_FALSE(node.raft.pre_vote);
  EXPECT_EQ(node.raft.append_linger, microseconds(14));
  EXPECT_FALSE(node.raft.thrifty_reads);
  EXPECT_EQ(node.raft.read_linger, microseconds(18));
  EXPECT_EQ(node.raft.read_round_interval, microseconds(19));
  EXPECT_FALSE(node.raft.check_quorum);
  EXPECT_EQ(node.raft.lease, LeaseKind::kClassical);
  EXPECT_EQ(node.raft.lease_duration, milliseconds(111));
  EXPECT_EQ(node.raft.clock_drift_bound_ppm, 7U);
  EXPECT_EQ(node.raft.priority, 8U);
  EXPECT_EQ(node.raft.max_entries_per_message, 3U);
  EXPECT_EQ(node.raft.max_bytes_per_message, 4U);
  EXPECT_EQ(node.raft.max_inflight_messages, 5U);
  EXPECT_EQ(node.raft.max_inflight_bytes, 6U);
  EXPECT_EQ(node.raft.max_uncommitted_bytes, 2'048U);
  EXPECT_EQ(node.raft.snapshot_chunk_bytes, 17U * 1'024);
  EXPECT_EQ(node.raft.compaction_tail, 9U);
  EXPECT_EQ(node.storage.segment_bytes, 2U << 20);
  EXPECT_EQ(node.storage.confirm_after, milliseconds(12));
  EXPECT_EQ(node.replica.snapshot.policy.every_bytes, 3U << 20);
  EXPECT_EQ(node.replica.snapshot.policy.growth_percent, 15U);
  EXPECT_EQ(node.replica.max_pending_requests, 13U);
  EXPECT_TRUE(node.replica.repeated_writes_wait);
}

}  // namespace
}  // namespace synchrodb::net
