// What entries change, for whoever follows the keys of a state machine: the watches of the client
// API. A state machine without a listener pays one branch a write.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "consensus/types.h"
#include "engine/kv/slot_table.h"

namespace synchrodb {

// A key after the entry that wrote it. Valid during the call that tells of it.
struct Change {
  std::string_view key;
  const Record* record;  // null: the key is gone; deleted, or expired and removed
};

// What one entry changed. Each key is named once, in order, with what the whole entry left of it; a
// key that the entry created and deleted again is reported as gone.
struct EntryChanges {
  Index index;
  bool cleared;  // every key was removed, before what `keys` tells
  std::span<const Change> keys;
};

// Called by the fiber that applies; must not park.
class ChangeListener {
 public:
  virtual ~ChangeListener() = default;
  // The next entry that changed anything; in the order of the log.
  virtual void on_changes(const EntryChanges& changes) = 0;
  // The state is another one now, that of a snapshot at `applied`: what changed up to there is not
  // told.
  virtual void on_replaced(Index applied) = 0;
};

// The keys that an entry touches while it is applied; Keyspace writes it.
class TouchedKeys {
 public:
  void touch(std::string_view key) {
    places_.push_back({text_.size(), key.size()});
    text_ += key;
  }
  // All keys were removed: what was touched before does not matter any more.
  void clear_all() {
    reset();
    cleared_ = true;
  }

  bool none() const { return places_.empty() && !cleared_; }
  bool cleared() const { return cleared_; }
  // In order, each once. Valid until the next change.
  std::span<const std::string_view> sorted() {
    sorted_.clear();
    for (const Place& place : places_) {
      sorted_.push_back(std::string_view(text_).substr(place.at, place.size));
    }
    std::sort(sorted_.begin(), sorted_.end());
    sorted_.erase(std::unique(sorted_.begin(), sorted_.end()), sorted_.end());
    return sorted_;
  }
  // Keeps ordinary buffers for the next entry and hands huge ones back.
  void reset() {
    if (std::max(text_.capacity() / kOrdinaryKey, places_.capacity()) > kKept) *this = {};
    text_.clear();
    places_.clear();
    sorted_.clear();
    cleared_ = false;
  }

 private:
  static constexpr std::size_t kKept = 4096;  // keys
  static constexpr std::size_t kOrdinaryKey = 64;

  struct Place {
    std::size_t at;
    std::size_t size;
  };

  std::string text_;  // the keys, one after the other
  std::vector<Place> places_;
  std::vector<std::string_view> sorted_;
  bool cleared_ = false;
};

}  // namespace synchrodb
