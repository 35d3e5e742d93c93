#include "engine/kv/change_history.h"

#include <algorithm>
#include <span>
#include <utility>

#include "consensus/assert.h"

namespace synchrodb {
namespace {

bool keeps_value(const Change& change) {
  return change.record != nullptr && change.record->value.size() <= ChangeHistory::kMaxValueBytes;
}

std::size_t text_size(std::span<const Change> changes) {
  std::size_t bytes = 0;
  for (const Change& change : changes) {
    bytes += change.key.size() + (keeps_value(change) ? change.record->value.size() : 0);
  }
  return bytes;
}

// A view of what is appended to `text`, which has room for it.
std::string_view keep(std::string& text, std::string_view bytes) {
  const std::size_t at = text.size();
  text += bytes;
  return std::string_view(text).substr(at);
}

RememberedChange remember(const Change& change, std::string& text) {
  RememberedChange kept;
  kept.key = keep(text, change.key);
  kept.gone = change.record == nullptr;
  if (kept.gone) return kept;
  kept.value_omitted = !keeps_value(change);
  if (!kept.value_omitted) kept.value = keep(text, change.record->value);
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
  entry->text.reserve(text_size(changes.keys));
  for (const Change& change : changes.keys) {
    entry->changes.push_back(remember(change, entry->text));
  }
  entry->bytes =
      sizeof(RememberedEntry) + changes.keys.size() * sizeof(RememberedChange) + entry->text.size();
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
