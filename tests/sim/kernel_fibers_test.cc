// Fibers: waiting, waking, killing, pausing.
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "engine/env/sync.h"
#include "sim/clock/sim_clock.h"
#include "sim/kernel/kernel.h"
#include "sim/kernel/sim_fibers.h"

namespace synchrodb::sim {
namespace {

TrueTime at_ms(std::int64_t ms) {
  return TrueTime{} + milliseconds(ms);
}

struct CountsDestruction {
  int& count;
  ~CountsDestruction() { ++count; }
};

TEST(Fibers, ParkEndsAtItsDeadlineOrWhenWoken) {
  Kernel kernel;
  const Owner owner = kernel.add_owner("node");
  bool timed_out = false;
  bool woken = false;
  TrueTime end;
  kernel.spawn(owner, "sleeper", [&] {
    timed_out = !kernel.park(at_ms(10));
    end = kernel.now();
  });
  const TaskId waiter = kernel.spawn(owner, "waiter", [&] { woken = kernel.park(at_ms(100)); });
  kernel.at(at_ms(20), [&] { kernel.wake(waiter); });
  kernel.run(at_ms(50));
  EXPECT_TRUE(timed_out);
  EXPECT_EQ(end, at_ms(10));
  EXPECT_TRUE(woken);
  EXPECT_EQ(kernel.live_fibers(), 0U);
}

TEST(Fibers, ADeadlineThatHasPassedStillLetsOthersRun) {
  Kernel kernel;
  const Owner owner = kernel.add_owner("node");
  std::string order;
  kernel.spawn(owner, "a", [&] {
    order += "a1 ";
    EXPECT_FALSE(kernel.park(kernel.now()));
    order += "a2 ";
  });
  kernel.spawn(owner, "b", [&] { order += "b "; });
  kernel.run(at_ms(1));
  EXPECT_EQ(order, "a1 b a2 ");
}

TEST(Fibers, AnEarlierTimerServesALaterDeadline) {
  Kernel kernel;
  const Owner owner = kernel.add_owner("node");
  std::vector<std::int64_t> ends;
  const TaskId fiber = kernel.spawn(owner, "f", [&] {
    EXPECT_TRUE(kernel.park(at_ms(10)));   // woken at 5: the timer at 10 stays armed
    EXPECT_FALSE(kernel.park(at_ms(30)));  // must not end at 10
    ends.push_back(kernel.now().ns);
    EXPECT_TRUE(kernel.park(at_ms(100)));
    EXPECT_FALSE(kernel.park(at_ms(50)));  // earlier than the armed one
    ends.push_back(kernel.now().ns);
  });
  kernel.at(at_ms(5), [&] { kernel.wake(fiber); });
  kernel.at(at_ms(40), [&] { kernel.wake(fiber); });
  kernel.run(at_ms(45));
  EXPECT_EQ(kernel.pending_events(), 1U) << "one timer a fiber";
  kernel.run(at_ms(200));
  EXPECT_EQ(ends, (std::vector<std::int64_t>{30'000'000, 50'000'000}));
}

TEST(Fibers, AStaleHandleWakesAndCancelsNobody) {
  Kernel kernel;
  const Owner owner = kernel.add_owner("node");
  const TaskId old = kernel.spawn(owner, "short", [] {});
  kernel.run(at_ms(1));
  bool timed_out = false;
  const TaskId fresh = kernel.spawn(owner, "long", [&] { timed_out = !kernel.park(at_ms(10)); });
  EXPECT_EQ(old.index, fresh.index);
  kernel.at(at_ms(5), [&] {
    kernel.wake(old);
    kernel.cancel(old);
  });
  kernel.run(at_ms(20));
  EXPECT_TRUE(timed_out);
}

TEST(Fibers, CancelUnwindsFromTheParkAndOneThatNeverRanNeverStarts) {
  Kernel kernel;
  const Owner owner = kernel.add_owner("node");
  int destroyed = 0;
  bool after_park = false;
  const TaskId parked = kernel.spawn(owner, "parked", [&] {
    const CountsDestruction guard{destroyed};
    kernel.park();
    after_park = true;
  });
  kernel.run(at_ms(1));
  bool started = false;
  kernel.at(at_ms(2), [&] {
    kernel.cancel(parked);
    const TaskId never = kernel.spawn(owner, "never", [&] { started = true; });
    kernel.cancel(never);
  });
  kernel.run(at_ms(3));
  EXPECT_EQ(destroyed, 1);
  EXPECT_FALSE(after_park);
  EXPECT_FALSE(started);
  EXPECT_EQ(kernel.live_fibers(), 0U);
}

TEST(Fibers, KillUnwindsAllFibersOfTheOwnerBeforeItReturns) {
  Kernel kernel;
  const Owner victim = kernel.add_owner("victim");
  const Owner other = kernel.add_owner("other");
  int destroyed = 0;
  int destroyed_others = 0;
  int ran_inside_kill = 0;
  bool killing = false;
  std::vector<TaskId> others;
  for (int i = 0; i < 50; ++i) {
    kernel.spawn(victim, "v", [&, i] {
      const CountsDestruction guard{destroyed};
      struct WakesOther {
        Kernel& kernel;
        TaskId task;
        ~WakesOther() { kernel.wake(task); }
      } waker{kernel, others[static_cast<std::size_t>(i % 3)]};
      kernel.sleep(milliseconds(i));
      kernel.park();
    });
  }
  for (int i = 0; i < 3; ++i) {
    others.push_back(kernel.spawn(other, "o", [&] {
      const CountsDestruction guard{destroyed_others};
      for (;;) {
        kernel.park();
        if (killing) ++ran_inside_kill;
      }
    }));
  }
  kernel.at(at_ms(25), [&] {
    killing = true;
    kernel.kill_owner(victim);
    EXPECT_EQ(destroyed, 50);
    EXPECT_EQ(kernel.live_fibers(victim), 0U);
    killing = false;
  });
  kernel.run(at_ms(100));
  EXPECT_EQ(ran_inside_kill, 0) << "others wait until the kill is over";
  EXPECT_EQ(destroyed_others, 0);
  EXPECT_EQ(kernel.live_fibers(other), 3U);
  // The owner may live again.
  bool again = false;
  kernel.spawn(victim, "again", [&] { again = true; });
  kernel.run(at_ms(101));
  EXPECT_TRUE(again);
  kernel.shutdown();
  EXPECT_EQ(destroyed_others, 3);
}

TEST(Fibers, WokenByDestructorsOfTheKilledOthersRunAfterwards) {
  Kernel kernel;
  const Owner victim = kernel.add_owner("victim");
  const Owner other = kernel.add_owner("other");
  bool woken = false;
  const TaskId waiter = kernel.spawn(other, "waiter", [&] { woken = kernel.park(at_ms(100)); });
  kernel.spawn(victim, "v", [&] {
    struct Waker {
      Kernel& kernel;
      TaskId task;
      ~Waker() { kernel.wake(task); }
    } waker{kernel, waiter};
    kernel.park();
  });
  kernel.at(at_ms(1), [&] { kernel.kill_owner(victim); });
  kernel.run(at_ms(2));
  EXPECT_TRUE(woken);
}

TEST(Fibers, APausedOwnerDoesNothingAndCatchesUpInOrder) {
  Kernel kernel;
  const Owner owner = kernel.add_owner("node");
  std::vector<std::string> log;
  for (int i = 1; i <= 3; ++i) {
    kernel.spawn(owner, "f", [&, i] {
      kernel.park(at_ms(40 - 10 * i));  // due in reverse order of creation: 30, 20, 10
      log.push_back(std::to_string(i) + "@" + std::to_string(kernel.now().ns / 1'000'000));
    });
  }
  kernel.at(at_ms(5), [&] { kernel.pause_owner(owner); });
  kernel.at(at_ms(15), [&] {
    kernel.when_running(owner, [&] { log.push_back("deferred"); });
    EXPECT_TRUE(log.empty());
  });
  kernel.at(at_ms(50), [&] { kernel.resume_owner(owner); });
  kernel.run(at_ms(49));
  EXPECT_TRUE(log.empty());
  kernel.run(at_ms(100));
  EXPECT_EQ(log, (std::vector<std::string>{"3@50", "2@50", "1@50", "deferred"}));
}

TEST(Fibers, KillEndsAPauseAndDropsWhatWaitedForIt) {
  Kernel kernel;
  const Owner owner = kernel.add_owner("node");
  int destroyed = 0;
  kernel.spawn(owner, "f", [&] {
    const CountsDestruction guard{destroyed};
    kernel.park(at_ms(10));
    kernel.park();
  });
  bool deferred = false;
  kernel.at(at_ms(1), [&] { kernel.pause_owner(owner); });
  kernel.at(at_ms(20), [&] {
    kernel.when_running(owner, [&] { deferred = true; });
    kernel.kill_owner(owner);
    EXPECT_EQ(destroyed, 1);
    EXPECT_FALSE(kernel.paused(owner));
  });
  kernel.run(at_ms(30));
  EXPECT_FALSE(deferred);
}

TEST(Fibers, ALaggingOwnerRunsLater) {
  Kernel kernel;
  const Owner owner = kernel.add_owner("node");
  TrueTime end;
  kernel.spawn(owner, "f", [&] {
    kernel.set_lag(owner, milliseconds(7));
    kernel.park(at_ms(10));
    end = kernel.now();
  });
  kernel.run(at_ms(100));
  EXPECT_EQ(end, at_ms(17));
}

TEST(Fibers, EventChannelAndSleepAboveTheSeam) {
  Kernel kernel;
  FaultCounters counters;
  const Owner owner = kernel.add_owner("node");
  SimClock clock(kernel, owner, 1, counters);
  SimFibers fibers(kernel, owner, clock);
  Channel<int> channel(fibers, 2);
  std::vector<int> received;
  fibers.spawn("consumer", [&] {
    while (auto value = channel.pop()) received.push_back(*value);
  });
  fibers.spawn("producer", [&] {
    for (int i = 0; i < 3; ++i) {
      EXPECT_TRUE(channel.try_push(int{i}));
      sleep_until(fibers, clock.now() + milliseconds(10));
    }
    EXPECT_EQ(kernel.now(), at_ms(30));
    channel.close();
  });
  kernel.run(at_ms(100));
  EXPECT_EQ(received, (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(kernel.live_fibers(), 0U);
  kernel.shutdown();
}

TEST(Fibers, TwoKernelsOfOneThreadTakeTurns) {
  Kernel first;
  Kernel second;
  int ticks_first = 0;
  int ticks_second = 0;
  const auto ticker = [](Kernel& kernel, int& ticks) {
    kernel.spawn(kernel.add_owner("n"), "ticker", [&kernel, &ticks] {
      for (;;) {
        kernel.sleep(milliseconds(1));
        ++ticks;
      }
    });
  };
  ticker(first, ticks_first);
  ticker(second, ticks_second);
  for (int i = 1; i <= 10; ++i) {
    first.run(at_ms(i));
    second.run(at_ms(2 * i));
  }
  EXPECT_EQ(ticks_first, 10);
  EXPECT_EQ(ticks_second, 20);
}

TEST(Fibers, AnotherThreadIsRefused) {
  Kernel kernel;
  bool refused = false;
  std::thread other([&] {
    try {
      kernel.run(at_ms(1));
    } catch (const AssertionFailed&) {
      refused = true;
    }
  });
  other.join();
  EXPECT_TRUE(refused);
}

std::uint64_t digest_of_world(std::uint64_t key) {
  Kernel kernel(make_random_strategy(Streams(key)));
  const Owner owner = kernel.add_owner("node");
  Stream stream = Streams(key).stream("test.sleep");
  for (int i = 0; i < 10; ++i) {
    kernel.spawn(owner, "f", [&] {
      for (;;) kernel.sleep(stream.exponential(milliseconds(1)));
    });
  }
  kernel.run(at_ms(500));
  return kernel.digest().value();
}

// Pinned: equal in every build type, with every compiler, on every machine.
TEST(Fibers, TheDigestIsTheSameEverywhere) {
  EXPECT_EQ(digest_of_world(1), 11'300'286'017'582'449'306U);
}

TEST(Fibers, WorldsInSeveralThreadsDoNotMeet) {
  std::vector<std::uint64_t> alone;
  for (std::uint64_t key = 0; key < 8; ++key) alone.push_back(digest_of_world(key));
  std::vector<std::uint64_t> together(8);
  std::vector<std::thread> threads;
  for (std::uint64_t key = 0; key < 8; ++key) {
    threads.emplace_back([&together, key] { together[key] = digest_of_world(key); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(alone, together);
}

std::size_t resident_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmRSS:", 0) == 0) return std::stoul(line.substr(6));
  }
  return 0;
}

void small_world(std::uint64_t key, int fibers, int& destroyed) {
  Kernel kernel(make_random_strategy(Streams(key)));
  const Owner owner = kernel.add_owner("node");
  for (int i = 0; i < fibers; ++i) {
    kernel.spawn(owner, "f", [&] {
      const CountsDestruction guard{destroyed};
      for (;;) kernel.sleep(milliseconds(1));
    });
  }
  kernel.run(at_ms(5));
}

TEST(Fibers, ThousandsOfKernelsInOneThreadLeakNothing) {
  int destroyed = 0;
  for (int i = 0; i < 200; ++i) small_world(static_cast<std::uint64_t>(i), 20, destroyed);
  const std::size_t before = resident_kib();
  for (int i = 0; i < 3'000; ++i) small_world(static_cast<std::uint64_t>(i), 20, destroyed);
  EXPECT_EQ(destroyed, 3'200 * 20);
#if !defined(__SANITIZE_ADDRESS__)  // its quarantine grows by design; it looks for leaks itself
  EXPECT_LT(resident_kib(), before + 1'024);
#else
  static_cast<void>(before);
#endif
}

}  // namespace
}  // namespace synchrodb::sim
