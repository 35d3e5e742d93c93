// Clocks that are wrong, and what a node sees of them.
#include <gtest/gtest.h>

#include <vector>

#include "sim/clock/sim_clock.h"
#include "sim/kernel/kernel.h"
#include "sim/kernel/sim_fibers.h"

namespace synchrodb::sim {
namespace {

TrueTime at_ms(std::int64_t ms) {
  return TrueTime{} + milliseconds(ms);
}

struct ClockTest : testing::Test {
  FaultCounters counters;
  Kernel kernel;
  Owner owner = kernel.add_owner("node");
  SimClock clock{kernel, owner, 1, counters};

  void advance_to(std::int64_t ms) { kernel.run(at_ms(ms)); }
  std::uint64_t effective(FaultKind kind) const { return counters[kind].effective; }
};

TEST_F(ClockTest, AHealthyClockIsTrue) {
  const Instant start = clock.now();
  advance_to(1'000);
  EXPECT_EQ(clock.now() - start, seconds(1));
  const WallInterval wall = clock.wall_now();
  EXPECT_TRUE(wall.synchronised);
  EXPECT_EQ(wall.earliest + milliseconds(10), clock.true_civil_time());
  EXPECT_EQ(wall.latest - wall.earliest, milliseconds(20));
  EXPECT_EQ(clock.true_civil_time().ns, 1'767'225'601'000'000'000);
}

TEST_F(ClockTest, DriftGoesOnFromWhereTheClockStood) {
  const Instant start = clock.now();
  advance_to(1'000);
  clock.set_drift(100'000);  // 10 % fast
  EXPECT_EQ(clock.now() - start, seconds(1)) << "monotonic clocks never step";
  advance_to(2'000);
  EXPECT_EQ(clock.now() - start, milliseconds(2'100));
  clock.set_drift(-100'000);
  advance_to(3'000);
  EXPECT_EQ(clock.now() - start, seconds(3));
  EXPECT_EQ(clock.wall_error(), Duration{});
}

TEST_F(ClockTest, WhenIsTheFirstMomentAtWhichTheClockShowsTheInstant) {
  Stream stream = Streams(3).stream("when");
  for (int i = 0; i < 2'000; ++i) {
    clock.set_drift(stream.uniform_between(-500'000, 500'000));
    kernel.run(kernel.now() + Duration{stream.uniform_between(0, 1'000'000)});
    const Instant target = clock.local_now() + Duration{stream.uniform_between(1, 50'000'000)};
    const TrueTime when = clock.when(target);
    ASSERT_GT(when, kernel.now());
    kernel.run(when + Duration{-1});
    ASSERT_LT(clock.local_now(), target);
    kernel.run(when);
    ASSERT_GE(clock.local_now(), target);
  }
  EXPECT_EQ(clock.when(kNever), kEndOfTime);
  EXPECT_EQ(clock.when(Instant{}), kernel.now());
}

TEST_F(ClockTest, TimersFollowTheNodesClock) {
  SimFibers fibers(kernel, owner, clock);
  std::vector<std::int64_t> ends;
  const auto sleeper = [&](Duration d) {
    fibers.spawn("sleeper", [&, deadline = clock.now() + d] {
      EXPECT_FALSE(fibers.park(deadline));
      EXPECT_GE(clock.now(), deadline);
      ends.push_back((kernel.now().ns + 500) / 1'000);
    });
  };
  sleeper(milliseconds(100));                                 // due at 150 ms local
  kernel.at(at_ms(50), [&] { clock.set_drift(1'000'000); });  // twice as fast
  sleeper(milliseconds(400));
  kernel.at(at_ms(100), [&] { clock.set_drift(-500'000); });  // half as fast
  kernel.run(at_ms(1'000));
  // 50 ms + 50/2 = 75 ms. 400: 50 + 2*50 = 150 at 100 ms, then 250*2 = 500 more.
  EXPECT_EQ(ends, (std::vector<std::int64_t>{75'000, 600'000}));
  kernel.shutdown();
}

TEST_F(ClockTest, AStoppedClockHoldsItsTimersUntilItStarts) {
  SimFibers fibers(kernel, owner, clock);
  TrueTime end;
  fibers.spawn("sleeper", [&] {
    EXPECT_FALSE(fibers.park(clock.now() + milliseconds(100)));
    end = kernel.now();
  });
  Instant stopped_at;
  kernel.at(at_ms(30), [&] {
    clock.stop();
    stopped_at = clock.now();
  });
  kernel.at(at_ms(500), [&] {
    EXPECT_EQ(clock.now(), stopped_at);
    clock.start();
    EXPECT_EQ(clock.now(), stopped_at);
    EXPECT_TRUE(clock.truthful());
    EXPECT_EQ(clock.wall_error(), Duration{}) << "set right on start";
  });
  kernel.run(at_ms(1'000));
  EXPECT_EQ(end, at_ms(570));
  kernel.shutdown();
}

TEST_F(ClockTest, ADishonestStopLeavesTheWallClockBehind) {
  clock.stop();
  advance_to(500);
  clock.start(Honesty::kDishonest);
  EXPECT_EQ(clock.wall_error(), milliseconds(-500));
  static_cast<void>(clock.wall_now());
  EXPECT_FALSE(clock.truthful());
  EXPECT_EQ(effective(FaultKind::kClockBoundViolated), 1U);
}

TEST_F(ClockTest, HonestFaultsWidenTheIntervalSoThatItContainsTheTruth) {
  Stream stream = Streams(4).stream("faults");
  for (int i = 0; i < 3'000; ++i) {
    switch (stream.uniform(6)) {
      case 0:
        clock.set_wall_offset(Duration{stream.uniform_between(-1'000'000'000, 1'000'000'000)});
        break;
      case 1:
        clock.step_wall(Duration{stream.uniform_between(-100'000'000, 100'000'000)});
        break;
      case 2:
        clock.freeze_wall();
        break;
      case 3:
        clock.thaw_wall();
        break;
      case 4:
        clock.set_drift(stream.uniform_between(-1'000, 1'000));
        break;
      default:
        clock.strobe_wall(milliseconds(50), milliseconds(1), kernel.now() + milliseconds(7));
        break;
    }
    kernel.run(kernel.now() + milliseconds(3));
    ASSERT_TRUE(clock.truthful());
    ASSERT_GE((clock.peek_wall().latest - clock.peek_wall().earliest).ns, 20'000'000);
  }
  clock.heal();
  EXPECT_EQ(clock.wall_error(), Duration{});
}

TEST_F(ClockTest, AnHonestErrorBeyondTheBoundTouchesTheTruth) {
  clock.step_wall(milliseconds(70));
  EXPECT_EQ(clock.wall_now().earliest, clock.true_civil_time());
  clock.step_wall(milliseconds(-140));
  EXPECT_EQ(clock.wall_now().latest, clock.true_civil_time());
  EXPECT_EQ(effective(FaultKind::kClockStep), 2U);
}

TEST_F(ClockTest, ADishonestErrorWithinTheBoundIsNoLie) {
  clock.step_wall(milliseconds(5), Honesty::kDishonest);
  EXPECT_TRUE(clock.truthful());
  clock.step_wall(milliseconds(6), Honesty::kDishonest);
  EXPECT_FALSE(clock.truthful());
  EXPECT_EQ(clock.wall_now().latest - clock.wall_now().earliest, milliseconds(20));
  clock.set_synchronised(false);
  EXPECT_TRUE(clock.truthful()) << "no claim, no lie";
}

TEST_F(ClockTest, AStrobeEndsWhereItBegan) {
  clock.set_wall_offset(milliseconds(1));
  clock.strobe_wall(milliseconds(200), milliseconds(10), at_ms(95));
  EXPECT_EQ(clock.wall_error(), milliseconds(201));
  advance_to(15);
  EXPECT_EQ(clock.wall_error(), milliseconds(1));
  advance_to(25);
  EXPECT_EQ(clock.wall_error(), milliseconds(201));
  advance_to(500);
  EXPECT_EQ(clock.wall_error(), milliseconds(1));
  EXPECT_EQ(kernel.pending_events(), 0U);
}

TEST_F(ClockTest, AFrozenWallClockStandsStillWhileTheMonotonicOneRuns) {
  const Instant before = clock.now();
  const WallTime frozen_at = clock.true_civil_time();
  clock.freeze_wall(Honesty::kDishonest);
  advance_to(300);
  EXPECT_EQ(clock.wall_now().earliest + milliseconds(10), frozen_at);
  EXPECT_EQ(clock.now() - before, milliseconds(300));
  clock.thaw_wall();
  advance_to(400);
  EXPECT_EQ(clock.wall_error(), milliseconds(-300));
}

TEST_F(ClockTest, EffectsCountOnceAndOnlyWhenANodeReadsAWrongValue) {
  clock.set_drift(100);
  EXPECT_EQ(counters[FaultKind::kClockDrift].applied, 1U);
  static_cast<void>(clock.now());
  EXPECT_EQ(effective(FaultKind::kClockDrift), 0U) << "no error yet";
  advance_to(1'000);
  EXPECT_EQ(effective(FaultKind::kClockDrift), 0U) << "nobody looked";
  static_cast<void>(clock.now());
  static_cast<void>(clock.now());
  EXPECT_EQ(effective(FaultKind::kClockDrift), 1U);
  clock.heal();
  clock.set_wall_offset(Duration{500});
  static_cast<void>(clock.wall_now());
  EXPECT_EQ(effective(FaultKind::kClockOffset), 0U) << "below a microsecond";
}

// A known-broken victim: it trusts that its sleeps last as long in the world as on its clock.
TEST_F(ClockTest, DriftBitesALeaseThatIgnoresIt) {
  SimFibers fibers(kernel, owner, clock);
  clock.set_drift(-10'000);  // 1 % slow
  bool holds_lease = true;
  fibers.spawn("leaseholder", [&] {
    fibers.park(clock.now() + seconds(10));
    holds_lease = false;
  });
  kernel.run(at_ms(10'050));  // others count the lease of ten seconds as over
  EXPECT_TRUE(holds_lease);
  kernel.shutdown();
}

}  // namespace
}  // namespace synchrodb::sim
