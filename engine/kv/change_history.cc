#include "engine/kv/change_history.h"

#include <utility>

#include "consensus/assert.h"

namespace synchrodb {
namespace {

RememberedChange remember(const Change& change) {
  RememberedChange kept;
  kept.key = change.key;
  kept.gone = change.record == nullptr;
  if (kept.gone) return kept;
  kept.value_omitted = change.record->value.size() > ChangeHistory::kMaxValueBytes;
  if (!kept.value_omitted) kept.value = change.record->value;
  kept.expiry_ms = change.record->expiry_ms;
  kept.version = change.record->version;
  return kept;
}

}  // namespace

std::shared_ptr<const RememberedEntry> ChangeHistory::at_or_after(Index from) const {
  const auto found =
      std::lower_bound(entries_.begin(), entries_.end(), from,
                       [](const auto& entry, Index index) { return entry->index < index; });
  return found != entries_.end() ? *found : nullptr;
}

void ChangeHistory::on_changes(const EntryChanges& changes) {
  SYNCHRODB_ASSERT(entries_.empty() || changes.index > entries_.back()->index,
                   "changes are told of in the order of the log");
  auto entry = std::make_shared<RememberedEntry>();
  entry->index = changes.index;
  entry->cleared = changes.cleared;
  entry->changes.reserve(changes.keys.size());
  entry->bytes = sizeof(RememberedEntry) + changes.keys.size() * sizeof(RememberedChange);
  for (const Change& change : changes.keys) {
    const RememberedChange& kept = entry->changes.emplace_back(remember(change));
    entry->bytes += kept.key.size() + kept.value.size();
  }
  bytes_ += entry->bytes;
  entries_.push_back(std::move(entry));
  // The newest goes as well if it alone is too much: everybody has fallen behind then.
  while (bytes_ > max_bytes_) {
    begin_ = entries_.front()->index.next();
    bytes_ -= entries_.front()->bytes;
    entries_.pop_front();
  }
  news_();
}

void ChangeHistory::on_replaced(Index applied) {
  entries_.clear();
  bytes_ = 0;
  begin_ = applied.next();
  news_();
}

}  // namespace synchrodb
