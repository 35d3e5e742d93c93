// Messages from afar are hostile: what no correct node could have sent is dropped unread.
#include "consensus/message.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "consensus/raft.h"
#include "tests/consensus/support/test_cluster.h"

namespace synchrodb {
namespace {

EntryRef entry(std::uint64_t index, std::uint64_t term, EntryKind kind = EntryKind::kCommand,
               std::string payload = "x") {
  return make_entry(Term{term}, Index{index}, kind, {}, std::move(payload));
}

AppendRequest append(std::uint64_t term, std::uint64_t prev, std::uint64_t prev_term,
                     std::vector<EntryRef> entries) {
  AppendRequest request;
  request.term = Term{term};
  request.prev_index = Index{prev};
  request.prev_term = Term{prev_term};
  request.entries = std::move(entries);
  return request;
}

TEST(Message, EntriesMustBeConsecutiveAndTermsRise) {
  EXPECT_TRUE(is_well_formed(append(3, 1, 1, {entry(2, 1), entry(3, 3)})));
  EXPECT_TRUE(is_well_formed(append(3, 0, 0, {})));
  EXPECT_FALSE(is_well_formed(append(3, 1, 1, {entry(3, 1)}))) << "a gap";
  EXPECT_FALSE(is_well_formed(append(3, 1, 1, {entry(2, 1), entry(2, 1)}))) << "twice";
  EXPECT_FALSE(is_well_formed(append(3, 1, 2, {entry(2, 1)}))) << "a falling term";
  EXPECT_FALSE(is_well_formed(append(3, 1, 1, {entry(2, 4)}))) << "a term of the future";
  EXPECT_FALSE(is_well_formed(append(3, 1, 1, {entry(2, 0)}))) << "term 0";
  EXPECT_FALSE(is_well_formed(append(3, 1, 1, {nullptr}))) << "no entry";
  EXPECT_FALSE(is_well_formed(append(3, 1, 0, {}))) << "an index without a term";
  EXPECT_FALSE(is_well_formed(append(0, 0, 0, {}))) << "no term";
  EXPECT_FALSE(
      is_well_formed(append(3, 1, 1, {entry(2, 1, EntryKind::kConfiguration, "garbage")})));
}

TEST(Message, OrdinalsThatCouldWrapAreRefused) {
  const std::uint64_t huge = std::uint64_t{1} << 62;
  EXPECT_FALSE(is_well_formed(append(huge, 0, 0, {})));
  EXPECT_FALSE(is_well_formed(append(huge - 1, huge, 1, {})));
  EXPECT_TRUE(is_well_formed(append(huge - 1, huge - 2, 1, {})));
  VoteRequest vote;
  vote.term = Term{huge};
  EXPECT_FALSE(is_well_formed(vote));
  AppendReply reply;
  reply.term = Term{1};
  reply.hint_index = Index{~std::uint64_t{0}};
  EXPECT_FALSE(is_well_formed(reply));
}

TEST(Message, SnapshotChunksStayWithinTheirTotal) {
  SnapshotChunk chunk;
  chunk.term = Term{2};
  chunk.meta.index = Index{5};
  chunk.meta.term = Term{1};
  chunk.meta.configuration.voters = {NodeId{1}};
  chunk.total = 10;
  chunk.data = std::make_shared<const std::string>("12345");
  chunk.offset = 5;
  EXPECT_TRUE(is_well_formed(chunk));
  chunk.offset = 6;
  EXPECT_FALSE(is_well_formed(chunk));
  chunk.offset = ~std::uint64_t{0};
  EXPECT_FALSE(is_well_formed(chunk));
  chunk.offset = 0;
  chunk.meta.configuration.voters.clear();
  EXPECT_FALSE(is_well_formed(chunk));
  chunk.meta.configuration.voters = {NodeId{1}};
  chunk.data = nullptr;
  EXPECT_FALSE(is_well_formed(chunk));
}

std::uint64_t small_or_any() {
  return *rc::gen::oneOf(rc::gen::inRange<std::uint64_t>(0, 6),
                         rc::gen::inRange<std::uint64_t>(0, 6),
                         rc::gen::arbitrary<std::uint64_t>());
}

Message any_message() {
  const auto n = small_or_any;
  switch (*rc::gen::inRange(0, 7)) {
    case 0:
      return VoteRequest{Term{n()}, n() % 2 == 0, n() % 2 == 0, Index{n()}, Term{n()}, n()};
    case 1:
      return VoteReply{Term{n()}, n() % 2 == 0, n() % 2 == 0};
    case 2: {
      AppendRequest m = append(n(), n(), n(), {});
      m.commit = Index{n()};
      m.round = n();
      m.recovery = n();
      m.recovery_bound = Index{n()};
      const std::uint64_t first = *rc::gen::oneOf(rc::gen::just(m.prev_index.value + 1),
                                                  rc::gen::inRange<std::uint64_t>(0, 6));
      for (std::uint64_t i = 0; i < n() % 4; ++i) m.entries.push_back(entry(first + i, n()));
      return m;
    }
    case 3:
      return AppendReply{Term{n()}, n() % 2 == 0, Index{n()}, Index{n()}, Term{n()}, n(), n()};
    case 4: {
      SnapshotChunk m;
      m.term = Term{n()};
      m.meta.index = Index{n()};
      m.meta.term = Term{n()};
      m.meta.configuration.voters = {NodeId{1}, NodeId{2}, NodeId{3}};
      m.offset = n();
      m.total = n();
      m.data = std::make_shared<const std::string>(n() % 8, 'd');
      m.round = n();
      return m;
    }
    case 5:
      return SnapshotReply{Term{n()}, Index{n()}, static_cast<SnapshotReply::Status>(n() % 3), n(),
                           n()};
    default:
      return TimeoutNow{Term{n()}};
  }
}

// A liar may stop a group from working, but not make a node contradict itself.
RC_GTEST_PROP(Message, LiesTripNoAssertionAndNoInvariantOfOneNode, ()) {
  test::TestRandom random(*rc::gen::arbitrary<std::uint64_t>());
  IoSequence io;
  Now now;
  now.mono = Instant{1};
  Configuration members;
  members.voters = {NodeId{1}, NodeId{2}, NodeId{3}};
  Raft raft(NodeId{1}, {}, members, {}, random, io, now);
  NodeInvariants invariants;
  Effects effects;
  IoId written;
  Index applied;
  const int steps = *rc::gen::inRange(1, 60);
  for (int i = 0; i < steps; ++i) {
    now.mono = now.mono + milliseconds(*rc::gen::inRange<std::int64_t>(0, 900));
    const int what = *rc::gen::inRange(0, 8);
    if (what == 0) {
      raft.timeout(now);
    } else if (what == 1) {
      raft.propose(now, "p");
    } else if (what == 2) {
      raft.on_durable(now, written);
    } else {
      raft.step(now, NodeId{*rc::gen::inRange<std::uint64_t>(1, 6)}, any_message());
    }
    raft.drain(now, effects);
    if (effects.append) {
      written = effects.append->id;
      if (effects.append->piece) {
        raft.on_durable(now, written);
        raft.on_snapshot_staged(now, effects.append->piece->meta, true);
      }
    }
    for (const EntryRef& e : effects.apply) {
      RC_ASSERT(e->index() > applied);
      applied = e->index();
      raft.on_applied(applied);
    }
    const auto violation = invariants.check(raft);
    if (violation) RC_FAIL(violation->property + ": " + violation->what);
  }
}

}  // namespace
}  // namespace synchrodb
