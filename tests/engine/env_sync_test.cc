// Event, Channel and sleep_until above the smallest Fibers that keeps its promises.
#include "engine/env/sync.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace synchrodb {
namespace {

// Every fiber is a thread, of which only the one that holds the baton runs: slow, plain, and no
// stack is switched by hand. Time is virtual and moves on when no fiber can run.
class FakeFibers final : public Fibers {
 public:
  ~FakeFibers() override {
    for (auto& fiber : all_) cancel(handle(*fiber));
    run();
    for (auto& fiber : all_) fiber->thread.join();
  }

  Fiber* spawn(const char* /*name*/, std::function<void()> body) override {
    all_.push_back(std::make_unique<Task>());
    Task& task = *all_.back();
    task.thread = std::thread([this, &task, work = std::move(body)] {
      wait_for_baton(&task);
      if (!task.cancelled) {
        try {
          work();
        } catch (const Cancelled&) {
          task.unwound = true;
        }
      }
      task.state = Task::State::kEnded;
      pass_baton(nullptr);
    });
    runnable_.push_back(&task);
    return handle(task);
  }

  Fiber* current() override { return handle(*current_); }

  bool park(Instant deadline) override {
    Task& self = *current_;
    if (self.cancelled) throw Cancelled{};
    self.state = Task::State::kParked;
    self.deadline = deadline;
    self.woken = false;
    pass_baton(nullptr);
    wait_for_baton(&self);
    if (self.cancelled) throw Cancelled{};
    return self.woken;
  }

  void wake(Fiber* fiber) override {
    Task& task = *reinterpret_cast<Task*>(fiber);
    ++wakes;
    if (task.state != Task::State::kParked) return;
    task.woken = true;
    make_runnable(task);
  }

  void cancel(Fiber* fiber) override {
    Task& task = *reinterpret_cast<Task*>(fiber);
    task.cancelled = true;
    if (task.state == Task::State::kParked) make_runnable(task);
  }

  // From outside: runs fibers, and time, until all have ended or wait for good.
  void run() {
    while (true) {
      if (runnable_.empty() && !advance()) return;
      current_ = runnable_.front();
      runnable_.pop_front();
      pass_baton(current_);
      wait_for_baton(nullptr);
    }
  }

  Instant now;
  int wakes = 0;

  bool ended(Fiber* fiber) const {
    return reinterpret_cast<Task*>(fiber)->state == Task::State::kEnded;
  }
  bool unwound(Fiber* fiber) const { return reinterpret_cast<Task*>(fiber)->unwound; }

 private:
  struct Task {
    enum class State { kRunnable, kParked, kEnded } state = State::kRunnable;
    Instant deadline = kNever;
    bool woken = false;
    bool cancelled = false;
    bool unwound = false;
    std::thread thread;
  };

  static Fiber* handle(Task& task) { return reinterpret_cast<Fiber*>(&task); }

  void make_runnable(Task& task) {
    task.state = Task::State::kRunnable;
    runnable_.push_back(&task);
  }

  // Jumps to the earliest deadline, which ends every park that waits for it; false when none does.
  bool advance() {
    Instant next = kNever;
    for (auto& task : all_) {
      if (task->state == Task::State::kParked) next = std::min(next, task->deadline);
    }
    if (next == kNever) return false;
    now = std::max(now, next);
    for (auto& task : all_) {
      if (task->state == Task::State::kParked && task->deadline <= now) make_runnable(*task);
    }
    return true;
  }

  // Null is run()'s caller.
  void pass_baton(Task* to) {
    const std::lock_guard lock(mutex_);
    baton_ = to;
    passed_.notify_all();
  }
  void wait_for_baton(Task* self) {
    std::unique_lock lock(mutex_);
    passed_.wait(lock, [&] { return baton_ == self; });
  }

  std::mutex mutex_;
  std::condition_variable passed_;
  Task* baton_ = nullptr;
  Task* current_ = nullptr;
  std::deque<Task*> runnable_;
  std::vector<std::unique_ptr<Task>> all_;
};

Instant at(std::int64_t ms) {
  return Instant{} + milliseconds(ms);
}

// What happened, in order: the transcript of a test.
using Story = std::vector<std::string>;

// --- Event

TEST(Event, RemembersASetBeforeTheWait) {
  FakeFibers fibers;
  Event event(fibers);
  bool first = false, second = true;
  fibers.spawn("waiter", [&] {
    event.set();
    first = event.wait();
    second = event.wait(at(5));
  });
  fibers.run();
  EXPECT_TRUE(first);
  EXPECT_FALSE(second) << "one set is one return";
  EXPECT_EQ(fibers.now, at(5));
}

TEST(Event, ManySetsAreOneReturn) {
  FakeFibers fibers;
  Event event(fibers);
  bool again = true;
  fibers.spawn("waiter", [&] {
    for (int i = 0; i < 3; ++i) event.set();
    event.wait();
    again = event.wait(at(1));
  });
  fibers.run();
  EXPECT_FALSE(again);
}

TEST(Event, WakesTheWaiter) {
  FakeFibers fibers;
  Event event(fibers);
  Story story;
  fibers.spawn("waiter", [&] {
    story.push_back("waits");
    story.push_back(event.wait() ? "woken" : "late");
  });
  fibers.spawn("setter", [&] {
    story.push_back("sets");
    event.set();
    story.push_back("goes on");
  });
  fibers.run();
  EXPECT_EQ(story, (Story{"waits", "sets", "goes on", "woken"}));
}

TEST(Event, GivesUpAtTheDeadlineAndServesTheNextWaiter) {
  FakeFibers fibers;
  Event event(fibers);
  Story story;
  fibers.spawn("impatient", [&] { story.push_back(event.wait(at(10)) ? "woken" : "late"); });
  fibers.spawn("patient", [&] {
    sleep_until(fibers, at(20));
    story.push_back(event.wait(at(40)) ? "woken" : "late");
  });
  fibers.spawn("setter", [&] {
    sleep_until(fibers, at(30));
    event.set();
  });
  fibers.run();
  EXPECT_EQ(story, (Story{"late", "woken"}));
  EXPECT_EQ(fibers.now, at(30));
}

TEST(Event, ASetAtTheDeadlineItselfCounts) {
  FakeFibers fibers;
  Event event(fibers);
  bool woken = false;
  fibers.spawn("setter", [&] {
    sleep_until(fibers, at(10));
    event.set();  // the waiter has timed out this very instant, but not had its turn yet
  });
  fibers.spawn("waiter", [&] { woken = event.wait(at(10)); });
  fibers.run();
  EXPECT_TRUE(woken);
}

TEST(Event, AWakeFromElsewhereIsNotASet) {
  FakeFibers fibers;
  Event event(fibers);
  bool woken = true;
  Fiber* waiter = fibers.spawn("waiter", [&] { woken = event.wait(at(10)); });
  fibers.spawn("stranger", [&] {
    sleep_until(fibers, at(3));
    fibers.wake(waiter);
  });
  fibers.run();
  EXPECT_FALSE(woken);
  EXPECT_EQ(fibers.now, at(10)) << "the deadline stands";
}

TEST(Event, ACancelledWaiterIsForgotten) {
  FakeFibers fibers;
  Event event(fibers);
  Fiber* waiter = fibers.spawn("waiter", [&] { event.wait(); });
  fibers.spawn("killer", [&] { fibers.cancel(waiter); });
  fibers.run();
  ASSERT_TRUE(fibers.unwound(waiter));

  // The event neither wakes the dead nor takes it for a second waiter.
  bool woken = false;
  fibers.spawn("setter", [&] { event.set(); });
  fibers.spawn("heir", [&] { woken = event.wait(); });
  fibers.run();
  EXPECT_EQ(fibers.wakes, 0);
  EXPECT_TRUE(woken);
}

struct Refused {};
[[noreturn]] void refuse(const char*, const char*, const char*, int) {
  throw Refused{};
}

TEST(Event, HasOneWaiter) {
  FakeFibers fibers;
  Event event(fibers);
  bool refused = false;
  fibers.spawn("first", [&] { event.wait(); });
  fibers.spawn("second", [&] {
    set_assertion_handler(refuse);
    try {
      event.wait();
    } catch (const Refused&) {
      refused = true;
    }
  });
  fibers.run();
  EXPECT_TRUE(refused);
}

// --- Channel

TEST(Channel, KeepsTheOrder) {
  FakeFibers fibers;
  Channel<int> channel(fibers, 10);
  std::vector<int> received;
  fibers.spawn("receiver", [&] {
    while (const auto value = channel.pop()) received.push_back(*value);
  });
  for (int sender = 0; sender < 2; ++sender) {
    fibers.spawn("sender", [&, sender] {
      for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(channel.try_push(10 * sender + i));
        sleep_until(fibers, fibers.now + milliseconds(1));
      }
    });
  }
  fibers.run();
  EXPECT_EQ(received, (std::vector<int>{0, 10, 1, 11, 2, 12}));
}

TEST(Channel, RefusesWhenFullAndLeavesTheValue) {
  FakeFibers fibers;
  Channel<std::unique_ptr<int>> channel(fibers, 2);
  EXPECT_TRUE(channel.try_push(std::make_unique<int>(1)));
  EXPECT_TRUE(channel.try_push(std::make_unique<int>(2)));
  auto third = std::make_unique<int>(3);
  EXPECT_FALSE(channel.try_push(std::move(third)));
  ASSERT_NE(third, nullptr);
  EXPECT_EQ(channel.size(), 2U);

  std::vector<int> received;
  fibers.spawn("receiver", [&] {
    received.push_back(**channel.pop());
    EXPECT_TRUE(channel.try_push(std::move(third))) << "room again";
    received.push_back(**channel.pop());
    received.push_back(**channel.pop());
  });
  fibers.run();
  EXPECT_EQ(received, (std::vector<int>{1, 2, 3}));
}

TEST(Channel, GivesNothingAtTheDeadline) {
  FakeFibers fibers;
  Channel<int> channel(fibers, 1);
  std::optional<int> first, second, third;
  fibers.spawn("receiver", [&] {
    first = channel.pop(at(10));
    EXPECT_EQ(fibers.now, at(10));
    second = channel.pop(at(20));
    third = channel.pop(at(25));  // the set of the value just taken must not pass for a new one
  });
  fibers.spawn("sender", [&] {
    sleep_until(fibers, at(15));
    channel.try_push(7);
  });
  fibers.run();
  EXPECT_EQ(first, std::nullopt);
  EXPECT_EQ(second, 7);
  EXPECT_EQ(third, std::nullopt);
  EXPECT_EQ(fibers.now, at(25));
}

TEST(Channel, TakesWhatIsThereEvenPastTheDeadline) {
  FakeFibers fibers;
  Channel<int> channel(fibers, 1);
  channel.try_push(7);
  std::optional<int> received;
  fibers.spawn("receiver", [&] {
    sleep_until(fibers, at(10));
    received = channel.pop(at(5));
  });
  fibers.run();
  EXPECT_EQ(received, 7);
}

TEST(Channel, ClosedIsDrainedAndThenEnds) {
  FakeFibers fibers;
  Channel<int> channel(fibers, 4);
  Story story;
  fibers.spawn("receiver", [&] {
    sleep_until(fibers, at(1));
    while (const auto value = channel.pop()) story.push_back(std::to_string(*value));
    story.push_back("end");
    story.push_back(channel.pop().has_value() ? "more" : "still the end");
  });
  channel.try_push(1);
  channel.try_push(2);
  channel.close();
  EXPECT_FALSE(channel.try_push(3));
  fibers.run();
  EXPECT_EQ(story, (Story{"1", "2", "end", "still the end"}));
}

TEST(Channel, ClosingWakesTheReceiver) {
  FakeFibers fibers;
  Channel<int> channel(fibers, 1);
  Fiber* receiver = fibers.spawn("receiver", [&] { EXPECT_EQ(channel.pop(), std::nullopt); });
  fibers.spawn("closer", [&] { channel.close(); });
  fibers.run();
  EXPECT_TRUE(fibers.ended(receiver));
  EXPECT_FALSE(fibers.unwound(receiver));
}

TEST(Channel, ACancelledReceiverLosesNothing) {
  FakeFibers fibers;
  Channel<int> channel(fibers, 1);
  Fiber* receiver = fibers.spawn("receiver", [&] { channel.pop(); });
  fibers.spawn("killer", [&] {
    fibers.cancel(receiver);
    channel.try_push(7);  // before the receiver has unwound
  });
  fibers.run();
  ASSERT_TRUE(fibers.unwound(receiver));
  std::optional<int> received;
  fibers.spawn("heir", [&] { received = channel.pop(); });
  fibers.run();
  EXPECT_EQ(received, 7);
}

// --- sleep_until

TEST(SleepUntil, SleepsOnWhenWoken) {
  FakeFibers fibers;
  Instant rose;
  Fiber* sleeper = fibers.spawn("sleeper", [&] {
    sleep_until(fibers, at(10));
    rose = fibers.now;
  });
  fibers.spawn("noise", [&] {
    sleep_until(fibers, at(4));
    fibers.wake(sleeper);
  });
  fibers.run();
  EXPECT_EQ(rose, at(10));
}

TEST(SleepUntil, UnwindsWhenCancelled) {
  FakeFibers fibers;
  Fiber* sleeper = fibers.spawn("sleeper", [&] { sleep_until(fibers, kNever); });
  fibers.spawn("killer", [&] { fibers.cancel(sleeper); });
  fibers.run();
  EXPECT_TRUE(fibers.unwound(sleeper));
}

}  // namespace
}  // namespace synchrodb
