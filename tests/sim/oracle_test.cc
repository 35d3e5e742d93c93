// Each property of the oracle convicts the history that breaks it, and no other.
#include "sim/oracle/oracle.h"

#include <gtest/gtest.h>

#include <optional>

#include "tests/sim/support/puppet_protocol.h"

namespace synchrodb::sim {
namespace {

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
  PuppetProtocol puppet;
};

TEST_F(OracleTest, AcceptsAnOrdinaryTerm) {
  trace(0, TraceKind::kBecameLeader, 1);
  for (std::uint32_t node = 0; node < 3; ++node) {
    oracle.on_appended(node, {entry(1, 1), entry(1, 2)});
    oracle.on_durable(node, Index{2}, Term{1});
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

TEST_F(OracleTest, ALateLeaderOfAnOldTermNeedsNoLaterEntries) {
  trace(0, TraceKind::kBecameFollower, 4);
  oracle.on_applied(0, *entry(4, 1), 1);
  puppet.said.last = Index{0};
  trace(1, TraceKind::kBecameLeader, 3);
  EXPECT_EQ(property(), "");
}

// The entry is of a term before, but only a leader after committed it.
TEST_F(OracleTest, ALateLeaderNeedsNoEntryThatALaterOneCommitted) {
  trace(0, TraceKind::kBecameFollower, 4);
  oracle.on_applied(0, *entry(2, 1), 1);
  puppet.said.last = Index{0};
  trace(1, TraceKind::kBecameLeader, 3);
  EXPECT_EQ(property(), "");
}

TEST_F(OracleTest, ASnapshotInThePlaceOfTheLogShortensIt) {
  puppet.said.last = Index{5};
  oracle.on_appended(0, {entry(1, 1), entry(1, 2), entry(1, 3)});
  trace(0, TraceKind::kSnapshotInstalled, 2, 2);
  trace(0, TraceKind::kBecameLeader, 3);
  oracle.on_appended(0, {entry(3, 3)});
  EXPECT_EQ(property(), "");
}

TEST_F(OracleTest, ALeaderWithAnotherEntryInTheCommittedPlaceBreaksCompleteness) {
  oracle.on_applied(0, *entry(1, 1), 1);
  puppet.said.last = Index{4};
  puppet.terms[Index{1}] = Term{2};
  trace(1, TraceKind::kBecameLeader, 3);
  EXPECT_EQ(property(), "leader-completeness");
}

// Raft paper, figure 8 (c): an entry of term 2 is on three of five disks, and a node with an entry
// of term 3 in its place could still be elected by two of them.
TEST_F(OracleTest, ACommittedEntryThatAnElectableNodeLacksIsNotFinal) {
  PuppetProtocol other;
  other.said.last = Index{1};
  other.terms[Index{1}] = Term{3};
  oracle.on_durable(2, Index{1}, Term{3});
  oracle.on_trace(2, other, TraceEvent{TraceKind::kBecameFollower, Term{4}, {}, {}, 0});
  puppet.said.last = Index{1};
  puppet.terms[Index{1}] = Term{2};
  for (std::uint32_t node = 0; node < 2; ++node) oracle.on_durable(node, Index{1}, Term{2});
  trace(1, TraceKind::kBecameFollower, 4);
  trace(0, TraceKind::kBecameLeader, 4);
  trace(0, TraceKind::kCommitted, 4, 1);
  EXPECT_EQ(property(), "commit-not-final");
}

TEST_F(OracleTest, AnEntryOfTheOwnTermOnAQuorumIsFinal) {
  PuppetProtocol other;
  other.said.last = Index{1};
  other.terms[Index{1}] = Term{3};
  oracle.on_durable(2, Index{1}, Term{3});
  oracle.on_trace(2, other, TraceEvent{TraceKind::kBecameFollower, Term{4}, {}, {}, 0});
  puppet.said.last = Index{1};
  puppet.terms[Index{1}] = Term{4};
  for (std::uint32_t node = 0; node < 2; ++node) oracle.on_durable(node, Index{1}, Term{4});
  trace(1, TraceKind::kBecameFollower, 4);
  trace(0, TraceKind::kBecameLeader, 4);
  trace(0, TraceKind::kCommitted, 4, 1);
  EXPECT_EQ(property(), "");
}

TEST_F(OracleTest, AVoteThatTheDiskForgotIsABrokenPromise) {
  oracle.on_sent(0, NodeId{2}, VoteReply{Term{3}, false, true});
  oracle.on_stop(0);
  oracle.on_start(0, NodeId{1});
  DurableState found;
  found.hard_state = HardState{Term{3}, NodeId{}, {}, {}};
  oracle.on_recovered(0, found);
  EXPECT_EQ(property(), "promise-broken");
}

TEST_F(OracleTest, AVoteThatTheDiskKeptIsNone) {
  oracle.on_sent(0, NodeId{2}, VoteReply{Term{3}, false, true});
  oracle.on_stop(0);
  oracle.on_start(0, NodeId{1});
  DurableState found;
  found.hard_state = HardState{Term{3}, NodeId{2}, {}, {}};
  oracle.on_recovered(0, found);
  EXPECT_EQ(property(), "");
}

TEST_F(OracleTest, TwoVotesInATermAreABrokenPromise) {
  oracle.on_sent(0, NodeId{2}, VoteReply{Term{3}, false, true});
  oracle.on_sent(0, NodeId{3}, VoteReply{Term{3}, false, true});
  EXPECT_EQ(property(), "promise-broken");
}

TEST_F(OracleTest, PreVotesPromiseNothing) {
  oracle.on_sent(0, NodeId{2}, VoteReply{Term{3}, true, true});
  oracle.on_sent(0, NodeId{3}, VoteReply{Term{3}, true, true});
  EXPECT_EQ(property(), "");
}

TEST_F(OracleTest, ATermThatTheDiskForgotIsABrokenPromise) {
  oracle.on_sent(0, NodeId{2}, AppendReply{Term{3}, true, {}, {}, {}, 0, 0});
  oracle.on_recovered(0, DurableState{});
  EXPECT_EQ(property(), "promise-broken");
}

TEST_F(OracleTest, AnEntryThatNobodyWroteIsGarbage) {
  oracle.on_appended(0, {entry(1, 1, "a")});
  DurableState found;
  found.entries = {entry(1, 1, "b")};
  oracle.on_recovered(0, found);
  EXPECT_EQ(property(), "recovered-garbage");
}

TEST_F(OracleTest, AReadOfThePastIsStale) {
  oracle.on_read(Index{5}, Index{5});
  EXPECT_EQ(property(), "");
  oracle.on_read(Index{5}, Index{4});
  EXPECT_EQ(property(), "stale-read");
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
  oracle.on_durable(0, Index{1}, Term{1});
  trace(0, TraceKind::kCommitted, 1, 1);
  EXPECT_EQ(property(), "committed-not-durable");
}

TEST_F(OracleTest, ADamagedCopyCountsAsOneThatWasHeld) {
  trace(0, TraceKind::kBecameLeader, 1);
  oracle.on_durable(0, Index{1}, Term{1});
  oracle.on_damage(1);
  trace(0, TraceKind::kCommitted, 1, 1);
  EXPECT_EQ(property(), "");
}

TEST_F(OracleTest, AJointCommitNeedsBothQuorums) {
  puppet.members.outgoing = {NodeId{4}, NodeId{5}, NodeId{6}};
  trace(0, TraceKind::kBecameLeader, 1);
  for (std::uint32_t node = 0; node < 3; ++node) oracle.on_durable(node, Index{1}, Term{1});
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
