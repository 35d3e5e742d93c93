// Each property of the oracle convicts the history that breaks it, and no other.
#include "sim/oracle/oracle.h"

#include <gtest/gtest.h>

#include <optional>

namespace synchrodb::sim {
namespace {

// A protocol that is whatever the test says.
class Puppet final : public Protocol {
 public:
  ProtocolStatus said;
  Configuration members{{NodeId{1}, NodeId{2}, NodeId{3}}, {}, {}, true};

  void step(const Now&, NodeId, Message) override {}
  void timeout(const Now&) override {}
  ProposeResult propose(const Now&, std::string) override { return NotLeader{}; }
  void read(const Now&, ReadId, ReadMode) override {}
  ProposeResult change(const Now&, const ConfigurationChange&) override { return NotLeader{}; }
  bool transfer(const Now&, NodeId) override { return false; }
  void on_durable(const Now&, IoId) override {}
  void on_applied(Index) override {}
  void on_storage_fault(const Now&, const StorageFault&) override {}
  void on_snapshot_taken(const SnapshotMeta&) override {}
  void on_snapshot_staged(const Now&, const SnapshotMeta&, bool) override {}
  SnapshotMeta snapshot_meta(Index) const override { return {}; }
  ProtocolStatus status() const override { return said; }
  const Configuration& configuration() const override { return members; }
  void drain(const Now&, Effects&) override {}
};

class OracleTest : public ::testing::Test {
 protected:
  OracleTest() {
    for (std::uint32_t node = 0; node < 3; ++node) oracle.on_start(node, NodeId{node + 1});
  }

  static EntryRef entry(std::uint64_t term, std::uint64_t index, std::string payload = "x") {
    return make_entry(Term{term}, Index{index}, EntryKind::kCommand, {}, std::move(payload));
  }
  void trace(std::uint32_t node, TraceKind kind, std::uint64_t term, std::uint64_t index = 0) {
    oracle.on_trace(node, puppet, TraceEvent{kind, Term{term}, Index{index}, {}, 0});
  }
  std::string property() const { return violation ? violation->property : ""; }

  std::optional<Violation> violation;
  Oracle oracle{[this](Violation v) { violation = std::move(v); }};
  Puppet puppet;
};

TEST_F(OracleTest, AcceptsAnOrdinaryTerm) {
  trace(0, TraceKind::kBecameLeader, 1);
  for (std::uint32_t node = 0; node < 3; ++node) {
    oracle.on_appended(node, {entry(1, 1), entry(1, 2)});
    oracle.on_durable(node, Index{2});
  }
  trace(0, TraceKind::kCommitted, 1, 2);
  for (std::uint32_t node = 0; node < 3; ++node) {
    oracle.on_applied(node, *entry(1, 1), 11);
    oracle.on_applied(node, *entry(1, 2), 12);
  }
  oracle.on_acknowledged(Term{1}, Index{2});
  oracle.finish();
  EXPECT_EQ(property(), "");
}

TEST_F(OracleTest, TwoLeadersOfATermBreakElectionSafety) {
  trace(0, TraceKind::kBecameLeader, 3);
  trace(1, TraceKind::kBecameLeader, 3);
  EXPECT_EQ(property(), "election-safety");
}

TEST_F(OracleTest, TheSameLeaderMayBeSeenAgainAfterNothing) {
  trace(0, TraceKind::kBecameLeader, 3);
  trace(1, TraceKind::kBecameLeader, 4);
  EXPECT_EQ(property(), "");
}

TEST_F(OracleTest, ALeaderThatCutsItsLogBreaksAppendOnly) {
  trace(0, TraceKind::kBecameLeader, 1);
  trace(0, TraceKind::kTruncated, 1, 4);
  EXPECT_EQ(property(), "leader-append-only");
}

TEST_F(OracleTest, AFollowerMayCutItsLog) {
  trace(0, TraceKind::kBecameFollower, 1);
  trace(0, TraceKind::kTruncated, 1, 4);
  EXPECT_EQ(property(), "");
}

TEST_F(OracleTest, TwoEntriesOfOneNameBreakLogMatching) {
  oracle.on_appended(0, {entry(1, 1, "a")});
  oracle.on_appended(1, {entry(1, 1, "b")});
  EXPECT_EQ(property(), "log-matching");
}

TEST_F(OracleTest, TwoPredecessorsOfOneEntryBreakLogMatching) {
  oracle.on_appended(0, {entry(1, 1), entry(3, 2)});
  oracle.on_appended(1, {entry(2, 1), entry(3, 2)});
  EXPECT_EQ(property(), "log-matching");
}

TEST_F(OracleTest, ALeaderWithoutACommittedEntryBreaksCompleteness) {
  oracle.on_applied(0, *entry(1, 1), 1);
  puppet.said.last = Index{0};
  trace(1, TraceKind::kBecameLeader, 2);
  EXPECT_EQ(property(), "leader-completeness");
}

TEST_F(OracleTest, AnotherEntryAtAnAppliedIndexBreaksStateMachineSafety) {
  oracle.on_applied(0, *entry(1, 1, "a"), 1);
  oracle.on_applied(1, *entry(2, 1, "b"), 1);
  EXPECT_EQ(property(), "state-machine-safety");
}

TEST_F(OracleTest, AGapInTheAppliedEntriesBreaksStateMachineSafety) {
  oracle.on_applied(0, *entry(1, 1), 1);
  oracle.on_applied(0, *entry(1, 2), 2);
  oracle.on_applied(0, *entry(1, 3), 3);
  oracle.on_applied(1, *entry(1, 1), 1);
  oracle.on_applied(1, *entry(1, 3), 3);
  EXPECT_EQ(property(), "state-machine-safety");
}

TEST_F(OracleTest, AnotherStateAtAnAppliedIndexIsADivergence) {
  oracle.on_applied(0, *entry(1, 1), 1);
  oracle.on_applied(1, *entry(1, 1), 2);
  EXPECT_EQ(property(), "state-divergence");
}

TEST_F(OracleTest, ASnapshotOfAnotherStateIsADivergence) {
  oracle.on_applied(0, *entry(1, 1), 1);
  oracle.on_restored(1, SnapshotMeta{Index{1}, Term{1}, {}, {}}, 2);
  EXPECT_EQ(property(), "state-divergence");
}

TEST_F(OracleTest, ASnapshotFromThePastBreaksStateMachineSafety) {
  oracle.on_applied(0, *entry(1, 1), 1);
  oracle.on_applied(0, *entry(1, 2), 2);
  oracle.on_restored(0, SnapshotMeta{Index{1}, Term{1}, {}, {}}, 1);
  EXPECT_EQ(property(), "state-machine-safety");
}

TEST_F(OracleTest, ACommitThatNoQuorumHoldsIsConvicted) {
  trace(0, TraceKind::kBecameLeader, 1);
  oracle.on_durable(0, Index{1});
  trace(0, TraceKind::kCommitted, 1, 1);
  EXPECT_EQ(property(), "committed-not-durable");
}

TEST_F(OracleTest, ADamagedCopyCountsAsOneThatWasHeld) {
  trace(0, TraceKind::kBecameLeader, 1);
  oracle.on_durable(0, Index{1});
  oracle.on_damage(1);
  trace(0, TraceKind::kCommitted, 1, 1);
  EXPECT_EQ(property(), "");
}

TEST_F(OracleTest, AJointCommitNeedsBothQuorums) {
  puppet.members.outgoing = {NodeId{4}, NodeId{5}, NodeId{6}};
  trace(0, TraceKind::kBecameLeader, 1);
  for (std::uint32_t node = 0; node < 3; ++node) oracle.on_durable(node, Index{1});
  trace(0, TraceKind::kCommitted, 1, 1);
  EXPECT_EQ(property(), "committed-not-durable");
}

TEST_F(OracleTest, ALeaseReadAfterAHigherTermCommittedIsConvicted) {
  oracle.on_applied(0, *entry(2, 1), 1);
  trace(1, TraceKind::kLeaseServed, 1, 0);
  EXPECT_EQ(property(), "lease-disjointness");
}

TEST_F(OracleTest, AnAcknowledgementOfNothingCommittedIsALostWrite) {
  oracle.on_acknowledged(Term{1}, Index{1});
  EXPECT_EQ(property(), "acknowledged-write-lost");
}

TEST_F(OracleTest, TermAndCommitDoNotGoBackWhileANodeLives) {
  trace(0, TraceKind::kBecameFollower, 5);
  trace(0, TraceKind::kCommitted, 5, 7);
  trace(0, TraceKind::kCommitted, 5, 6);
  EXPECT_EQ(property(), "commit-regression");
}

TEST_F(OracleTest, ARestartForgetsWhatWasVolatile) {
  trace(0, TraceKind::kCommitted, 5, 7);
  oracle.on_stop(0);
  oracle.on_start(0, NodeId{1});
  trace(0, TraceKind::kCommitted, 5, 6);
  EXPECT_EQ(property(), "");
}

}  // namespace
}  // namespace synchrodb::sim
