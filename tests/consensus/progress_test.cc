#include "consensus/progress.h"

#include <gtest/gtest.h>

namespace synchrodb {
namespace {

TEST(InflightWindow, IsFullByCountOrBytesAndGivesAllBack) {
  InflightWindow window;
  EXPECT_FALSE(window.full(2, 100));
  window.add(Index{5}, 10);
  EXPECT_FALSE(window.full(2, 100));
  window.add(Index{9}, 20);
  EXPECT_TRUE(window.full(2, 100));
  EXPECT_TRUE(window.full(9, 30));
  window.release_up_to(Index{4});
  EXPECT_EQ(window.count(), 2u);
  window.release_up_to(Index{7});  // one acknowledgement between two messages
  EXPECT_EQ(window.count(), 1u);
  EXPECT_EQ(window.bytes(), 20u);
  window.release_up_to(Index{9});
  EXPECT_EQ(window.count(), 0u);
  EXPECT_EQ(window.bytes(), 0u);
}

TEST(InflightWindow, LongUseLeaksNothing) {
  InflightWindow window;
  for (std::uint64_t i = 1; i <= 10'000; ++i) {
    window.add(Index{i}, i % 7);
    if (i > 50) window.release_up_to(Index{i - 50});
  }
  EXPECT_EQ(window.count(), 50u);
  window.release_up_to(Index{10'000});
  EXPECT_EQ(window.bytes(), 0u);
}

Instant at_ms(std::int64_t ms) {
  return Instant{} + milliseconds(ms);
}

TEST(RoundTrip, IsWhatItUsuallyTakes) {
  RoundTrip trip;
  EXPECT_EQ(trip.expected(at_ms(5)), Duration{}) << "nothing is known";
  trip.asked(1, at_ms(10));
  trip.answered(1, at_ms(30));
  EXPECT_EQ(trip.expected(at_ms(1000)), milliseconds(20));
  trip.asked(2, at_ms(1000));
  trip.answered(2, at_ms(1100));
  EXPECT_EQ(trip.expected(at_ms(1100)), milliseconds(30));  // 7/8 of 20, and 1/8 of 100
}

TEST(RoundTrip, GrowsWhileAnAnswerIsMissing) {
  RoundTrip trip;
  trip.asked(1, at_ms(0));
  trip.answered(1, at_ms(20));
  trip.asked(2, at_ms(100));
  EXPECT_EQ(trip.expected(at_ms(110)), milliseconds(20));
  trip.asked(3, at_ms(150));  // the first is still missing
  EXPECT_EQ(trip.expected(at_ms(200)), milliseconds(100));
  trip.answered(1, at_ms(210));  // an answer that comes twice
  EXPECT_EQ(trip.expected(at_ms(210)), milliseconds(110));
  trip.answered(3, at_ms(220));
  EXPECT_EQ(trip.expected(at_ms(9000)),
            Duration{(7 * milliseconds(20).ns + milliseconds(70).ns) / 8});
}

TEST(RoundTrip, IsNotTheTimeThatThePeerWasAway) {
  RoundTrip trip;
  trip.asked(1, at_ms(0));
  trip.answered(1, at_ms(20));
  trip.asked(2, at_ms(100));  // lost, as is the next
  trip.asked(3, at_ms(200));
  trip.asked(4, at_ms(60'000));
  EXPECT_EQ(trip.expected(at_ms(60'010)), milliseconds(59'910));
  trip.answered(4, at_ms(60'020));
  EXPECT_EQ(trip.expected(at_ms(60'030)), milliseconds(20));
}

TEST(RoundTrip, WaitsForTheLatestWhenAnEarlierOneIsAnswered) {
  RoundTrip trip;
  trip.asked(1, at_ms(0));
  trip.asked(2, at_ms(50));
  trip.answered(1, at_ms(60));
  EXPECT_EQ(trip.expected(at_ms(70)), milliseconds(60));
  EXPECT_EQ(trip.expected(at_ms(150)), milliseconds(100));
}

TEST(Progress, TellsNewsOfRoundsFromWhatIsOld) {
  Progress peer;
  peer.ask(4, at_ms(0));
  EXPECT_EQ(peer.asked_round, 4U);
  EXPECT_TRUE(peer.answer(4, at_ms(3)));
  EXPECT_FALSE(peer.answer(4, at_ms(4)));
  EXPECT_FALSE(peer.answer(3, at_ms(4)));
  EXPECT_EQ(peer.acked_round, 4U);
  EXPECT_EQ(peer.round_trip.expected(at_ms(9)), milliseconds(3));
}

TEST(Progress, MatchNeverFallsAndNextStaysAbove) {
  Progress peer;
  EXPECT_TRUE(peer.advance(Index{5}));
  EXPECT_FALSE(peer.advance(Index{5}));
  EXPECT_FALSE(peer.advance(Index{3}));
  EXPECT_EQ(peer.match, Index{5});
  EXPECT_EQ(peer.next, Index{6});
  peer.probe_from(Index{2});
  EXPECT_EQ(peer.next, Index{6});
  peer.probe_from(Index{9});
  EXPECT_EQ(peer.next, Index{9});
  peer.replicate();
  EXPECT_EQ(peer.next, Index{6});
  EXPECT_EQ(peer.state, Progress::State::kReplicate);
}

TEST(Progress, ANewStateForgetsTheWindow) {
  Progress peer;
  peer.replicate();
  peer.inflight.add(Index{3}, 7);
  peer.probe_from(Index{1});
  EXPECT_EQ(peer.inflight.count(), 0u);
  peer.inflight.add(Index{3}, 7);
  peer.await_snapshot(Index{9});
  EXPECT_EQ(peer.inflight.bytes(), 0u);
  EXPECT_EQ(peer.snapshot, Index{9});
  EXPECT_EQ(peer.snapshot_offset, 0u);
}

}  // namespace
}  // namespace synchrodb
