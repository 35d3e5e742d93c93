// Consensus, disk, and what only tests want.
#include <array>

#include "net/config/option_field.h"
#include "net/config/option_rows.h"

namespace synchrodb::net {
namespace {

using namespace option_rows;  // NOLINT: the vocabulary of the table
using option_field::at;
using enum OptionGroup;
using S = ServerOptions;

constexpr std::array kRows{
    OptionSpec{.name = "election-timeout-ms",
               .group = kConsensus,
               .domain = integer(20, 600'000),
               .field = at<&S::consensus, &ConsensusSettings::election_timeout_ms>,
               .unit = "ms",
               .example = "300",
               .help = "a follower campaigns after one to two of these without a leader. Well "
                       "above the time of a round trip and of a sync"},
    OptionSpec{.name = "heartbeat-interval-ms",
               .group = kConsensus,
               .domain = integer_or_auto(1, 200'000),
               .field = at<&S::consensus, &ConsensusSettings::heartbeat_interval_ms>,
               .resolve = &heartbeat_interval_ms,
               .unit = "ms",
               .example = "50",
               .help = "pause between a leader's heartbeats, less than a third of "
                       "election-timeout-ms; auto: a tenth of it"},
    OptionSpec{.name = "pre-vote",
               .group = kConsensus,
               .domain = kSwitch,
               .field = at<&S::consensus, &ConsensusSettings::pre_vote>,
               .example = "no",
               .help = "rehearse elections first, so that a node that was cut off disturbs nobody "
                       "when it comes back"},
    OptionSpec{.name = "check-quorum",
               .group = kConsensus,
               .domain = kSwitch,
               .field = at<&S::consensus, &ConsensusSettings::check_quorum>,
               .example = "no",
               .help = "a leader that hears of no majority for an election timeout resigns"},
    OptionSpec{
        .name = "lease",
        .group = kConsensus,
        .domain = choice("none, log, classical"),
        .field = at<&S::consensus, &ConsensusSettings::lease>,
        .example = "classical",
        .help = "what lease reads rest on. log: the log and synchronised civil time (LeaseGuard). "
                "classical: heartbeats and clocks that run at nearly the same rate"},
    OptionSpec{.name = "lease-duration-ms",
               .group = kConsensus,
               .domain = integer_or_auto(1, 600'000),
               .field = at<&S::consensus, &ConsensusSettings::lease_duration_ms>,
               .resolve = &lease_duration_ms,
               .unit = "ms",
               .example = "500",
               .help = "how long a lease holds; auto: nine tenths of election-timeout-ms"},
    OptionSpec{.name = "clock-drift-bound-ppm",
               .group = kConsensus,
               .domain = integer(0, 400'000),
               .field = at<&S::consensus, &ConsensusSettings::clock_drift_bound_ppm>,
               .unit = "ppm",
               .example = "1000",
               .help = "greatest error of rate that a lease allows a clock"},
    OptionSpec{.name = "election-priority",
               .group = kConsensus,
               .domain = integer(0, 1'000'000),
               .field = at<&S::consensus, &ConsensusSettings::election_priority>,
               .example = "10",
               .help = "nodes with a higher one are preferred as leaders"},
    OptionSpec{.name = "max-entries-per-message",
               .group = kConsensus,
               .domain = integer(1, 100'000),
               .field = at<&S::consensus, &ConsensusSettings::max_entries_per_message>,
               .unit = "entries",
               .example = "1024",
               .help = "log entries in one message to a follower"},
    OptionSpec{.name = "max-bytes-per-message",
               .group = kConsensus,
               .domain = memory(1, 64 * kMiB),
               .field = at<&S::consensus, &ConsensusSettings::max_bytes_per_message>,
               .example = "1mb",
               .help = "size of one message to a follower; a single entry may exceed it"},
    OptionSpec{.name = "max-inflight-messages",
               .group = kConsensus,
               .domain = integer(1, 100'000),
               .field = at<&S::consensus, &ConsensusSettings::max_inflight_messages>,
               .unit = "messages",
               .example = "256",
               .help = "messages to one follower that it has not acknowledged"},
    OptionSpec{.name = "max-inflight-bytes",
               .group = kConsensus,
               .domain = memory(1, kGiB),
               .field = at<&S::consensus, &ConsensusSettings::max_inflight_bytes>,
               .example = "16mb",
               .help = "the same in bytes"},
    OptionSpec{.name = "append-linger-us",
               .group = kConsensus,
               .domain = integer(0, 10'000'000),
               .field = at<&S::consensus, &ConsensusSettings::append_linger_us>,
               .unit = "us",
               .example = "0",
               .help = "entries wait so long for company, from the message before on, while a "
                       "follower has others to acknowledge or fewer have come than last time; "
                       "0: they leave at once"},
    OptionSpec{.name = "thrifty-reads",
               .group = kConsensus,
               .domain = kSwitch,
               .field = at<&S::consensus, &ConsensusSettings::thrifty_reads>,
               .example = "no",
               .help =
                   "reads are confirmed by no more followers than it takes, the nearest; no: by "
                   "whichever answer first"},
    OptionSpec{.name = "read-linger-us",
               .group = kConsensus,
               .domain = integer(0, 10'000'000),
               .field = at<&S::consensus, &ConsensusSettings::read_linger_us>,
               .unit = "us",
               .example = "0",
               .help =
                   "reads that one round is to confirm wait so long for company, from the answer "
                   "to the round before on, while fewer ask than waited then; 0: they do not "
                   "wait"},
    OptionSpec{.name = "read-round-interval-us",
               .group = kConsensus,
               .domain = integer(0, 10'000'000),
               .field = at<&S::consensus, &ConsensusSettings::read_round_interval_us>,
               .unit = "us",
               .example = "100",
               .help =
                   "reads that are asked while a round is on its way wait for its answer, but no "
                   "longer than so long after it began: another one begins; more is cheaper where "
                   "the way is long"},
    OptionSpec{.name = "max-uncommitted-bytes",
               .group = kConsensus,
               .domain = memory(1024, kGiB),
               .field = at<&S::consensus, &ConsensusSettings::max_uncommitted_bytes>,
               .example = "64mb",
               .help = "writes that a leader has accepted and not committed; more are refused"},

    OptionSpec{.name = "wal-segment-mb",
               .group = kStorage,
               .domain = integer(1, 1024),
               .field = at<&S::storage, &StorageSettings::wal_segment_mb>,
               .unit = "MiB",
               .example = "16",
               .help = "size of the log's files"},
    OptionSpec{.name = "wal-confirm-after-ms",
               .group = kStorage,
               .domain = integer(1, 60'000),
               .field = at<&S::storage, &StorageSettings::wal_confirm_after_ms>,
               .unit = "ms",
               .example = "200",
               .help = "idle time after which the log notes that its end is synced; what comes "
                       "after the last note counts as never acknowledged if it is torn"},
    OptionSpec{.name = "snapshot-every-mb",
               .group = kStorage,
               .domain = integer(1, 65'536),
               .field = at<&S::storage, &StorageSettings::snapshot_every_mb>,
               .unit = "MiB",
               .example = "256",
               .help = "a snapshot is made, and the log before it dropped, after this much log"},
    OptionSpec{.name = "snapshot-growth-percent",
               .group = kStorage,
               .domain = integer(0, 10'000),
               .field = at<&S::storage, &StorageSettings::snapshot_growth_percent>,
               .unit = "%",
               .example = "100",
               .help = "but not before the log has grown to this share of the last snapshot, so "
                       "that a large state is not written all the time, and reaches a new node "
                       "before the next one replaces it"},
    OptionSpec{.name = "snapshot-chunk-kb",
               .group = kStorage,
               .domain = integer(1, 16'384),
               .field = at<&S::storage, &StorageSettings::snapshot_chunk_kb>,
               .unit = "KiB",
               .example = "256",
               .help = "piece of a snapshot in one message to a follower"},
    OptionSpec{
        .name = "compaction-tail",
        .group = kStorage,
        .domain = integer(0, 10'000'000),
        .field = at<&S::storage, &StorageSettings::compaction_tail>,
        .unit = "entries",
        .example = "10000",
        .help = "log entries kept in memory behind a snapshot, for followers that lag a little"},

    OptionSpec{.name = "enable-fault-injection",
               .group = kTesting,
               .domain = kSwitch,
               .field = at<&S::testing, &TestingSettings::enable_fault_injection>,
               .example = "yes",
               .help = "administrators may cut links, shift clocks and lose unsynced writes: for "
                       "tests, never with data that matters"},
};

}  // namespace

std::span<const OptionSpec> engine_option_rows() {
  return kRows;
}

}  // namespace synchrodb::net
