#include "sim/options.h"

#include <algorithm>
#include <array>
#include <string>

#include "consensus/assert.h"

namespace synchrodb::sim {
namespace {

constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;

constexpr std::array kOptions{
    OptionSpec{"heartbeat-ms", "ms", 80, 1, 10'000,
               "pause between a leader's heartbeats; by default a tenth of the election timeout"},
    OptionSpec{"election-timeout-ms", "ms", 800, 2, 60'000,
               "a follower campaigns after one to two of these without a leader"},
    OptionSpec{"election-spread-ms", "ms", 800, 0, 60'000,
               "instead it campaigns after the election timeout and up to this; by default as much "
               "as the timeout"},
    OptionSpec{"pre-vote", "", 1, 0, 1, "rehearse elections first (thesis 9.6)"},
    OptionSpec{"check-quorum", "", 1, 0, 1,
               "a leader without a quorum for an election timeout resigns (thesis 6.2)"},
    OptionSpec{"lease", "", 1, 0, 2,
               "what lease reads rest on: 0 nothing (ReadIndex), 1 the log (LeaseGuard), "
               "2 the classical lease (thesis 6.4.1)"},
    OptionSpec{"lease-duration-ms", "ms", 720, 1, 60'000,
               "by default nine tenths of the election timeout; the classical lease may not exceed "
               "the timeout"},
    OptionSpec{"clock-drift-bound-ppm", "ppm", 500, 0, 400'000,
               "rate error of a monotonic clock that a lease allows for"},
    OptionSpec{"membership", "", 0, 0, 1,
               "how members change: 0 joint consensus, 1 single servers (to study)"},
    OptionSpec{"max-entries-per-message", "entries", 256, 1, 100'000, "limit of one AppendEntries"},
    OptionSpec{"max-bytes-per-message", "bytes", 256 * kKiB, 1, 64 * kMiB,
               "limit of one AppendEntries; a single entry may exceed it"},
    OptionSpec{"max-inflight-messages", "messages", 64, 1, 100'000,
               "unacknowledged AppendEntries to one follower"},
    OptionSpec{"max-inflight-bytes", "bytes", 4 * kMiB, 1, 1024 * kMiB,
               "unacknowledged bytes to one follower"},
    OptionSpec{"append-linger-us", "us", 1'000, 0, 10'000'000,
               "new entries wait at most so long for company, from the message before on"},
    OptionSpec{"thrifty-reads", "", 1, 0, 1,
               "reads are confirmed by no more voters than it takes, not by all that answer"},
    OptionSpec{"read-linger-us", "us", 50, 0, 10'000'000,
               "reads wait at most so long for company once the round before is answered"},
    OptionSpec{"read-round-interval-us", "us", 1'000, 0, 10'000'000,
               "the next round for reads begins so long after one that is not answered yet"},
    OptionSpec{"max-uncommitted-bytes", "bytes", 16 * kMiB, 1 * kKiB, 1024 * kMiB,
               "proposals beyond it are refused"},
    OptionSpec{"snapshot-chunk-bytes", "bytes", 64 * kKiB, 16, 16 * kMiB,
               "piece of a snapshot in one message"},
    OptionSpec{"compaction-tail", "entries", 128, 0, 1'000'000,
               "entries kept behind a snapshot for followers that lag a little"},
    OptionSpec{"compaction-step", "entries", 4'096, 1, 1'000'000,
               "so many leave memory in one turn after a snapshot"},
    OptionSpec{"apply-entries", "entries", 4'096, 1, 1'000'000, "so many are applied in one turn"},
    OptionSpec{"snapshot-every-bytes", "bytes", 64 * kKiB, 256, 1024 * kMiB,
               "applied log bytes that trigger a snapshot"},
    OptionSpec{"snapshot-growth-percent", "percent", 25, 0, 10'000,
               "no snapshot before the log has grown to this share of the last one"},
    OptionSpec{"segment-bytes", "bytes", 256 * kKiB, 4 * kKiB, 256 * kMiB, "size of a log segment"},
    OptionSpec{"fill-ahead-bytes", "bytes", 0, 0, 16 * kMiB,
               "a new log segment is written so far ahead of the log"},
    OptionSpec{"confirm-after-ms", "ms", 50, 1, 60'000,
               "idle time after which the last synced batch gets a marker of its own"},
    OptionSpec{"repeated-writes-wait", "", 0, 0, 1,
               "a write that is asked for again while its entry is under way waits for that, and "
               "is no entry more (servers: always)"},
    OptionSpec{"max-pending-requests", "requests", 4'096, 1, 1'000'000,
               "requests that a replica holds; more are refused"},
    OptionSpec{"value-bytes", "bytes", 0, 0, 1024 * kKiB,
               "least length of a written value; a long one makes batches of several sectors"},
    OptionSpec{"client-attempt-ms", "ms", 500, 1, 60'000,
               "a client's request without an answer is sent again after this"},
    OptionSpec{"client-timeout-ms", "ms", 5'000, 1, 600'000, "a client's call gives up after this"},
    OptionSpec{"client-backoff-min-ms", "ms", 5, 1, 60'000, "first pause before a retry"},
    OptionSpec{"client-backoff-max-ms", "ms", 100, 1, 60'000, "longest pause before a retry"},
};

using OptionMap = std::map<std::string, std::int64_t>;

std::int64_t value_in(const OptionMap& options, std::string_view name) {
  const auto position = options.find(std::string(name));
  if (position != options.end()) return position->second;
  if (name == "heartbeat-ms") {
    return std::max<std::int64_t>(1, value_in(options, "election-timeout-ms") / 10);
  }
  if (name == "election-spread-ms") return value_in(options, "election-timeout-ms");
  if (name == "lease-duration-ms") return value_in(options, "election-timeout-ms") * 9 / 10;
  const OptionSpec* spec = find_option(name);
  SYNCHRODB_ASSERT(spec != nullptr, "asked for an option that is not in the table");
  return spec->standard;
}

std::size_t size_option(const Plan& plan, std::string_view name) {
  return static_cast<std::size_t>(option_value(plan, name));
}

Duration ms_option(const Plan& plan, std::string_view name) {
  return milliseconds(option_value(plan, name));
}

Error invalid(std::string_view name, const std::string& why) {
  return {ErrorCode::kInvalid, "options." + std::string(name) + ": " + why};
}

Result<> check_combinations(const OptionMap& options) {
  const std::int64_t heartbeat = value_in(options, "heartbeat-ms");
  const std::int64_t election = value_in(options, "election-timeout-ms");
  if (heartbeat * 2 > election) {
    return invalid("heartbeat-ms", std::to_string(heartbeat) +
                                       " is more than half of election-timeout-ms (" +
                                       std::to_string(election) + "): no leader would last");
  }
  const std::int64_t lease = value_in(options, "lease-duration-ms");
  if (value_in(options, "lease") == 2 && lease > election) {
    return invalid("lease-duration-ms", std::to_string(lease) + " exceeds election-timeout-ms (" +
                                            std::to_string(election) +
                                            "), which the classical lease cannot survive");
  }
  if (value_in(options, "client-backoff-min-ms") > value_in(options, "client-backoff-max-ms")) {
    return invalid("client-backoff-min-ms", "exceeds client-backoff-max-ms");
  }
  return {};
}

}  // namespace

std::span<const OptionSpec> option_table() {
  return kOptions;
}

const OptionSpec* find_option(std::string_view name) {
  const auto* position = std::find_if(kOptions.begin(), kOptions.end(),
                                      [&](const OptionSpec& spec) { return spec.name == name; });
  return position == kOptions.end() ? nullptr : position;
}

std::int64_t option_value(const Plan& plan, std::string_view name) {
  return value_in(plan.options, name);
}

RaftOptions raft_options(const Plan& plan) {
  RaftOptions raft;
  raft.heartbeat_interval = ms_option(plan, "heartbeat-ms");
  raft.election_timeout = ms_option(plan, "election-timeout-ms");
  if (plan.options.contains("election-spread-ms")) {
    raft.election_spread = ms_option(plan, "election-spread-ms");
  }
  raft.pre_vote = option_value(plan, "pre-vote") != 0;
  raft.check_quorum = option_value(plan, "check-quorum") != 0;
  raft.lease = static_cast<LeaseKind>(option_value(plan, "lease"));
  raft.lease_duration = ms_option(plan, "lease-duration-ms");
  raft.clock_drift_bound_ppm =
      static_cast<std::uint32_t>(option_value(plan, "clock-drift-bound-ppm"));
  raft.membership = static_cast<MembershipMode>(option_value(plan, "membership"));
  raft.max_entries_per_message = size_option(plan, "max-entries-per-message");
  raft.max_bytes_per_message = size_option(plan, "max-bytes-per-message");
  raft.max_inflight_messages = size_option(plan, "max-inflight-messages");
  raft.max_inflight_bytes = size_option(plan, "max-inflight-bytes");
  raft.append_linger = microseconds(option_value(plan, "append-linger-us"));
  raft.thrifty_reads = option_value(plan, "thrifty-reads") != 0;
  raft.read_linger = microseconds(option_value(plan, "read-linger-us"));
  raft.read_round_interval = microseconds(option_value(plan, "read-round-interval-us"));
  raft.max_uncommitted_bytes = size_option(plan, "max-uncommitted-bytes");
  raft.snapshot_chunk_bytes = size_option(plan, "snapshot-chunk-bytes");
  raft.compaction_tail = size_option(plan, "compaction-tail");
  raft.compaction_step = size_option(plan, "compaction-step");
  raft.apply_entries = size_option(plan, "apply-entries");
  return raft;
}

NodeOptions node_options(const Plan& plan) {
  NodeOptions node;
  node.raft = raft_options(plan);
  node.storage.segment_bytes = static_cast<std::uint64_t>(option_value(plan, "segment-bytes"));
  node.storage.fill_ahead_bytes = size_option(plan, "fill-ahead-bytes");
  node.storage.confirm_after = ms_option(plan, "confirm-after-ms");
  SnapshotPolicy& snapshots = node.replica.snapshot.policy;
  snapshots.every_bytes = size_option(plan, "snapshot-every-bytes");
  snapshots.growth_percent = static_cast<unsigned>(option_value(plan, "snapshot-growth-percent"));
  node.replica.repeated_writes_wait = option_value(plan, "repeated-writes-wait") != 0;
  node.replica.max_pending_requests = size_option(plan, "max-pending-requests");
  return node;
}

ClientOptions client_options(const Plan& plan) {
  ClientOptions client;
  client.attempt_timeout = ms_option(plan, "client-attempt-ms");
  client.call_timeout = ms_option(plan, "client-timeout-ms");
  client.backoff_min = ms_option(plan, "client-backoff-min-ms");
  client.backoff_max = ms_option(plan, "client-backoff-max-ms");
  return client;
}

Result<> validate_options(const OptionMap& options) {
  for (const auto& [name, value] : options) {
    const OptionSpec* spec = find_option(name);
    if (spec == nullptr) return invalid(name, "unknown option");
    if (value < spec->low || value > spec->high) {
      return invalid(name, std::to_string(value) + " is outside " + std::to_string(spec->low) +
                               " to " + std::to_string(spec->high));
    }
  }
  return check_combinations(options);
}

}  // namespace synchrodb::sim
