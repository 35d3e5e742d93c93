#include "net/client/database_watch.h"

#include <deque>
#include <utility>

#include "consensus/assert.h"
#include "net/client/database_messages.h"
#include "net/client/node_link.h"

namespace synchrodb::net {
namespace {

// A node gives a sign of life every second.
constexpr kj::Duration kLook = 1 * kj::SECONDS;
constexpr kj::Duration kSilence = 5 * kj::SECONDS;

class WatchClient final : public DatabaseWatch {
 public:
  WatchClient(Dialer& dialer, std::vector<Destination> nodes, const DatabaseOptions& options,
              KeysOf keys, std::uint64_t from);
  ~WatchClient() noexcept(false) override;

  kj::Promise<std::uint64_t> begun() override { return begun_.addBranch(); }
  kj::Promise<WatchedChanges> next() override;

 private:
  // What a node calls. One for each node that the watch tries; only the newest one counts.
  class Receiver;

  struct Waiting {
    WatchedChanges changes;
    kj::Own<kj::PromiseFulfiller<void>> taken;
  };

  kj::Promise<void> run();
  kj::Promise<void> subscribe(kj::Own<NodeLink::Connection> connection);
  // Until the node ends the watch, falls silent or is gone.
  kj::Promise<void> follow(NodeLink::Connection& connection, wire::Watch::Client watch);
  kj::Promise<void> watch_for_silence();
  kj::Promise<void> again();
  kj::Promise<void> fail(const Error& error);
  // Fulfilled when the program has taken them.
  kj::Promise<void> deliver(WatchedChanges changes);
  void hand_over();

  kj::Timer& timer_;
  DatabaseOptions options_;
  NodeLink link_;
  KeysOf keys_;
  std::uint64_t next_;  // the first entry that was not told of; 0: from now on
  bool started_ = false;
  kj::Own<kj::PromiseFulfiller<std::uint64_t>> begin_;
  kj::ForkedPromise<std::uint64_t> begun_ = nullptr;
  Receiver* receiver_ = nullptr;
  kj::ForkedPromise<void> subscribed_ = nullptr;  // to the newest node that was asked
  kj::Own<kj::PromiseFulfiller<void>> ended_;
  kj::TimePoint heard_;
  std::deque<Waiting> queue_;                            // what the program has not taken yet
  kj::Own<kj::PromiseFulfiller<void>> drained_;          // null: nobody waits
  kj::Own<kj::PromiseFulfiller<WatchedChanges>> asked_;  // null: nobody waits
  kj::Promise<void> running_ = nullptr;
};

class WatchClient::Receiver final : public wire::Watcher::Server {
 public:
  explicit Receiver(WatchClient& owner) : owner_(&owner) { owner.receiver_ = this; }
  ~Receiver() noexcept(false) {
    if (current()) owner_->receiver_ = nullptr;
  }

  void abandon() { owner_ = nullptr; }

 protected:
  kj::Promise<void> changes(ChangesContext context) override;
  kj::Promise<void> end(EndContext) override;

 private:
  kj::Promise<void> take(ChangesContext& context);
  bool current() const { return owner_ != nullptr && owner_->receiver_ == this; }

  WatchClient* owner_;  // null: the watch is gone, or goes on elsewhere
};

kj::Promise<void> WatchClient::Receiver::changes(ChangesContext context) {
  if (!current()) return kj::READY_NOW;
  // A node may be quicker to tell than to say from where on.
  return owner_->subscribed_.addBranch().then(
      [this, context]() mutable { return current() ? take(context) : kj::READY_NOW; });
}

kj::Promise<void> WatchClient::Receiver::take(ChangesContext& context) {
  WatchClient& owner = *owner_;
  owner.heard_ = owner.timer_.now();
  const auto params = context.getParams();
  WatchedChanges told;
  told.up_to = params.getUpTo();
  for (const auto change : params.getChanges()) told.changes.push_back(read_change(change));
  owner.next_ = told.up_to + 1;
  context.releaseParams();
  if (told.changes.empty()) return kj::READY_NOW;
  return owner.deliver(std::move(told));
}

kj::Promise<void> WatchClient::Receiver::end(EndContext) {
  // Why makes no difference: whoever is asked to go on says whether anything was missed.
  if (current()) owner_->ended_->fulfill();
  return kj::READY_NOW;
}

WatchClient::WatchClient(Dialer& dialer, std::vector<Destination> nodes,
                         const DatabaseOptions& options, KeysOf keys, std::uint64_t from)
    : timer_(dialer.timer()),
      options_(options),
      link_(dialer, std::move(nodes), options.password, options.attempt_timeout),
      keys_(std::move(keys)),
      next_(from),
      heard_(timer_.now()) {
  auto paf = kj::newPromiseAndFulfiller<std::uint64_t>();
  begin_ = kj::mv(paf.fulfiller);
  begun_ = paf.promise.fork();
  running_ = run().eagerlyEvaluate(nullptr);
}

WatchClient::~WatchClient() noexcept(false) {
  if (receiver_ != nullptr) receiver_->abandon();
}

kj::Promise<WatchedChanges> WatchClient::next() {
  SYNCHRODB_ASSERT(asked_.get() == nullptr || !asked_->isWaiting(), "one next() at a time");
  auto paf = kj::newPromiseAndFulfiller<WatchedChanges>();
  asked_ = kj::mv(paf.fulfiller);
  hand_over();
  return kj::mv(paf.promise);
}

kj::Promise<void> WatchClient::deliver(WatchedChanges changes) {
  auto paf = kj::newPromiseAndFulfiller<void>();
  queue_.push_back({std::move(changes), kj::mv(paf.fulfiller)});
  hand_over();
  return kj::mv(paf.promise);
}

void WatchClient::hand_over() {
  if (queue_.empty() || asked_.get() == nullptr || !asked_->isWaiting()) return;
  Waiting first = std::move(queue_.front());
  queue_.pop_front();
  heard_ = timer_.now();
  asked_->fulfill(std::move(first.changes));
  first.taken->fulfill();
  if (queue_.empty() && drained_.get() != nullptr) drained_->fulfill();
}

kj::Promise<void> WatchClient::run() {
  return link_.get().then(
      [this](kj::Own<NodeLink::Connection> connection) { return subscribe(kj::mv(connection)); },
      [this](kj::Exception&& exception) {
        return link_.worth_another_attempt(exception) ? again() : fail(error_of(exception));
      });
}

kj::Promise<void> WatchClient::subscribe(kj::Own<NodeLink::Connection> connection) {
  if (receiver_ != nullptr) receiver_->abandon();
  auto request = connection->database.watchRequest();
  write_range(request.initRange(), keys_);
  request.setFrom(next_);
  request.setWatcher(kj::heap<Receiver>(*this));
  auto paf = kj::newPromiseAndFulfiller<void>();
  ended_ = kj::mv(paf.fulfiller);
  auto subscribed = kj::newPromiseAndFulfiller<void>();
  subscribed_ = subscribed.promise.fork();
  auto gate = std::make_shared<kj::Own<kj::PromiseFulfiller<void>>>(kj::mv(subscribed.fulfiller));
  auto line = std::make_shared<kj::Own<NodeLink::Connection>>(kj::mv(connection));
  auto over = std::make_shared<kj::Promise<void>>(kj::mv(paf.promise));
  return timer_.timeoutAfter(options_.attempt_timeout, request.send())
      .then(
          [this, line, over, gate](auto&& response) -> kj::Promise<void> {
            const Attempt attempt = read_outcome(response.getOutcome());
            if (attempt.answer.final) return fail({ErrorCode::kInvalid, attempt.answer.why});
            if (!attempt.answer.ok()) {
              link_.give_up(**line);
              return again();
            }
            const std::uint64_t begin = response.getBegin();
            if (!response.getComplete()) {
              // Nobody waits for this to be taken: there is one at most for each attempt.
              deliver({true, {}, begin - 1, {}}).detach([](kj::Exception&&) {});
            }
            next_ = begin;
            heard_ = timer_.now();
            (*gate)->fulfill();
            if (!std::exchange(started_, true)) begin_->fulfill(kj::cp(begin));
            return follow(**line, response.getWatch())
                .exclusiveJoin(kj::mv(*over))
                .then([this, line] { link_.give_up(**line); })
                .then([this] { return again(); });
          },
          [this, line](kj::Exception&& exception) {
            link_.give_up(**line);
            return link_.worth_another_attempt(exception) ? again() : fail(error_of(exception));
          });
}

kj::Promise<void> WatchClient::follow(NodeLink::Connection& connection, wire::Watch::Client watch) {
  return connection.rpc.onDisconnect().exclusiveJoin(watch_for_silence()).attach(kj::mv(watch));
}

kj::Promise<void> WatchClient::watch_for_silence() {
  return timer_.afterDelay(kLook).then([this]() -> kj::Promise<void> {
    // While the program takes its time, the node waits for it and is silent.
    if (queue_.empty() && timer_.now() - heard_ > kSilence) return kj::READY_NOW;
    return watch_for_silence();
  });
}

kj::Promise<void> WatchClient::again() {
  // Nothing piles up here for a program that does not take it.
  kj::Promise<void> drained = kj::READY_NOW;
  if (!queue_.empty()) {
    auto paf = kj::newPromiseAndFulfiller<void>();
    drained_ = kj::mv(paf.fulfiller);
    drained = kj::mv(paf.promise);
  }
  return drained.then([this] { return timer_.afterDelay(options_.pause); }).then([this] {
    return run();
  });
}

kj::Promise<void> WatchClient::fail(const Error& error) {
  if (!std::exchange(started_, true)) begin_->fulfill(kj::cp(next_));
  WatchedChanges last;
  last.failed = error.message;
  last.unreachable = error.code == ErrorCode::kUnavailable;
  last.up_to = next_ == 0 ? 0 : next_ - 1;
  return deliver(std::move(last));
}

}  // namespace

kj::Own<DatabaseWatch> make_database_watch(Dialer& dialer, std::vector<Destination> nodes,
                                           const DatabaseOptions& options, KeysOf keys,
                                           std::uint64_t from) {
  return kj::heap<WatchClient>(dialer, std::move(nodes), options, std::move(keys), from);
}

}  // namespace synchrodb::net
