#include "net/server/database_watch.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "engine/env/sync.h"

namespace synchrodb::net {
namespace {

// A call to a watcher: so many bytes, exceeded by one entry at most.
constexpr std::size_t kBatchBytes = std::size_t{256} << 10;
constexpr std::size_t kBatchEntries = 4096;
// Entries looked at in one go, whether or not they concern the watch.
constexpr std::size_t kMostVisited = 10'000;
constexpr Duration kSignOfLife = seconds(1);
constexpr Duration kLeaderPatience = seconds(5);
constexpr kj::Duration kWatcherPatience = 30 * kj::SECONDS;
constexpr kj::Duration kFarewellPatience = 5 * kj::SECONDS;

capnp::Data::Reader bytes(std::string_view text) {
  return {reinterpret_cast<const kj::byte*>(text.data()), text.size()};
}

Index before(Index index) {
  return Index{index.value - 1};
}

// The changes of some entries that concern a watch.
struct Batch {
  struct Item {
    std::shared_ptr<const RememberedEntry> entry;  // keeps `change` alive
    const RememberedChange* change;                // null: everything was cleared
  };
  std::vector<Item> items;
  Index up_to;
  bool complete = true;  // up to what the node has applied
};

void fill(wire::Change::Builder out, const Batch::Item& item) {
  out.setIndex(item.entry->index.value);
  if (item.change == nullptr) return out.setCleared();
  const RememberedChange& change = *item.change;
  if (change.gone) return out.setDeleted(bytes(change.key));
  auto record = out.initPut();
  record.setKey(bytes(change.key));
  record.setValue(bytes(change.value));
  record.setVersion(change.version);
  record.setExpiryMs(change.expiry_ms);
  out.setValueOmitted(change.value_omitted);
}

}  // namespace

// One watch. Shared by its fiber and by the capability that the client holds.
class Watching {
 public:
  Watching(WatchRegistry& registry, KeyRange range, Index begin, wire::Watcher::Client watcher)
      : registry_(registry),
        parts_(registry.parts_),
        range_(std::move(range)),
        next_(begin),
        watcher_(kj::mv(watcher)),
        news_(parts_.loop) {}

  ~Watching() { std::erase(registry_.sleeping_, this); }

  // The fiber's body; returns when the watch is over.
  void run();
  void wake() { news_.set(); }
  void drop() {
    dropped_ = true;
    wake();
  }

 private:
  struct End {
    wire::Watcher::Reason reason;
    const char* why;
  };

  std::optional<End> reason_to_end();
  Batch gather() const;
  // False: the watcher is gone, or has not answered.
  bool tell(const Batch& batch);
  void say_farewell(const End& end);
  void sleep(Instant until);

  WatchRegistry& registry_;
  const DatabaseParts& parts_;
  KeyRange range_;
  Index next_;  // the first entry that the watcher has not been told of
  wire::Watcher::Client watcher_;
  Event news_;
  Instant told_;  // when the watcher last heard of us
  Instant leader_seen_;
  bool dropped_ = false;
};

void Watching::run() {
  told_ = leader_seen_ = monotonic_now();
  while (!dropped_) {
    if (const auto end = reason_to_end()) return say_farewell(*end);
    const Batch batch = gather();
    if (batch.items.empty()) {
      next_ = std::max(next_, batch.up_to.next());
      if (!batch.complete) {
        sleep_until(parts_.loop, monotonic_now());  // others' turn
        continue;
      }
      if (monotonic_now() < told_ + kSignOfLife) {
        sleep(told_ + kSignOfLife);
        continue;
      }
    }
    if (!tell(batch)) return;
  }
}

std::optional<Watching::End> Watching::reason_to_end() {
  if (registry_.closed()) {
    return End{wire::Watcher::Reason::SHUTDOWN, "the node shuts down"};
  }
  if (next_ < parts_.history.begin()) {
    return End{wire::Watcher::Reason::FELL_BEHIND,
               "the changes that come next are not remembered any more"};
  }
  const Instant now = monotonic_now();
  if (parts_.replica()->protocol().status().leader) leader_seen_ = now;
  if (now - leader_seen_ > kLeaderPatience) {
    return End{wire::Watcher::Reason::NO_LEADER, "the node has known no leader for 5 seconds"};
  }
  return std::nullopt;
}

Batch Watching::gather() const {
  Batch batch;
  std::size_t taken = 0;
  Index from = next_;
  for (std::size_t visited = 0;; ++visited) {
    const auto entry = parts_.history.at_or_after(from);
    if (entry == nullptr) break;
    if (taken >= kBatchBytes || batch.items.size() >= kBatchEntries || visited >= kMostVisited) {
      batch.up_to = before(entry->index);
      batch.complete = false;
      return batch;
    }
    if (entry->cleared) batch.items.push_back({entry, nullptr});
    for (const RememberedChange& change : entry->changes) {
      if (!range_.contains(change.key)) continue;
      batch.items.push_back({entry, &change});
      taken += change.key.size() + change.value.size();
    }
    from = entry->index.next();
  }
  // Nothing is applied without being remembered, so everything has been told of.
  const Index applied = parts_.replica()->state_machine().applied();
  batch.up_to = std::max(applied, before(next_));
  return batch;
}

bool Watching::tell(const Batch& batch) {
  auto request = watcher_.changesRequest();
  auto changes = request.initChanges(static_cast<unsigned>(batch.items.size()));
  for (unsigned i = 0; i < changes.size(); ++i) fill(changes[i], batch.items[i]);
  request.setUpTo(batch.up_to.value);
  try {
    parts_.loop.await(
        parts_.loop.timer().timeoutAfter(kWatcherPatience, request.send().ignoreResult()));
  } catch (const kj::Exception&) {
    return false;
  }
  next_ = batch.up_to.next();
  told_ = monotonic_now();
  return true;
}

void Watching::say_farewell(const End& end) {
  auto request = watcher_.endRequest();
  request.setReason(end.reason);
  request.setWhy(end.why);
  try {
    parts_.loop.await(
        parts_.loop.timer().timeoutAfter(kFarewellPatience, request.send().ignoreResult()));
  } catch (const kj::Exception&) {
    return;  // who does not hear it sees the connection end
  }
}

void Watching::sleep(Instant until) {
  registry_.sleeping_.push_back(this);
  news_.wait(until);
  std::erase(registry_.sleeping_, this);
}

// ---- The registry ------------------------------------------------------------------------------

namespace {

// What the client holds.
class Handle final : public wire::Watch::Server {
 public:
  explicit Handle(std::shared_ptr<Watching> watching) : watching_(std::move(watching)) {}
  ~Handle() noexcept(false) { watching_->drop(); }

 private:
  std::shared_ptr<Watching> watching_;
};

}  // namespace

WatchRegistry::WatchRegistry(const DatabaseParts& parts) : parts_(parts) {
  parts_.history.on_news([this] {
    for (Watching* watching : std::exchange(sleeping_, {})) watching->wake();
  });
}

WatchRegistry::~WatchRegistry() {
  parts_.history.on_news([] {});
}

wire::Watch::Client WatchRegistry::start(KeyRange range, Index begin, wire::Watcher::Client watcher,
                                         std::function<void()> ended) {
  auto watching = std::make_shared<Watching>(*this, std::move(range), begin, kj::mv(watcher));
  ++count_;
  // Counted while the fiber lives, however it ends.
  auto over = std::shared_ptr<void>(nullptr, [this, ended = std::move(ended)](void*) {
    --count_;
    ended();
  });
  parts_.loop.spawn("watch", [watching, over] { watching->run(); });
  return kj::heap<Handle>(std::move(watching));
}

void WatchRegistry::shut_down() {
  closed_ = true;
  for (Watching* watching : std::exchange(sleeping_, {})) watching->wake();
}

}  // namespace synchrodb::net
