// Updates on top of what should not have been there, updates that vanish, and values that come
// each before the other.
#include <algorithm>
#include <optional>

#include "sim/check/transactions/components.h"
#include "sim/check/transactions/for_each_key.h"
#include "sim/check/transactions/phenomena.h"
#include "sim/check/transactions/words.h"

namespace synchrodb::check {

void find_dirty_updates(const VersionIndex& index, PhenomenonSink& sink) {
  const TransactionHistory& history = index.history();
  if (history.kind() != TransactionKind::kListAppend) return;
  for (std::uint32_t key = 0; key < history.key_count(); ++key) {
    // The last append of a transaction that failed, if none that completed followed.
    std::optional<VersionId> aborted;
    for (VersionId version = index.initial(key) + 1; version <= index.last_ordered(key);
         ++version) {
      const TransactionId writer = index.writer(version);
      if (writer == kNoTransaction) continue;
      const Outcome outcome = history[writer].outcome;
      if (outcome == Outcome::kFail || outcome == Outcome::kRefused) {
        if (!aborted) aborted = version;
      } else if (outcome == Outcome::kOk) {
        if (aborted) {
          sink.report(Anomaly::kDirtyUpdate, key, {writer, index.writer(*aborted)}, [&] {
            return "T1 appended " + history.print(index.value(version)) + " to " +
                   print_key(history, key) + " on top of T2's " +
                   history.print(index.value(*aborted)) + ", but T2 failed";
          });
        }
        aborted.reset();
      }
    }
  }
}

namespace {

// A transaction that read a version, and wrote the key thereafter.
struct Update {
  VersionId read;
  TransactionId transaction;
  std::uint32_t key;
};

std::vector<Update> find_updates(const VersionIndex& index) {
  const TransactionHistory& history = index.history();
  std::vector<Update> updates;
  for_each_key(history, [&](TransactionId id, std::span<const std::uint32_t> micros) {
    if (micros.size() < 2 || history[id].outcome != Outcome::kOk) return;
    const MicroOperation& first = history.micros()[micros.front()];
    const VersionId version = index.version_of(micros.front());
    if (!first.is_known_read() || version == kNoVersion) return;
    const bool writes = std::any_of(micros.begin(), micros.end(), [&](std::uint32_t micro) {
      return !history.micros()[micro].is_read();
    });
    if (writes) updates.push_back({version, id, first.key()});
  });
  std::sort(updates.begin(), updates.end(), [](const Update& a, const Update& b) {
    return a.read != b.read ? a.read < b.read : a.transaction < b.transaction;
  });
  return updates;
}

}  // namespace

void find_lost_updates(const VersionIndex& index, PhenomenonSink& sink) {
  const TransactionHistory& history = index.history();
  const std::vector<Update> updates = find_updates(index);
  for (std::size_t i = 0; i < updates.size();) {
    const Update& first = updates[i];
    std::vector<TransactionId> all;
    for (; i < updates.size() && updates[i].read == first.read; ++i) {
      all.push_back(updates[i].transaction);
    }
    if (all.size() < 2) continue;
    const std::size_t count = all.size();
    sink.report(Anomaly::kLostUpdate, first.key, std::move(all), [&] {
      const std::string who = count == 2 ? "T1 and T2 both" : "T1 to T" + std::to_string(count);
      return who + " read " + print_key(history, first.key) +
             (index.value(first.read) == kAbsentValue
                  ? " in its initial state"
                  : " as of the write of " + history.print(index.value(first.read))) +
             ", and each wrote it: only one can have done so before the others read it";
    });
  }
}

void find_cyclic_versions(const VersionIndex& index, const RegisterOrder& order,
                          PhenomenonSink& sink) {
  const TransactionHistory& history = index.history();
  const Components components =
      strong_components(static_cast<std::uint32_t>(index.version_count()),
                        [&](VersionId version, std::uint32_t* position) {
                          const std::span<const RegisterOrder::Next> all = order.next(version);
                          while (*position < all.size()) {
                            const RegisterOrder::Next& next = all[(*position)++];
                            if (next.basis <= Basis::kUpdate) return next.version;
                          }
                          return kNoNode;
                        });
  if (components.nontrivial.empty()) return;
  for (std::uint32_t key = 0; key < history.key_count(); ++key) {
    std::vector<std::pair<std::uint32_t, VersionId>> cyclic;
    for (VersionId version = index.initial(key); version < index.end(key); ++version) {
      if (!components.is_nontrivial(version)) continue;
      cyclic.emplace_back(components.number[version], version);
    }
    std::sort(cyclic.begin(), cyclic.end());
    for (std::size_t i = 0; i < cyclic.size();) {
      const std::uint32_t component = cyclic[i].first;
      std::vector<TransactionId> writers;
      std::vector<ValueId> values;
      for (; i < cyclic.size() && cyclic[i].first == component; ++i) {
        values.push_back(index.value(cyclic[i].second));
        const TransactionId writer = index.writer(cyclic[i].second);
        if (writer != kNoTransaction) writers.push_back(writer);
      }
      std::sort(writers.begin(), writers.end());
      writers.erase(std::unique(writers.begin(), writers.end()), writers.end());
      sink.report(Anomaly::kCyclicVersions, key, std::move(writers), [&] {
        return "of the values " + print_list(history, values) + " of " + print_key(history, key) +
               " each came before each, by what transactions read and wrote";
      });
    }
  }
}

}  // namespace synchrodb::check
