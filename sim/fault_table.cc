#include "sim/fault_table.h"

#include <algorithm>
#include <array>

#include "consensus/assert.h"

namespace synchrodb::sim {
namespace {

constexpr std::array kDelayParameters{FaultParameter{"min-us", 200, 0, 10'000'000},
                                      FaultParameter{"mean-us", 500, 0, 10'000'000}};
constexpr std::array kBimodalDelayParameters{FaultParameter{"ppm", 20'000, 0, 1'000'000},
                                             FaultParameter{"slow-us", 100'000, 0, 60'000'000}};
constexpr std::array kLinkBiasParameters{FaultParameter{"max-us", 10'000, 0, 10'000'000},
                                         FaultParameter{"min-us", 0, 0, 10'000'000},
                                         FaultParameter{"among", 0, 0, 1}};
constexpr std::array kLossParameters{FaultParameter{"ppm", 50'000, 0, 1'000'000}};
constexpr std::array kDuplicationParameters{FaultParameter{"ppm", 50'000, 0, 1'000'000},
                                            FaultParameter{"late-us", 200'000, 0, 60'000'000}};
constexpr std::array kReorderingParameters{FaultParameter{"ppm", 100'000, 0, 1'000'000},
                                           FaultParameter{"late-us", 50'000, 0, 60'000'000}};
constexpr std::array kBitFlipParameters{FaultParameter{"ppm", 10'000, 0, 1'000'000}};
constexpr std::array kClogParameters{FaultParameter{"percent", 40, 1, 100}};
constexpr std::array kBandwidthParameters{
    FaultParameter{"bytes-per-second", 200'000, 100, 10'000'000'000},
    FaultParameter{"buffer-bytes", 65'536, 1'024, 1'000'000'000}};
constexpr std::array kOneWayLossParameters{FaultParameter{"ppm", 1'000'000, 0, 1'000'000},
                                           FaultParameter{"inbound", 0, 0, 1}};
constexpr std::array kMessageTypeLossParameters{
    FaultParameter{"ppm", 1'000'000, 0, 1'000'000}, FaultParameter{"type", -1, -1, 15},
    FaultParameter{"min-bytes", 0, 0, 1'000'000}, FaultParameter{"inbound", 0, 0, 1}};
constexpr std::array kPartitionIsolateLeaderParameters{FaultParameter{"follow-ms", 0, 0, 60'000}};
constexpr std::array kPartitionRandomParameters{FaultParameter{"percent", 40, 0, 100}};
constexpr std::array kClockOffsetParameters{
    FaultParameter{"offset-ms", 500, -86'400'000, 86'400'000}};
constexpr std::array kClockDriftParameters{FaultParameter{"ppm", 300, -900'000, 1'000'000}};
constexpr std::array kClockStepParameters{
    FaultParameter{"step-ms", 1'000, -86'400'000, 86'400'000}};
constexpr std::array kClockStrobeParameters{FaultParameter{"step-ms", 200, -86'400'000, 86'400'000},
                                            FaultParameter{"period-ms", 100, 1, 60'000}};
constexpr std::array kDiskLatencyParameters{FaultParameter{"sync-min-us", 200, 0, 10'000'000},
                                            FaultParameter{"sync-max-us", 1'000, 0, 10'000'000}};
constexpr std::array kDiskStallParameters{FaultParameter{"ppm", 100'000, 0, 1'000'000},
                                          FaultParameter{"stall-ms", 800, 1, 600'000}};
constexpr std::array kLostWritesParameters{FaultParameter{"ppm", 500'000, 0, 1'000'000}};
constexpr std::array kTornWriteParameters{FaultParameter{"ppm", 500'000, 0, 1'000'000},
                                          FaultParameter{"sector-bytes", 512, 512, 4'096}};
constexpr std::array kLostRenameParameters{FaultParameter{"ppm", 500'000, 0, 1'000'000}};
constexpr std::array kBitRotParameters{FaultParameter{"flips", 3, 1, 1'000}};
constexpr std::array kMisdirectedWriteParameters{FaultParameter{"ppm", 50'000, 0, 1'000'000}};
constexpr std::array kSyncFailureParameters{FaultParameter{"ppm", 100'000, 0, 1'000'000}};
constexpr std::array kDiskFullParameters{FaultParameter{"free-bytes", 4'096, 0, 1'000'000'000'000}};
constexpr std::array kDiskErrorParameters{FaultParameter{"ppm", 20'000, 0, 1'000'000}};
constexpr std::array kCrashParameters{FaultParameter{"down-ms", 1'000, 1, 600'000},
                                      FaultParameter{"while-writing-percent", 60, 0, 100}};
constexpr std::array kRestartParameters{FaultParameter{"down-ms", 300, 1, 600'000}};
constexpr std::array kSlowNodeParameters{FaultParameter{"extra-us", 2'000, 1, 10'000'000}};
constexpr std::array kWipeAndRejoinParameters{FaultParameter{"down-ms", 1'000, 1, 600'000}};
constexpr std::array kMemoryLimitParameters{FaultParameter{"bytes", 65'536, 1'024, 1'000'000'000}};
constexpr std::array kMembershipChangeParameters{FaultParameter{"kind", 0, 0, 3},
                                                 FaultParameter{"min-voters", 3, 1, 15}};
constexpr std::array kReconfiguredRestartParameters{FaultParameter{"timeout-percent", 150, 50, 400},
                                                    FaultParameter{"down-ms", 300, 1, 600'000}};
constexpr std::array kBuggifyParameters{FaultParameter{"ppm", 250'000, 0, 1'000'000}};
constexpr std::array kLyingSyncParameters{FaultParameter{"ppm", 500'000, 0, 1'000'000}};
constexpr std::array kClockBoundViolatedParameters{
    FaultParameter{"offset-ms", 2'000, -86'400'000, 86'400'000},
    FaultParameter{"ppm", 0, -900'000, 1'000'000}};
constexpr std::array kWipedUnderOldNameParameters{FaultParameter{"down-ms", 1'000, 1, 600'000}};

constexpr std::array kFaults{
    FaultSpec{FaultKind::kDelay, "delay", "network",
              "messages take a minimum plus an exponential delay; at time 0, for the whole run, it "
              "is the network's nature",
              "Dean and Barroso, The Tail at Scale (CACM 2013): shared queues stretch the slowest "
              "percent",
              kDelayParameters},
    FaultSpec{FaultKind::kBimodalDelay, "bimodal-delay", "network",
              "a share of the messages takes far longer than the rest",
              "TCP's 200 ms minimum retransmission timeout behind incast (Vasudevan et al., "
              "SIGCOMM 2009)",
              kBimodalDelayParameters},
    FaultSpec{FaultKind::kLinkBias, "link-bias", "network",
              "each directed link gets an extra delay of its own, between the minimum and the "
              "maximum, and keeps it; with among 1 only links from victim to victim",
              "replicas in three zones: no two pairs are equally far apart", kLinkBiasParameters},
    FaultSpec{FaultKind::kLoss, "loss", "network", "messages vanish, each by its own draw",
              "Zhuo et al. (SIGCOMM 2017): corruption on optical links loses as many packets as "
              "congestion does",
              kLossParameters},
    FaultSpec{FaultKind::kDuplication, "duplication", "network",
              "messages arrive twice, the copy up to the given time later",
              "etcd-io/raft#397: a duplicated read context confirmed a later read",
              kDuplicationParameters},
    FaultSpec{FaultKind::kReordering, "reordering", "network",
              "messages are held back, so that later ones overtake them",
              "Redpanda 9ff1818, Zeebe#5356, CCF#5891: late vote requests met code that had "
              "forgotten its vote",
              kReorderingParameters},
    FaultSpec{
        FaultKind::kBitFlip, "bit-flip", "network",
        "a bit of an encoded message flips; checksums must catch it",
        "Amazon S3, 20 July 2008: single corrupted bits in gossip messages took the service down",
        kBitFlipParameters},
    FaultSpec{
        FaultKind::kClog, "clog", "network",
        "a share of the directed links holds everything back and delivers it all at the end",
        "GitHub, December 2012: switches stopped forwarding for about 90 seconds, then went on",
        kClogParameters},
    FaultSpec{FaultKind::kBandwidth, "bandwidth", "network",
              "links pass so many bytes a second through a buffer of so many bytes; what does not "
              "fit is refused",
              "Amazon EBS, 21 April 2011: replication traffic was shifted onto a network too small "
              "for it",
              kBandwidthParameters},
    FaultSpec{FaultKind::kOneWayLoss, "one-way-loss", "network",
              "victims' messages are lost in one direction only: 0 what they send, 1 what they "
              "should receive",
              "bnx2 network cards that sent heartbeats and received nothing, so that no standby "
              "took over (The Network is Reliable, 2014)",
              kOneWayLossParameters},
    FaultSpec{FaultKind::kMessageTypeLoss, "message-type-loss", "network",
              "messages of one type vanish, with inbound 1 only those to victims: 0 vote requests, "
              "1 vote replies, 2 heartbeats, 3 append replies, 4 snapshot chunks, 5 snapshot "
              "replies, 6 timeout-now, 7 append requests, 8 and 9 pre-vote requests and replies "
              "(-1: one of the first seven, drawn when the fault strikes)",
              "path-MTU black holes (RFC 2923): heartbeats pass, large messages never do",
              kMessageTypeLossParameters},
    FaultSpec{FaultKind::kPartitionHalves,
              "partition-halves",
              "network",
              "the nodes split at random into two halves that cannot talk",
              "GitHub, 21 October 2018: 43 seconds between two coasts, a day of repair",
              {}},
    FaultSpec{FaultKind::kPartitionMajorityMinority,
              "partition-majority-minority",
              "network",
              "a random smallest majority and the rest cannot talk",
              "Jepsen's first analyses (2013): acknowledged writes lost on the minority's side",
              {}},
    FaultSpec{
        FaultKind::kPartitionIsolateOne,
        "partition-isolate-one",
        "network",
        "one node is cut off from all others",
        "Scylla 5c8092cf42: a node that comes back with an inflated term deposes a healthy leader",
        {}},
    FaultSpec{FaultKind::kPartitionIsolateLeader, "partition-isolate-leader", "network",
              "whoever leads when the fault strikes is cut off; with follow-ms, so is each leader "
              "after it, "
              "that long after its election, and the one before is let in again",
              "etcd-io/raft#166, sofa-jraft#34: a cut-off leader serves lease reads for too long",
              kPartitionIsolateLeaderParameters},
    FaultSpec{FaultKind::kPartitionBridge,
              "partition-bridge",
              "network",
              "two halves that only share one node, which sees both: the victim, if there is one",
              "Cloudflare, 2 November 2020: a switch that failed in part, and an etcd cluster "
              "without a leader",
              {}},
    FaultSpec{FaultKind::kPartitionRing,
              "partition-ring",
              "network",
              "each node sees a majority, no two the same one",
              "Jepsen's majorities-ring; Alfatafta et al. (OSDI 2020) collect 51 failures from "
              "partial partitions",
              {}},
    FaultSpec{
        FaultKind::kPartitionRandom, "partition-random", "network",
        "each directed link is cut with the given probability",
        "Alquraan et al. (OSDI 2018): 136 failures from network partitions, many of them partial",
        kPartitionRandomParameters},
    FaultSpec{FaultKind::kClockOffset, "clock-offset", "clock",
              "a node's wall clock is off, and the interval that it claims is as wide",
              "the US Naval Observatory's time servers, 19 November 2012: off by twelve years",
              kClockOffsetParameters},
    FaultSpec{FaultKind::kClockDrift, "clock-drift", "clock",
              "a node's clocks run fast (positive) or slow",
              "tikv#964: leases had to move to a clock that nobody adjusts", kClockDriftParameters},
    FaultSpec{FaultKind::kClockStep, "clock-step", "clock",
              "a node's wall clock jumps, and its interval widens with it",
              "Cloudflare, 1 January 2017: a leap second made time run backwards",
              kClockStepParameters},
    FaultSpec{FaultKind::kClockStrobe, "clock-strobe", "clock",
              "a node's wall clock jumps to and fro",
              "two time daemons that fight over one clock; Jepsen's strobe nemesis",
              kClockStrobeParameters},
    FaultSpec{FaultKind::kClockFreeze,
              "clock-freeze",
              "clock",
              "a node's wall clock stands still, then catches up",
              "the leap second of 30 June 2012: a second that many machines lived through twice",
              {}},
    FaultSpec{
        FaultKind::kDiskLatency, "disk-latency", "disk",
        "a sync takes between the two times; at time 0, for the whole run, it is the disk's nature",
        "Hao et al., The Tail at Store (FAST 2016): millions of hours of disks that were slow for "
        "a while",
        kDiskLatencyParameters},
    FaultSpec{FaultKind::kDiskStall, "disk-stall", "disk",
              "a share of the disk's operations hangs for up to the given time",
              "Amazon EBS, 21 April 2011: volumes that were stuck", kDiskStallParameters},
    FaultSpec{FaultKind::kLostWrites, "lost-writes", "disk",
              "a crash is a power failure: each unsynced write is lost with the given probability",
              "Jepsen on NATS 2.12.1: writes acknowledged before the sync were gone after a power "
              "failure",
              kLostWritesParameters},
    FaultSpec{FaultKind::kTornWrite, "torn-write", "disk",
              "a crash tears an unsynced write at a sector's boundary",
              "why InnoDB has its doublewrite buffer and PostgreSQL its full-page writes",
              kTornWriteParameters},
    FaultSpec{FaultKind::kLostRename, "lost-rename", "disk",
              "a crash undoes creations, renames and removals that no directory sync followed",
              "ext4 in 2009: files of length zero after a rename; Pillai et al., ALICE (OSDI 2014)",
              kLostRenameParameters},
    FaultSpec{
        FaultKind::kBitRot, "bit-rot", "disk",
        "synced bytes are damaged where they lie, found when read",
        "Bairavasundaram et al. (FAST 2008): 400,000 checksum mismatches on 1.5 million disks",
        kBitRotParameters},
    FaultSpec{FaultKind::kMisdirectedWrite, "misdirected-write", "disk",
              "a write lands elsewhere in its file, and the disk says that all is well",
              "Krioukov et al., Parity Lost and Parity Regained (FAST 2008)",
              kMisdirectedWriteParameters},
    FaultSpec{FaultKind::kSyncFailure, "sync-failure", "disk",
              "a sync fails and the page cache forgets what it had",
              "fsyncgate, PostgreSQL 2018: the second fsync reported success",
              kSyncFailureParameters},
    FaultSpec{FaultKind::kDiskFull, "disk-full", "disk", "so many bytes are left, then ENOSPC",
              "etcd's NOSPACE alarm: a cluster that only reads until somebody cleans up",
              kDiskFullParameters},
    FaultSpec{FaultKind::kDiskError, "disk-error", "disk", "reads and writes fail with EIO",
              "Meza et al. (SIGMETRICS 2015): flash failures across Facebook's fleet",
              kDiskErrorParameters},
    FaultSpec{FaultKind::kCrash, "crash", "process",
              "the process dies at once, more likely while a write is pending, and starts again "
              "after up to down-ms",
              "etcd#13766: killed under load, 3.5 came back with state and applied index apart",
              kCrashParameters},
    FaultSpec{FaultKind::kRestart, "restart", "process",
              "the process stops in good order and starts again",
              "every deployment: a rolling restart moves the leadership once a node",
              kRestartParameters},
    FaultSpec{FaultKind::kPauseClockRunning,
              "pause-clock-running",
              "process",
              "the process stops for a while, its clocks go on",
              "HBase region servers whose garbage collection outlived their ZooKeeper session",
              {}},
    FaultSpec{FaultKind::kPauseClockStopped,
              "pause-clock-stopped",
              "process",
              "the whole machine stops, its monotonic clock too",
              "virtual machines suspended, or moved to another host while they run",
              {}},
    FaultSpec{FaultKind::kSlowNode, "slow-node", "process",
              "everything that the node does takes longer",
              "Gunawi et al., Fail-Slow at Scale (FAST 2018): 101 reports of hardware that limps",
              kSlowNodeParameters},
    FaultSpec{FaultKind::kWipeAndRejoin, "wipe-and-rejoin", "process",
              "the machine loses its disk and comes back as a new member under a new id",
              "a dead disk replaced; openraft's FAQ on wiped nodes", kWipeAndRejoinParameters},
    FaultSpec{FaultKind::kMemoryLimit, "memory-limit", "process",
              "a process whose log in memory outgrows so many bytes is killed",
              "Linux's out-of-memory killer, which every operator of a busy cluster has met",
              kMemoryLimitParameters},
    FaultSpec{FaultKind::kMembershipChange, "membership-change", "cluster",
              "members are added, removed or promoted (1, 2, 3; 0: drawn when the fault strikes), "
              "never below min-voters",
              "the single-server change bug of 2015 (raft-dev); Redpanda 0f11ebfd24, etcd#11284",
              kMembershipChangeParameters},
    FaultSpec{FaultKind::kLeadershipTransfer,
              "leadership-transfer",
              "cluster",
              "the leader is asked to hand over",
              "tikv#1593, etcd#12704: leases that survived a transfer; hashicorp/raft GH-581",
              {}},
    FaultSpec{FaultKind::kSnapshotNow,
              "snapshot-now",
              "cluster",
              "a node makes a snapshot and drops its log behind it",
              "RedisLabs/raft 699e87d, etcd#10308: snapshots that met a log newer or just as new",
              {}},
    FaultSpec{FaultKind::kReconfiguredRestart, "reconfigured-restart", "cluster",
              "a node restarts with its election timeout scaled",
              "etcd#8501: pre-vote switched on member by member locked the cluster",
              kReconfiguredRestartParameters},
    FaultSpec{FaultKind::kBuggify, "buggify", "code",
              "named sites in the engine take their rare path; active ones and their rate stand in "
              "the plan's `buggify`",
              "FoundationDB's Buggify: code that only rare timing reaches, reached every night",
              kBuggifyParameters},
    FaultSpec{FaultKind::kKnobs,
              "knobs",
              "code",
              "tuning knobs take odd values; they stand in the plan's `options`",
              "NuRaft 92fce2f: a timeout that overflowed after 24.8 days; FoundationDB's "
              "randomised knobs",
              {}},
    FaultSpec{FaultKind::kLyingSync, "lying-sync", "beyond",
              "a sync reports success and is lost in the next crash",
              "Zheng et al. (FAST 2013): 13 of 15 SSDs lost data under power faults",
              kLyingSyncParameters},
    FaultSpec{FaultKind::kClockBoundViolated, "clock-bound-violated", "beyond",
              "a wall clock is off beyond the bound that it claims, a monotonic clock drifts "
              "beyond the bound that leases allow",
              "a synchronised clock's promise broken: what LeaseGuard and Spanner must assume away",
              kClockBoundViolatedParameters},
    FaultSpec{
        FaultKind::kWipedUnderOldName, "wiped-under-old-name", "beyond",
        "the machine loses its disk and comes back under its old id, having forgotten its vote and "
        "its acknowledgements",
        "RethinkDB 2.2.3 (Jepsen, 2016): a node that forgot a reconfiguration split the cluster",
        kWipedUnderOldNameParameters},
};
static_assert(kFaults.size() == static_cast<std::size_t>(FaultKind::kCount));

constexpr bool in_enum_order() {
  for (std::size_t i = 0; i < kFaults.size(); ++i) {
    if (kFaults[i].kind != static_cast<FaultKind>(i)) return false;
  }
  return true;
}
static_assert(in_enum_order());

bool selected_by(std::string_view word, const FaultSpec& spec) {
  if (spec.family == word || spec.name == word) return true;
  return spec.name.size() > word.size() && spec.name.starts_with(word) &&
         spec.name[word.size()] == '-';
}

}  // namespace

std::span<const FaultSpec> fault_table() {
  return kFaults;
}

const FaultSpec& spec_of(FaultKind kind) {
  const auto position = static_cast<std::size_t>(kind);
  SYNCHRODB_ASSERT(position < kFaults.size(), "kCount is no fault");
  return kFaults[position];
}

std::optional<FaultKind> find_fault(std::string_view name) {
  const auto* position = std::find_if(kFaults.begin(), kFaults.end(),
                                      [&](const FaultSpec& spec) { return spec.name == name; });
  if (position == kFaults.end()) return std::nullopt;
  return position->kind;
}

std::vector<FaultKind> select_faults(std::string_view word) {
  std::vector<FaultKind> selected;
  for (const FaultSpec& spec : kFaults) {
    if (selected_by(word, spec)) selected.push_back(spec.kind);
  }
  return selected;
}

}  // namespace synchrodb::sim
