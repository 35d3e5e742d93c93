// The real world's scheduler keeps the promises of the seam's Fibers.
#include "net/loop/loop.h"

#include <gtest/gtest.h>
#include <kj/debug.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "engine/env/sync.h"

namespace synchrodb::net {
namespace {

Instant after(std::int64_t ms) {
  return monotonic_now() + milliseconds(ms);
}

TEST(Loop, RunsFibersInTheOrderOfTheirStart) {
  Loop loop;
  std::string order;
  loop.run([&] {
    for (const char name : {'a', 'b', 'c'}) loop.spawn("one", [&order, name] { order += name; });
    loop.spawn("last", [&] { loop.stop(); });
  });
  EXPECT_EQ(order, "abc");
  EXPECT_EQ(loop.live_fibers(), 0U);
}

TEST(Loop, AnEventWakesItsWaiterAndTimeRunsOut) {
  Loop loop;
  std::vector<bool> woken;
  Event event(loop);
  loop.run([&] {
    loop.spawn("setter", [&] {
      sleep_until(loop, after(5));
      event.set();
    });
    woken.push_back(event.wait(after(10'000)));
    const Instant before = monotonic_now();
    woken.push_back(event.wait(after(10)));
    EXPECT_GE((monotonic_now() - before).ns, milliseconds(10).ns);
    loop.stop();
  });
  EXPECT_EQ(woken, (std::vector<bool>{true, false}));
}

// epoll_wait() counts in milliseconds.
TEST(Loop, ShortWaitsAreShort) {
  Loop loop;
  loop.run([&] {
    Duration shortest = seconds(1);
    for (int i = 0; i < 50; ++i) {
      const Instant before = monotonic_now();
      sleep_until(loop, before + microseconds(100));
      const Duration took = monotonic_now() - before;
      EXPECT_GE(took, microseconds(100));
      shortest = std::min(shortest, took);
    }
    EXPECT_LT(shortest, microseconds(800));
    loop.stop();
  });
}

TEST(Loop, AwaitGivesTheValueOrThrowsTheFailure) {
  Loop loop;
  int value = 0;
  std::string failure;
  loop.run([&] {
    value = loop.await(loop.timer().afterDelay(1 * kj::MILLISECONDS).then([] { return 7; }));
    kj::Maybe<kj::Exception> caught = kj::runCatchingExceptions(
        [&] { loop.await(kj::Promise<int>(KJ_EXCEPTION(FAILED, "broken"))); });
    KJ_IF_MAYBE (exception, caught) failure = exception->getDescription().cStr();
    loop.stop();
  });
  EXPECT_EQ(value, 7);
  EXPECT_EQ(failure, "broken");
}

TEST(Loop, ACancelledFiberUnwindsFromWhereItWaits) {
  Loop loop;
  int unwound = 0;
  struct Counter {
    int& count;
    ~Counter() { ++count; }
  };
  loop.run([&] {
    Fiber* parked = loop.spawn("parked", [&] {
      const Counter counter{unwound};
      loop.park(kNever);
    });
    Fiber* awaiting = loop.spawn("awaiting", [&] {
      const Counter counter{unwound};
      loop.await(kj::Promise<void>(kj::NEVER_DONE));
    });
    loop.spawn("left to the end", [&] {
      const Counter counter{unwound};
      sleep_until(loop, kNever);
    });
    sleep_until(loop, after(1));
    loop.cancel(parked);
    loop.cancel(awaiting);
    sleep_until(loop, after(1));
    EXPECT_EQ(unwound, 2);
    loop.wake(parked);  // long gone: no effect
    loop.stop();
  });
  EXPECT_EQ(unwound, 3);
}

TEST(Loop, WorkBesideTheLoopHoldsNobodyUp) {
  Loop loop;
  WorkerThread thread("slow");
  std::thread::id beside;
  int turns = 0;
  bool done = false;
  loop.run([&] {
    loop.spawn("busy", [&] {
      while (!done) {
        ++turns;
        sleep_until(loop, after(1));
      }
      loop.stop();
    });
    loop.beside(thread, [&] {
      beside = std::this_thread::get_id();
      usleep(50'000);
    });
    done = true;
  });
  EXPECT_NE(beside, std::this_thread::get_id());
  EXPECT_GT(turns, 10);
}

TEST(Loop, TheEndOfATurnComesAfterAllFibersThatAreReady) {
  Loop loop;
  std::string order;
  loop.run([&] {
    loop.at_end_of_turn([&] {
      order += '|';
      loop.stop();
    });
    for (int i = 0; i < 3; ++i) loop.spawn("one", [&] { order += 'f'; });
  });
  EXPECT_EQ(order, "fff|");
}

TEST(Loop, ItIsToldHowLongATurnHeldTheOthersUp) {
  Loop loop;
  Duration longest;
  loop.observe_turns([&](Duration took) { longest = std::max(longest, took); });
  loop.run([&] {
    sleep_until(loop, after(200));  // waiting is no turn
    EXPECT_LT(longest, milliseconds(150));
    usleep(150'000);
    loop.stop();
  });
  EXPECT_GE(longest, milliseconds(150));
}

TEST(Loop, ThousandsOfFibersComeAndGo) {
  Loop loop;
  int ended = 0;
  loop.run([&] {
    for (int i = 0; i < 5'000; ++i) {
      loop.spawn("one", [&, i] {
        sleep_until(loop, after(i % 7));
        ++ended;
      });
    }
    sleep_until(loop, after(50));
    while (loop.live_fibers() > 1) sleep_until(loop, after(5));
    loop.stop();
  });
  EXPECT_EQ(ended, 5'000);
}

}  // namespace
}  // namespace synchrodb::net
