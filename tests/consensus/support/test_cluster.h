// A cluster of Raft cores in a world of values: messages in a bag, disks that lose what is not
// synced, clocks that differ. Every event is explicit, so that scenarios and random tests share it.
// After each step the invariants are checked, and every read against what was committed when it was
// asked.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "consensus/invariants.h"
#include "consensus/raft.h"

namespace synchrodb::test {

// SplitMix64.
class TestRandom final : public RandomStream {
 public:
  explicit TestRandom(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() override {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_;
};

struct FlyingMessage {
  NodeId from;
  NodeId to;
  Message message;
};

// One line: who to whom, what, and the fields that matter.
std::string text_of(const FlyingMessage& flying);

// What is durable, and what would be lost in a crash.
struct TestDisk {
  HardState hard_state;
  std::optional<SnapshotMeta> snapshot;
  std::string snapshot_bytes;
  std::vector<EntryRef> entries;  // right after the snapshot
  std::optional<SnapshotMeta> staged_meta;
  std::string staged;
  std::optional<StorageFault> fault;  // not mended yet
  // Forget the fault once the hard state remembers it; otherwise report it until it is mended, and
  // do not keep what the hard state says of it. A core must be right over both.
  bool forgets_fault = false;

  void write(const AppendBatch& batch);
  Index last() const;
};

struct TestNode {
  NodeId id;
  TestDisk disk;
  std::vector<AppendBatch> writing;  // drained, not durable
  std::vector<GatedMessage> gated;
  std::unique_ptr<Raft> raft;  // none while down
  std::unique_ptr<TestRandom> random;
  NodeInvariants invariants;
  Instant deadline;
  // The state machine: a hash chain over what was applied.
  Index applied;
  std::uint64_t state = 0;
  // Clocks.
  Duration mono_offset;
  std::int64_t drift_ppm = 0;
  Duration wall_error;
  Duration wall_uncertainty = milliseconds(5);
  bool wall_synchronised = true;
  RaftOptions options;
};

struct TestRead {
  NodeId node;
  Index committed;  // when asked
};

class TestCluster {
 public:
  TestCluster(std::uint64_t seed, const RaftOptions& options);
  ~TestCluster();

  // The founders; call once.
  void found(const Configuration& configuration);
  // A node without a configuration, which others may add.
  TestNode& join(NodeId id);
  TestNode& node(NodeId id) { return nodes.at(id); }
  Now now(const TestNode& node) const;
  void advance(Duration d) { time = time + d; }

  // Inputs; each is followed by a drain unless `lazy`.
  void deliver(std::size_t message);
  void deliver(FlyingMessage message);
  void timeout(NodeId id);
  ProposeResult propose(NodeId id, std::string payload);
  ReadId read(NodeId id, ReadMode mode);
  ProposeResult change(NodeId id, const ConfigurationChange& change);
  bool transfer(NodeId id, NodeId target);
  // The oldest `batches` unfinished writes become durable.
  void sync(NodeId id, std::size_t batches = ~std::size_t{0});
  void snapshot(NodeId id);
  // Loses all but the oldest `keep` unfinished writes.
  void crash(NodeId id, std::size_t keep = 0);
  void restart(NodeId id);
  // While down: entries after `intact` are unreadable; `known`: storage can tell how far they
  // reached.
  void damage(NodeId id, Index intact, bool known);
  void drain(NodeId id);

  // First violation, if any: "property: what".
  std::optional<std::string> violation;
  // The tallest leader that is up.
  NodeId leader() const;
  std::string describe(NodeId id) const;

  WallTime true_wall() const { return WallTime{1'700'000'000'000'000'000 + time.ns}; }

  RaftOptions options;
  Configuration founders;
  Instant time{1'000'000'000};
  std::map<NodeId, TestNode> nodes;
  std::vector<FlyingMessage> network;
  IoSequence io;
  ClusterInvariants cluster;
  std::map<ReadId, TestRead> reads;     // not answered yet
  std::map<ReadId, ReadReady> answers;  // kept only with keep_answers
  bool keep_answers = false;
  std::uint64_t reads_ok = 0, reads_failed = 0, lease_reads = 0, commits = 0, restores = 0,
                elections = 0, recoveries = 0, configurations = 0;
  std::vector<std::pair<NodeId, TraceEvent>> trace;
  bool keep_trace = false;
  bool print_messages = false;  // as they are delivered
  bool lazy = false;            // inputs gather; the caller drains
  bool forget_faults = false;   // see TestDisk::forgets_fault

 private:
  void start(TestNode& node);
  void perform(TestNode& node, Effects& effects);
  void apply(TestNode& node, const EntryRef& entry);
  void check(TestNode& node);
  void fail(const std::string& property, const std::string& what);
  void after(NodeId id) {
    if (!lazy) drain(id);
  }

  std::uint64_t seed_;
  std::uint64_t incarnations_ = 0;
  std::uint64_t next_read_ = 0;
  Index leader_commit_;                // the greatest that any leader knew
  std::vector<std::uint64_t> states_;  // the state after each index
  Effects effects_;
};

}  // namespace synchrodb::test
