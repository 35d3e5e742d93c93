#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "sim/options.h"

namespace synchrodb::sim {
namespace {

std::string error_of(const std::map<std::string, std::int64_t>& options) {
  const Result<> result = validate_options(options);
  return result ? "" : result.error().message;
}

TEST(OptionTable, DefaultsLieWithinTheirLimitsAndNamesAreUnique) {
  std::set<std::string_view> seen;
  for (const OptionSpec& spec : option_table()) {
    EXPECT_TRUE(seen.insert(spec.name).second) << spec.name;
    EXPECT_LE(spec.low, spec.standard) << spec.name;
    EXPECT_LE(spec.standard, spec.high) << spec.name;
    EXPECT_FALSE(spec.description.empty()) << spec.name;
    EXPECT_EQ(find_option(spec.name), &spec);
    EXPECT_EQ(option_value(Plan{}, spec.name), spec.standard) << spec.name;
  }
  EXPECT_EQ(find_option("heartbeat"), nullptr);
}

TEST(OptionTable, DefaultsAreTheEnginesOwn) {
  const RaftOptions raft = raft_options(Plan{});
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
  EXPECT_EQ(raft.max_uncommitted_bytes, standard.max_uncommitted_bytes);
  EXPECT_EQ(raft.snapshot_chunk_bytes, standard.snapshot_chunk_bytes);
  EXPECT_EQ(raft.compaction_tail, standard.compaction_tail);
}

// Each knob moves what it is named after, and nothing that has another knob.
TEST(OptionTable, EveryKnobReachesTheEngine) {
  Plan plan;
  plan.options = {{"heartbeat-ms", 11},
                  {"election-timeout-ms", 222},
                  {"election-spread-ms", 0},
                  {"pre-vote", 0},
                  {"check-quorum", 0},
                  {"lease", 2},
                  {"lease-duration-ms", 111},
                  {"clock-drift-bound-ppm", 7},
                  {"membership", 1},
                  {"max-entries-per-message", 3},
                  {"max-bytes-per-message", 4},
                  {"max-inflight-messages", 5},
                  {"max-inflight-bytes", 6},
                  {"max-uncommitted-bytes", 2'048},
                  {"snapshot-chunk-bytes", 17},
                  {"compaction-tail", 9},
                  {"snapshot-every-bytes", 1'000},
                  {"snapshot-growth-percent", 15},
                  {"segment-bytes", 8'192},
                  {"fill-ahead-bytes", 4'096},
                  {"confirm-after-ms", 12},
                  {"repeated-writes-wait", 1},
                  {"max-pending-requests", 13},
                  {"client-attempt-ms", 14},
                  {"client-timeout-ms", 15},
                  {"client-backoff-min-ms", 16},
                  {"client-backoff-max-ms", 18}};
  const NodeOptions node = node_options(plan);
  EXPECT_EQ(node.raft.heartbeat_interval, milliseconds(11));
  EXPECT_EQ(node.raft.election_timeout, milliseconds(222));
  EXPECT_EQ(node.raft.election_spread, Duration{});
  EXPECT_FALSE(node.raft.pre_vote);
  EXPECT_FALSE(node.raft.check_quorum);
  EXPECT_EQ(node.raft.lease, LeaseKind::kClassical);
  EXPECT_EQ(node.raft.lease_duration, milliseconds(111));
  EXPECT_EQ(node.raft.clock_drift_bound_ppm, 7U);
  EXPECT_EQ(node.raft.membership, MembershipMode::kSingleServer);
  EXPECT_EQ(node.raft.max_entries_per_message, 3U);
  EXPECT_EQ(node.raft.max_bytes_per_message, 4U);
  EXPECT_EQ(node.raft.max_inflight_messages, 5U);
  EXPECT_EQ(node.raft.max_inflight_bytes, 6U);
  EXPECT_EQ(node.raft.max_uncommitted_bytes, 2'048U);
  EXPECT_EQ(node.raft.snapshot_chunk_bytes, 17U);
  EXPECT_EQ(node.raft.compaction_tail, 9U);
  EXPECT_EQ(node.replica.snapshot.policy.every_bytes, 1'000U);
  EXPECT_EQ(node.replica.snapshot.policy.growth_percent, 15U);
  EXPECT_EQ(node.replica.max_pending_requests, 13U);
  EXPECT_TRUE(node.replica.repeated_writes_wait);
  EXPECT_EQ(node.storage.segment_bytes, 8'192U);
  EXPECT_EQ(node.storage.fill_ahead_bytes, 4'096U);
  EXPECT_EQ(node.storage.confirm_after, milliseconds(12));
  const ClientOptions client = client_options(plan);
  EXPECT_EQ(client.attempt_timeout, milliseconds(14));
  EXPECT_EQ(client.call_timeout, milliseconds(15));
  EXPECT_EQ(client.backoff_min, milliseconds(16));
  EXPECT_EQ(client.backoff_max, milliseconds(18));
}

TEST(OptionTable, HeartbeatAndLeaseFollowTheElectionTimeout) {
  Plan plan;
  plan.options["election-timeout-ms"] = 300;
  EXPECT_EQ(raft_options(plan).heartbeat_interval, milliseconds(30));
  EXPECT_EQ(raft_options(plan).lease_duration, milliseconds(270));
  EXPECT_EQ(option_value(plan, "election-spread-ms"), 300);
  EXPECT_FALSE(raft_options(plan).election_spread.has_value());
  plan.options["heartbeat-ms"] = 50;
  EXPECT_EQ(raft_options(plan).heartbeat_interval, milliseconds(50));
}

TEST(OptionTable, ErrorsNameTheOption) {
  EXPECT_EQ(error_of({}), "");
  EXPECT_EQ(error_of({{"warp", 1}}), "options.warp: unknown option");
  EXPECT_EQ(error_of({{"pre-vote", 2}}), "options.pre-vote: 2 is outside 0 to 1");
  EXPECT_EQ(error_of({{"compaction-tail", std::numeric_limits<std::int64_t>::min()}}),
            "options.compaction-tail: -9223372036854775808 is outside 0 to 1000000");
  EXPECT_NE(error_of({{"heartbeat-ms", 600}}).find("options.heartbeat-ms: "), std::string::npos);
  EXPECT_NE(
      error_of({{"lease", 2}, {"lease-duration-ms", 1'001}}).find("options.lease-duration-ms"),
      std::string::npos);
  EXPECT_EQ(error_of({{"lease", 1}, {"lease-duration-ms", 1'001}}), "");
  EXPECT_NE(error_of({{"client-backoff-min-ms", 200}}).find("options.client-backoff-min-ms"),
            std::string::npos);
}

}  // namespace
}  // namespace synchrodb::sim
