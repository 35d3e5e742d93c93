// The recent changes of a group's keys, as far as a fixed number of bytes holds them: what watches
// are served from. Nothing is kept for a watch; it is a place in the history, and one that falls
// off the history's end has fallen behind.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "consensus/types.h"
#include "engine/kv/changes.h"

namespace synchrodb {

// Its views are into the entry that remembers it.
struct RememberedChange {
  std::string_view key;
  bool gone = false;           // the rest means nothing
  bool value_omitted = false;  // it is too large to be remembered
  std::string_view value;
  std::int64_t expiry_ms = kNoExpiry;
  std::uint64_t version = 0;
};

// As EntryChanges. One block of memory for all keys and values: there is an entry for each write.
struct RememberedEntry {
  RememberedEntry() = default;
  RememberedEntry(const RememberedEntry&) = delete;
  RememberedEntry& operator=(const RememberedEntry&) = delete;

  Index index;
  bool cleared = false;
  std::vector<RememberedChange> changes;
  std::string text;
  std::size_t bytes = 0;  // what remembering it costs
};

class ChangeHistory final : public ChangeListener {
 public:
  static constexpr std::size_t kMaxValueBytes = std::size_t{1} << 20;

  explicit ChangeHistory(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // Called after something was remembered or forgotten; must not park.
  void on_news(std::function<void()> callback) { news_ = std::move(callback); }

  // The least index from which on every change that was applied is remembered.
  Index begin() const { return begin_; }
  std::size_t bytes() const { return bytes_; }
  // The first remembered entry at or after `from`; null: there is none (yet).
  std::shared_ptr<const RememberedEntry> at_or_after(Index from) const;

  void on_changes(const EntryChanges& changes) override;
  void on_replaced(Index applied) override;

 private:
  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  Index begin_{1};
  std::deque<std::shared_ptr<const RememberedEntry>> entries_;  // by index
  std::function<void()> news_ = [] {};
};

}  // namespace synchrodb
