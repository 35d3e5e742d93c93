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
  void touch(std::string_view key) { keys_.emplace_back(key); }
  // All keys were removed: what was touched before does not matter any more.
  void clear_all() {
    keys_.clear();
    cleared_ = true;
  }

  bool none() const { return keys_.empty() && !cleared_; }
  bool cleared() const { return cleared_; }
  // In order, each once.
  const std::vector<std::string>& sorted() {
    std::sort(keys_.begin(), keys_.end());
    keys_.erase(std::unique(keys_.begin(), keys_.end()), keys_.end());
    return keys_;
  }
  void reset() {
    keys_.clear();
    cleared_ = false;
  }

 private:
  std::vector<std::string> keys_;
  bool cleared_ = false;
};

}  // namespace synchrodb
