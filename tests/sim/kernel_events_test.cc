// Virtual time, the event heap and the digest.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/kernel/kernel.h"

namespace synchrodb::sim {
namespace {

TrueTime at_ms(std::int64_t ms) {
  return TrueTime{} + milliseconds(ms);
}

TEST(EventHeap, RunsInOrderOfTimeThenOfPushing) {
  EventHeap heap;
  Stream stream = Streams(1).stream("test");
  std::vector<std::pair<std::int64_t, int>> expected;
  std::vector<std::pair<std::int64_t, int>> seen;
  for (int i = 0; i < 5'000; ++i) {
    const auto time = static_cast<std::int64_t>(stream.uniform(300));
    expected.emplace_back(time, i);
    heap.push(TrueTime{time}, [&seen, time, i] { seen.emplace_back(time, i); });
  }
  std::sort(expected.begin(), expected.end());
  while (heap.next_time() != kEndOfTime) heap.run(heap.pop());
  EXPECT_EQ(seen, expected);
  EXPECT_TRUE(heap.empty());
}

TEST(EventHeap, ACancelledEventIsDestroyedAtOnceAndNeverRuns) {
  EventHeap heap;
  auto held = std::make_shared<int>(0);
  bool ran = false;
  const EventId id = heap.push(TrueTime{5}, [held, &ran] { ran = true; });
  EXPECT_EQ(held.use_count(), 2);
  EXPECT_TRUE(heap.pending(id));
  EXPECT_TRUE(heap.cancel(id));
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_FALSE(heap.cancel(id));
  EXPECT_EQ(heap.next_time(), kEndOfTime);
  EXPECT_FALSE(ran);
}

TEST(EventHeap, AnOldIdDoesNotCancelTheEventThatTookItsSlot) {
  EventHeap heap;
  const EventId old = heap.push(TrueTime{1}, [] {});
  static_cast<void>(heap.next_time());
  heap.run(heap.pop());
  const EventId fresh = heap.push(TrueTime{2}, [] {});
  EXPECT_EQ(old.slot, fresh.slot);
  EXPECT_FALSE(heap.cancel(old));
  EXPECT_TRUE(heap.pending(fresh));
}

TEST(EventHeap, RandomPushesPopsAndCancelsAgreeWithASortedList) {
  EventHeap heap;
  Stream stream = Streams(7).stream("test");
  struct Item {
    std::int64_t time;
    int number;
    EventId id;
  };
  std::vector<Item> model;
  std::int64_t now = 0;
  std::vector<int> ran;
  std::vector<int> expected;
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t action = stream.uniform(10);
    if (action < 5) {
      const std::int64_t time = now + static_cast<std::int64_t>(stream.uniform(50));
      model.push_back({time, i, heap.push(TrueTime{time}, [&ran, i] { ran.push_back(i); })});
    } else if (action < 6 && !model.empty()) {
      const auto victim = static_cast<std::ptrdiff_t>(stream.uniform(model.size()));
      EXPECT_TRUE(heap.cancel(model[static_cast<std::size_t>(victim)].id));
      model.erase(model.begin() + victim);
    } else if (!model.empty()) {
      const auto first =
          std::min_element(model.begin(), model.end(), [](const Item& a, const Item& b) {
            return std::pair(a.time, a.number) < std::pair(b.time, b.number);
          });
      now = first->time;
      expected.push_back(first->number);
      model.erase(first);
      ASSERT_EQ(heap.next_time(), TrueTime{now});
      heap.run(heap.pop());
    }
    ASSERT_EQ(heap.size(), model.size());
  }
  EXPECT_EQ(ran, expected);
}

TEST(Kernel, TimeJumpsFromEventToEvent) {
  Kernel kernel;
  std::vector<std::int64_t> times;
  kernel.at(at_ms(20), [&] { times.push_back(kernel.now().ns); });
  kernel.after(milliseconds(10), [&] {
    times.push_back(kernel.now().ns);
    kernel.after(milliseconds(5), [&] { times.push_back(kernel.now().ns); });
  });
  EXPECT_EQ(kernel.run(at_ms(1'000)), RunEnd::kIdle);
  EXPECT_EQ(times, (std::vector<std::int64_t>{10'000'000, 15'000'000, 20'000'000}));
  EXPECT_EQ(kernel.now(), at_ms(1'000));
  EXPECT_EQ(kernel.events(), 3U);
}

TEST(Kernel, RunEndsAtItsLimits) {
  Kernel kernel;
  int ran = 0;
  for (int i = 1; i <= 10; ++i) kernel.at(at_ms(i), [&] { ++ran; });
  EXPECT_EQ(kernel.run(at_ms(3)), RunEnd::kTimeLimit);
  EXPECT_EQ(ran, 3);
  EXPECT_EQ(kernel.run(kEndOfTime, 2), RunEnd::kEventLimit);
  EXPECT_EQ(ran, 5);
  kernel.after(Duration{}, [&] { kernel.stop(); });
  EXPECT_EQ(kernel.run(kEndOfTime), RunEnd::kStopped);
  EXPECT_EQ(kernel.run(kEndOfTime), RunEnd::kIdle);
  EXPECT_EQ(ran, 10);
}

TEST(Kernel, AnEventInThePastHappensNow) {
  Kernel kernel;
  kernel.run(at_ms(5));
  TrueTime seen;
  kernel.at(at_ms(1), [&] { seen = kernel.now(); });
  kernel.run(at_ms(6));
  EXPECT_EQ(seen, at_ms(5));
}

TEST(Kernel, AnExceptionOutOfAnEventIsRethrownAndTheKernelLivesOn) {
  Kernel kernel;
  kernel.at(at_ms(1), [] { throw std::runtime_error("boom"); });
  bool later = false;
  kernel.at(at_ms(2), [&] { later = true; });
  EXPECT_THROW(kernel.run(kEndOfTime), std::runtime_error);
  EXPECT_EQ(kernel.run(kEndOfTime), RunEnd::kIdle);
  EXPECT_TRUE(later);
}

// ---- The digest.

std::uint64_t digest_of_three(std::uint64_t third) {
  Digest digest;
  digest.feed(at_ms(1), DigestKind::kWorld, 1, 0);
  digest.feed(at_ms(2), DigestKind::kWorld, 2, 0);
  digest.feed(at_ms(3), DigestKind::kWorld, third, 0);
  return digest.value();
}

TEST(Digest, EqualForEqualHistoriesOnly) {
  EXPECT_EQ(digest_of_three(3), digest_of_three(3));
  EXPECT_NE(digest_of_three(3), digest_of_three(4));
  Digest ab;
  ab.feed(at_ms(1), DigestKind::kSend, 1, 2);
  Digest ba;
  ba.feed(at_ms(1), DigestKind::kSend, 2, 1);
  EXPECT_NE(ab.value(), ba.value());
  Digest later;
  later.feed(at_ms(2), DigestKind::kSend, 1, 2);
  EXPECT_NE(ab.value(), later.value());
}

TEST(Digest, CheckpointsAndRecordsLocaliseTheFirstDifference) {
  constexpr std::uint64_t kPlanted = 4'321;
  const auto feed = [](Digest& digest, bool planted) {
    for (std::uint64_t i = 0; i < 10'000; ++i) {
      const std::uint64_t value = planted && i == kPlanted ? 1 : 0;
      digest.feed(TrueTime{static_cast<std::int64_t>(i)}, DigestKind::kWorld, i, value);
    }
  };
  Digest left;
  Digest right;
  left.checkpoint_every(100);
  right.checkpoint_every(100);
  feed(left, false);
  feed(right, true);
  const auto unequal = first_difference(left.checkpoints(), right.checkpoints());
  ASSERT_TRUE(unequal.has_value());
  EXPECT_EQ(*unequal, kPlanted / 100);
  Digest left_again;
  Digest right_again;
  left_again.record(*unequal * 100, *unequal * 100 + 100);
  right_again.record(*unequal * 100, *unequal * 100 + 100);
  feed(left_again, false);
  feed(right_again, true);
  EXPECT_EQ(left_again.entries().size(), 100U);
  const auto entry = first_difference(left_again.entries(), right_again.entries());
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(left_again.entries()[*entry].count, kPlanted);
  EXPECT_EQ(left_again.value(), left.value()) << "watching must change nothing";
}

TEST(Digest, NoDifferenceBetweenEqualSequences) {
  const std::vector<int> short_one{1, 2};
  const std::vector<int> long_one{1, 2, 3};
  EXPECT_FALSE(first_difference(short_one, short_one).has_value());
  EXPECT_EQ(first_difference(short_one, long_one), std::optional<std::size_t>(2));
}

TEST(Look, ComesBeforeTheEventsOfItsMomentAndTheDigestKnowsNothing) {
  const auto run_with = [](bool looks, std::vector<std::string>& seen) {
    Kernel kernel;
    for (const std::int64_t ms : {1, 2, 2, 3}) {
      kernel.at(at_ms(ms), [&seen, ms] { seen.push_back("event " + std::to_string(ms)); });
    }
    const auto look = [&](std::int64_t ms, const char* name) {
      kernel.look_at(at_ms(ms), [&, name] {
        seen.push_back(std::string(name) + " " + std::to_string(kernel.now().ns / 1'000'000));
      });
    };
    if (looks) {
      look(2, "second");
      look(0, "first");
      look(2, "third");
      look(9, "last");
    }
    EXPECT_EQ(kernel.run(at_ms(5)), RunEnd::kIdle);
    EXPECT_EQ(kernel.run(at_ms(9)), RunEnd::kIdle);
    return std::pair(kernel.digest().value(), kernel.events());
  };
  std::vector<std::string> watched;
  std::vector<std::string> alone;
  EXPECT_EQ(run_with(true, watched), run_with(false, alone));
  EXPECT_EQ(watched, (std::vector<std::string>{"first 0", "event 1", "second 2", "third 2",
                                               "event 2", "event 2", "event 3", "last 9"}));
  EXPECT_EQ(alone.size(), 4U);
}

TEST(Look, MayAskForTheNextAndWakeFibers) {
  Kernel kernel;
  const Owner owner = kernel.add_owner("test");
  int woken = 0;
  const TaskId sleeper = kernel.spawn(owner, "sleeper", [&] {
    for (;;) {
      kernel.park();
      ++woken;
    }
  });
  int looks = 0;
  std::function<void()> look = [&] {
    kernel.wake(sleeper);
    if (++looks < 5) kernel.look_at(kernel.now() + milliseconds(10), look);
  };
  kernel.look_at(at_ms(10), look);
  EXPECT_EQ(kernel.run(at_ms(35)), RunEnd::kIdle);
  EXPECT_EQ(looks, 3);
  EXPECT_EQ(woken, 3);
  kernel.look_at(at_ms(1), [&] {
    EXPECT_EQ(kernel.now(), at_ms(35));
    kernel.stop();
  });
  EXPECT_EQ(kernel.run(at_ms(100)), RunEnd::kStopped);
  EXPECT_EQ(looks, 3);
}

}  // namespace
}  // namespace synchrodb::sim
