#include "sim/check/transactions/register_order.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>

#include "sim/check/transactions/for_each_key.h"

namespace synchrodb::check {

RegisterOrder::RegisterOrder(const VersionIndex& index, Use use, std::size_t most_pairs)
    : index_(index), most_pairs_(most_pairs) {
  find_touches();
  const bool real_time = use.time && index.history().knows_real_time();
  for (std::uint32_t key = 0; key < index.history().key_count(); ++key) {
    add_data(key, use.updates);
    if (use.time) add_processes(key);
    if (real_time) add_realtime(key);
  }
  sort_pairs();
}

void RegisterOrder::find_touches() {
  const TransactionHistory& history = index_.history();
  std::vector<std::uint32_t> keys;
  std::vector<Touch> unsorted;
  for_each_key(history, [&](TransactionId id, std::span<const std::uint32_t> micros) {
    const Outcome outcome = history[id].outcome;
    if (outcome != Outcome::kOk && outcome != Outcome::kInfo) return;
    Touch touch{id, kNoVersion, kNoVersion, false};
    for (const std::uint32_t micro : micros) {
      const MicroOperation& one = history.micros()[micro];
      if (!index_.is_external(micro) || index_.version_of(micro) == kNoVersion) continue;
      if (one.is_read() && outcome != Outcome::kOk) continue;
      touch.read_then_wrote |= touch.first != kNoVersion && !one.is_read();
      if (touch.first == kNoVersion) touch.first = index_.version_of(micro);
      touch.last = index_.version_of(micro);
    }
    if (touch.first == kNoVersion) return;
    keys.push_back(history.micros()[micros.front()].key());
    unsorted.push_back(touch);
  });
  first_touch_.assign(history.key_count() + 1, 0);
  for (const std::uint32_t key : keys) ++first_touch_[key + 1];
  for (std::size_t i = 1; i < first_touch_.size(); ++i) first_touch_[i] += first_touch_[i - 1];
  std::vector<std::uint32_t> next(first_touch_.begin(), first_touch_.end() - 1);
  touches_.resize(unsorted.size());
  for (std::size_t i = 0; i < unsorted.size(); ++i) touches_[next[keys[i]]++] = unsorted[i];
}

void RegisterOrder::add(VersionId from, VersionId to, Basis basis) {
  // Nothing comes before the initial state; whoever says so is convicted by who read it.
  if (from == to || to == kNoVersion || index_.value(to) == kAbsentValue) return;
  if (pairs_.size() < most_pairs_) {
    pairs_.push_back({from, to, basis});
  } else {
    complete_ = false;
  }
}

void RegisterOrder::add_data(std::uint32_t key, bool updates) {
  const VersionId initial = index_.initial(key);
  // Versions that another one, with a writer, comes before: they follow the initial state anyway.
  std::vector<bool> has_earlier(index_.end(key) - initial, false);
  for (const Touch& touch : touches(key)) {
    if (!updates || !touch.read_then_wrote) continue;
    add(touch.first, touch.last, Basis::kUpdate);
    if (touch.first != initial && index_.possible_writer(touch.first) != kNoTransaction) {
      has_earlier[touch.last - initial] = true;
    }
  }
  for (VersionId version = initial + 1; version < index_.end(key); ++version) {
    if (!has_earlier[version - initial]) add(initial, version, Basis::kObserved);
  }
}

void RegisterOrder::add_processes(std::uint32_t key) {
  const TransactionHistory& history = index_.history();
  // The last touch of each process that completed.
  absl::flat_hash_map<std::int32_t, VersionId> last;
  for (const Touch& touch : touches(key)) {
    const Transaction& one = history[touch.transaction];
    const auto [before, fresh] = last.try_emplace(one.process, kNoVersion);
    if (!fresh && before->second != kNoVersion) add(before->second, touch.first, Basis::kProcess);
    if (one.outcome == Outcome::kOk) before->second = touch.last;
  }
}

void RegisterOrder::add_realtime(std::uint32_t key) {
  const TransactionHistory& history = index_.history();
  const std::span<const Touch> all = touches(key);
  const auto began_after = [&](EventOrder order) {
    return static_cast<std::size_t>(
        std::partition_point(
            all.begin(), all.end(),
            [&](const Touch& one) { return history[one.transaction].invoke_order <= order; }) -
        all.begin());
  };
  // By place: the earliest completion from there on. What begins after that follows by
  // transitivity.
  std::vector<EventOrder> earliest(all.size() + 1, kNeverCompleted);
  for (std::size_t i = all.size(); i-- > 0;) {
    earliest[i] = std::min(earliest[i + 1], history[all[i].transaction].complete_order);
  }
  for (const Touch& touch : all) {
    const EventOrder completed = history[touch.transaction].complete_order;
    if (completed == kNeverCompleted) continue;
    const std::size_t begin = began_after(completed);
    const std::size_t end =
        earliest[begin] == kNeverCompleted ? all.size() : began_after(earliest[begin]);
    for (std::size_t i = begin; i < end && complete_; ++i) {
      add(touch.last, all[i].first, Basis::kRealtime);
    }
  }
}

void RegisterOrder::sort_pairs() {
  std::sort(pairs_.begin(), pairs_.end(), [](const Pair& a, const Pair& b) {
    if (a.from != b.from) return a.from < b.from;
    if (a.to != b.to) return a.to < b.to;
    return a.basis < b.basis;
  });
  // The strongest basis of each pair stays.
  pairs_.erase(
      std::unique(pairs_.begin(), pairs_.end(),
                  [](const Pair& a, const Pair& b) { return a.from == b.from && a.to == b.to; }),
      pairs_.end());
  first_.assign(index_.version_count() + 1, 0);
  next_.reserve(pairs_.size());
  for (const Pair& pair : pairs_) {
    ++first_[pair.from + 1];
    next_.push_back({pair.to, pair.basis});
  }
  for (std::size_t i = 1; i < first_.size(); ++i) first_[i] += first_[i - 1];
  pairs_ = {};
}

std::uint32_t RegisterOrder::key_of(VersionId version) const {
  std::uint32_t low = 0;
  auto high = static_cast<std::uint32_t>(index_.history().key_count());
  while (low + 1 < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    (index_.initial(middle) <= version ? low : high) = middle;
  }
  return low;
}

std::optional<RegisterOrder::Reason> RegisterOrder::reason(VersionId earlier,
                                                           const Next& later) const {
  const TransactionHistory& history = index_.history();
  const std::span<const Touch> all = touches(key_of(earlier));
  if (later.basis == Basis::kObserved) return std::nullopt;
  if (later.basis == Basis::kUpdate) {
    for (const Touch& touch : all) {
      if (touch.read_then_wrote && touch.first == earlier && touch.last == later.version) {
        return Reason{touch.transaction, touch.transaction};
      }
    }
    return std::nullopt;
  }
  for (const Touch& a : all) {
    const Transaction& one = history[a.transaction];
    if (a.last != earlier || one.outcome != Outcome::kOk) continue;
    for (const Touch& b : all) {
      const Transaction& other = history[b.transaction];
      const bool after = other.invoke_order > one.complete_order;
      const bool related = later.basis == Basis::kRealtime || other.process == one.process;
      if (b.first == later.version && after && related) return Reason{a.transaction, b.transaction};
    }
  }
  return std::nullopt;
}

std::size_t RegisterOrder::memory_bytes() const {
  return touches_.capacity() * sizeof(Touch) + next_.capacity() * sizeof(Next) +
         (first_.capacity() + first_touch_.capacity()) * sizeof(std::uint32_t);
}

}  // namespace synchrodb::check
