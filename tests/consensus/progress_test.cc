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
