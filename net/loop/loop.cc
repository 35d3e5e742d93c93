#include "net/loop/loop.h"

#include <kj/async-unix.h>

#include <ctime>
#include <exception>
#include <vector>

#include <boost/fiber/algo/round_robin.hpp>
#include <boost/fiber/fiber.hpp>
#include <boost/fiber/operations.hpp>

#include "engine/fibers/stack_pool.h"
#include "net/loop/fiber_scheduler.h"
#include "net/loop/fine_timer.h"
#include "net/loop/timer_queue.h"

namespace synchrodb::net {
namespace {

// Fibers that run between two looks at sockets and timers.
constexpr std::size_t kFibersPerTurn = 1024;
// KJ's timers stand still while the machine sleeps, the seam's clock does not: look again this
// often.
constexpr Duration kLongestWait = seconds(1);
// A millisecond more or less matters to shorter waits.
constexpr Duration kShortWait = milliseconds(10);

}  // namespace

Instant monotonic_now() {
  timespec time{};
  clock_gettime(CLOCK_BOOTTIME, &time);
  return Instant{std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec};
}

// ---- Fibers ------------------------------------------------------------------------------------

namespace {

struct Worker;

// What a Fiber* of the seam names. Records are reused under another generation.
struct Record {
  enum class State : std::uint8_t { kFree, kReady, kRunning, kParked };
  std::uint32_t index = 0;
  std::uint32_t generation = 1;
  State state = State::kFree;
  bool cancelled = false;
  bool timed_out = false;
  std::uint64_t ticket = 0;  // counts parks: tells a timer which one it belongs to
  const char* name = "";
  std::function<void()> body;
  Worker* worker = nullptr;
};

// A Boost fiber that runs one body after another: starting a fiber costs a switch, not a stack.
struct Worker {
  Record* record = nullptr;
  bool exit = false;
  FiberScheduler::Context* context = nullptr;
  boost::fibers::fiber fiber;
};

// An index and a generation in a pointer's clothes, never dereferenced: waking a fiber that has
// ended has no effect.
Fiber* handle_of(const Record& record) {
  return reinterpret_cast<Fiber*>(std::uintptr_t{record.generation} << 32 | (record.index + 1));
}

}  // namespace

struct Loop::Impl {
  explicit Impl(Loop& owner) : loop(owner), fine_timer(owner.io_->unixEventPort) {}

  Record& allocate();
  Record* find(Fiber* fiber);
  Worker& take_worker();
  void work(Worker& worker);
  void run_body(Record& record);
  void make_ready(Record& record);
  void suspend(Instant deadline);
  bool is_stale(const TimerQueue::Item& item) const;
  void fire_timers();
  kj::Promise<void> after(Duration duration);
  void gather_events();
  void wait_for_events();
  void turn();
  void end_turn();
  void notify();
  void run_ready_fibers();
  void cancel_all();
  void join_workers();

  Loop& loop;
  FiberScheduler* scheduler = nullptr;  // Boost's scheduler owns it
  std::vector<std::unique_ptr<Record>> records;
  std::vector<Record*> free_records;
  std::vector<std::unique_ptr<Worker>> workers;
  std::vector<Worker*> idle;
  Record* running = nullptr;
  std::size_t live = 0;
  TimerQueue timers;
  FineTimer fine_timer;
  std::vector<std::function<void()>> end_of_turn;
  std::function<void(Duration)> turn_observer;
  kj::PromiseFulfiller<void>* waiting = nullptr;
  Instant turn_began;
  bool stopping = false;
};

Record& Loop::Impl::allocate() {
  if (free_records.empty()) {
    records.push_back(std::make_unique<Record>());
    records.back()->index = static_cast<std::uint32_t>(records.size() - 1);
    free_records.reserve(records.size());
    free_records.push_back(records.back().get());
  }
  Record& record = *free_records.back();
  free_records.pop_back();
  return record;
}

Record* Loop::Impl::find(Fiber* fiber) {
  const auto value = reinterpret_cast<std::uintptr_t>(fiber);
  const std::uintptr_t index = (value & 0xffff'ffff) - 1;
  if (index >= records.size()) return nullptr;
  Record* record = records[index].get();
  return record->generation == value >> 32 ? record : nullptr;
}

Worker& Loop::Impl::take_worker() {
  if (!idle.empty()) {
    Worker& worker = *idle.back();
    idle.pop_back();
    return worker;
  }
  workers.push_back(std::make_unique<Worker>());
  Worker& worker = *workers.back();
  idle.reserve(workers.size());
  scheduler->begin_creation();
  worker.fiber = boost::fibers::fiber(boost::fibers::launch::post, std::allocator_arg,
                                      PooledStack(), [this, &worker] { work(worker); });
  worker.context = scheduler->end_creation();
  return worker;
}

void Loop::Impl::work(Worker& worker) {
  while (!worker.exit) {
    run_body(*worker.record);
    worker.context->suspend();
  }
}

void Loop::Impl::run_body(Record& record) {
  running = &record;
  record.state = Record::State::kRunning;
  try {
    const std::function<void()> body = std::move(record.body);
    record.body = nullptr;
    if (!record.cancelled) body();
  } catch (const Cancelled&) {
  } catch (const std::exception& exception) {
    assertion_failed(exception.what(), "no exception leaves a fiber", __FILE__, __LINE__);
  }
  ++record.generation;
  record.state = Record::State::kFree;
  --live;
  idle.push_back(std::exchange(record.worker, nullptr));
  free_records.push_back(&record);
  running = nullptr;
}

void Loop::Impl::make_ready(Record& record) {
  if (record.worker == nullptr) {
    record.worker = &take_worker();
    record.worker->record = &record;
  }
  record.state = Record::State::kReady;
  scheduler->make_ready(record.worker->context);
  notify();
}

void Loop::Impl::notify() {
  if (waiting != nullptr) std::exchange(waiting, nullptr)->fulfill();
}

void Loop::Impl::suspend(Instant deadline) {
  Record& record = *running;
  ++record.ticket;
  record.timed_out = false;
  record.state = Record::State::kParked;
  if (deadline != kNever) timers.push({deadline, record.index, record.ticket});
  running = nullptr;
  record.worker->context->suspend();
  running = &record;
  record.state = Record::State::kRunning;
}

// Its fiber has been woken since.
bool Loop::Impl::is_stale(const TimerQueue::Item& item) const {
  const Record& record = *records[item.fiber];
  return record.ticket != item.ticket || record.state != Record::State::kParked;
}

void Loop::Impl::fire_timers() {
  timers.sweep(live, [this](const TimerQueue::Item& item) { return is_stale(item); });
  const Instant now = monotonic_now();
  while (!timers.empty() && timers.earliest().deadline <= now) {
    const TimerQueue::Item item = timers.pop();
    if (is_stale(item)) continue;
    Record& record = *records[item.fiber];
    record.timed_out = true;
    make_ready(record);
  }
}

// ---- The loop ----------------------------------------------------------------------------------

void Loop::Impl::run_ready_fibers() {
  scheduler->set_budget(kFibersPerTurn);
  if (scheduler->any_ready()) boost::this_fiber::yield();
  scheduler->set_budget(0);
}

// Whatever has arrived by now joins this turn: a batch is as large as what came together.
void Loop::Impl::gather_events() {
  // True: another thread has news. Only KJ's own poll() takes it up, and only if it is told itself;
  // it goes on until nothing is left to do, which under load may be long: not each time.
  if (loop.io_->unixEventPort.poll()) {
    loop.io_->unixEventPort.wake();
    loop.io_->waitScope.poll();
  }
  kj::evalLater([] {}).wait(loop.io_->waitScope);
}

kj::Promise<void> Loop::Impl::after(Duration duration) {
  if (duration < kShortWait) return fine_timer.after(duration);
  return loop.timer().afterDelay(duration.ns * kj::NANOSECONDS);
}

void Loop::Impl::wait_for_events() {
  while (!timers.empty() && is_stale(timers.earliest())) timers.pop();
  Duration longest = kLongestWait;
  if (!timers.empty()) {
    longest = std::min(longest, timers.earliest().deadline - monotonic_now());
  }
  // A promise that is dropped unfulfilled costs a stack trace.
  if (longest <= Duration{}) return;
  auto paf = kj::newPromiseAndFulfiller<void>();
  waiting = paf.fulfiller.get();
  paf.promise.exclusiveJoin(after(longest)).wait(loop.io_->waitScope);
  waiting = nullptr;
}

void Loop::Impl::turn() {
  turn_began = monotonic_now();
  gather_events();
  fire_timers();
  run_ready_fibers();
  end_turn();
  if (turn_observer) turn_observer(monotonic_now() - turn_began);
}

void Loop::Impl::end_turn() {
  for (const auto& callback : std::exchange(end_of_turn, {})) callback();
}

void Loop::Impl::cancel_all() {
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (records[i]->state != Record::State::kFree) loop.cancel(handle_of(*records[i]));
  }
}

void Loop::Impl::join_workers() {
  for (const auto& worker : workers) {
    worker->exit = true;
    scheduler->make_ready(worker->context);
  }
  scheduler->set_budget(workers.size());
  scheduler->let_dispatch();
  for (const auto& worker : workers) worker->fiber.join();
  workers.clear();
  idle.clear();
}

Loop::Loop()
    : io_(std::make_unique<kj::AsyncIoContext>(kj::setupAsyncIo())),
      impl_(std::make_unique<Impl>(*this)) {
  io_->waitScope.setBusyPollInterval(64);
}

Loop::~Loop() = default;

void Loop::run(std::function<void()> body) {
  SYNCHRODB_ASSERT(impl_->scheduler == nullptr, "a loop runs once");
  impl_->scheduler = new FiberScheduler();
  boost::fibers::context::active()->get_scheduler()->set_algo(impl_->scheduler);
  spawn("main", std::move(body));
  bool cancelled = false;
  while (!impl_->stopping || impl_->live > 0) {
    if (impl_->stopping && !std::exchange(cancelled, true)) impl_->cancel_all();
    if (!impl_->scheduler->any_ready() && impl_->end_of_turn.empty()) impl_->wait_for_events();
    impl_->turn();
  }
  impl_->join_workers();
  boost::fibers::use_scheduling_algorithm<boost::fibers::algo::round_robin>();
}

void Loop::stop() {
  impl_->stopping = true;
  impl_->notify();
}

Fiber* Loop::spawn(const char* name, std::function<void()> body) {
  SYNCHRODB_ASSERT(impl_->scheduler != nullptr, "fibers start once the loop runs");
  Record& record = impl_->allocate();
  record.name = name;
  record.body = std::move(body);
  record.cancelled = impl_->stopping;
  record.timed_out = false;
  ++impl_->live;
  impl_->make_ready(record);
  return handle_of(record);
}

Fiber* Loop::current() {
  SYNCHRODB_ASSERT(impl_->running != nullptr, "asked from within a fiber");
  return handle_of(*impl_->running);
}

bool Loop::park(Instant deadline) {
  SYNCHRODB_ASSERT(impl_->running != nullptr, "only fibers park: not the main one, no KJ callback");
  SYNCHRODB_ASSERT(std::uncaught_exceptions() == 0, "nobody parks in a destructor while unwinding");
  Record& record = *impl_->running;
  if (record.cancelled) throw Cancelled{};
  impl_->suspend(deadline);
  if (record.cancelled) throw Cancelled{};
  return !record.timed_out;
}

void Loop::wake(Fiber* fiber) {
  Record* record = impl_->find(fiber);
  if (record == nullptr || record->state != Record::State::kParked) return;
  impl_->make_ready(*record);
}

void Loop::cancel(Fiber* fiber) {
  Record* record = impl_->find(fiber);
  if (record == nullptr) return;
  record->cancelled = true;
  wake(fiber);
}

void Loop::beside(WorkerThread& thread, std::function<void()> work) {
  SYNCHRODB_ASSERT(impl_->running != nullptr, "only fibers wait for a thread");
  auto paf = kj::newPromiseAndCrossThreadFulfiller<void>();
  bool done = false;
  Fiber* const self = current();
  auto watched = paf.promise
                     .then([this, &done, self] {
                       done = true;
                       wake(self);
                     })
                     .eagerlyEvaluate(nullptr);
  thread.give({std::move(work), kj::mv(paf.fulfiller)});
  while (!done) impl_->suspend(kNever);
  if (impl_->running->cancelled) throw Cancelled{};
}

void Loop::at_end_of_turn(std::function<void()> callback) {
  impl_->end_of_turn.push_back(std::move(callback));
  impl_->notify();
}

void Loop::observe_turns(std::function<void(Duration)> observer) {
  impl_->turn_observer = std::move(observer);
}

Instant Loop::turn_began() const {
  return impl_->turn_began;
}

std::size_t Loop::live_fibers() const {
  return impl_->live;
}

}  // namespace synchrodb::net
