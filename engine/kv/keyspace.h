// All keys: one ordered table a hash slot, an index by expiry, and a running hash of everything.
//
// Slots come into being with their first key: an empty keyspace takes 2 KiB, and the first key of
// each 64 slots 2 KiB more (then 150 bytes each). The order (slot, hash, key) is fixed by the keys
// alone.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "engine/kv/changes.h"
#include "engine/kv/hash_slot.h"
#include "engine/kv/slot_table.h"

namespace synchrodb {

// A key with its hash and slot, computed once. The key's bytes belong to the caller.
struct KeyRef {
  KeyRef() = default;  // names nothing
  explicit KeyRef(std::string_view name);

  std::string_view key;
  std::uint64_t hash = 0;
  std::uint16_t slot = 0;
};

// A place in the order of all keys, between keys: 14 bits of slot above the upper 49 bits of the
// hash, so that it stays a positive 64-bit integer for every client. Zero is the start.
struct ScanCursor {
  std::uint64_t value = 0;
};

class KeyspaceSnapshot;

class Keyspace {
 public:
  Keyspace();
  ~Keyspace();
  Keyspace(Keyspace&&) noexcept;
  Keyspace& operator=(Keyspace&&) noexcept;

  // Null when absent. A key that is past its expiry but not yet removed is found: the caller
  // compares expiry_ms with its own "now". The pointer dies with the key; only the calls below
  // change what it points to.
  Record* find(const KeyRef& key);
  const Record* find(const KeyRef& key) const;

  // Asks the memory for all that finding these keys will touch, so that it comes for all of them at
  // once instead of one by one. Changes nothing.
  void prefetch(std::span<const KeyRef> keys) const;

  // The key must be absent.
  Record& insert(const KeyRef& key, std::string value, std::int64_t expiry_ms,
                 std::uint64_t version);
  void erase(const KeyRef& key);
  // Erases a present key and returns what it held.
  std::string take(const KeyRef& key);

  // Writes to a present key; `version` is the index of the entry that writes.
  void assign(Record& record, std::string_view value, std::int64_t expiry_ms,
              std::uint64_t version);
  void append(Record& record, std::string_view bytes, std::uint64_t version);
  // Overwrites from `offset`, after growing the value with zero bytes if it is too short.
  void overwrite(Record& record, std::size_t offset, std::string_view bytes, std::uint64_t version);
  void set_expiry(Record& record, std::int64_t expiry_ms, std::uint64_t version);

  // Removes keys whose expiry is before `now_ms`, in the order of their expiry, at most `limit`.
  // Returns how many.
  std::size_t remove_expired(std::int64_t now_ms, std::size_t limit);
  // The least expiry_ms of all keys, if any has one.
  std::optional<std::int64_t> earliest_expiry_ms() const;

  void clear();
  // Frees about `limit` keys, in no useful order, of a keyspace that nobody will look at again; so
  // that a large one need not be freed at once. True when nothing is left.
  bool dismantle(std::size_t limit);

  // A snapshot of the keys as they are now, to be read while writes go on (keyspace_snapshot.h).
  // Every write from here on must have a version above `version`, and no key has one now. At most
  // one at a time.
  void begin_snapshot(std::uint64_t version);
  // Appends some more of it to `out`, as KeyspaceSnapshot::next does; true when all keys are out,
  // and the snapshot is over.
  bool next_piece(std::size_t max_bytes, std::string& out);
  void end_snapshot();
  bool snapshot_active() const { return snapshot_ != nullptr; }

  // From here on notes the keys that are written; null: no longer. `touched` outlives its use.
  void note_writes(TouchedKeys* touched) { touched_ = touched; }

  std::size_t size() const { return size_; }
  // The memory of all this, as far as it can be told in O(1): keys, values, tables and the index by
  // expiry, with what the allocator adds. Not what a snapshot keeps aside.
  std::size_t memory_bytes() const;
  // The part of it that a key takes.
  static std::size_t memory_of(const Record& record);
  // A sum over the keys of a hash of (key, value, expiry, version).
  std::uint64_t digest() const { return digest_; }

  // Visits keys in order from `cursor` on until `visit` returns false; a group of keys that no
  // cursor can separate is never split. Returns the cursor to go on from; zero after the last key.
  // Whatever changes between calls: a key that is present throughout a scan is visited exactly
  // once.
  template <class Visit>
  ScanCursor scan(ScanCursor cursor, Visit&& visit) const;
  // Every key in order.
  template <class Visit>
  void for_each(Visit&& visit) const {
    scan({}, [&](const Record& record) {
      visit(record);
      return true;
    });
  }
  // The key with `rank` keys before it; rank < size().
  const Record& at_rank(std::size_t rank) const;

 private:
  friend class KeyspaceSnapshot;

  static constexpr std::uint32_t kPages = 256;
  static constexpr std::uint32_t kSlotsPerPage = kHashSlots / kPages;
  static constexpr int kCursorHashBits = 49;

  struct Page {
    std::array<SlotTable, kSlotsPerPage> slots;
    std::size_t keys = 0;
  };
  struct ByExpiry {
    std::int64_t expiry_ms;
    std::uint64_t hash;
    std::string_view key;  // the record's
    auto operator<=>(const ByExpiry&) const = default;
  };

  const SlotTable* table_of(const KeyRef& key) const {
    const auto& page = pages_[key.slot / kSlotsPerPage];
    return page ? &page->slots[key.slot % kSlotsPerPage] : nullptr;
  }

  using Pages = std::array<std::unique_ptr<Page>, kPages>;

  Page& page_of(std::uint16_t slot);
  // Takes a present key out of the tables and of all counts.
  std::unique_ptr<Record> unlink(const KeyRef& key);
  void note(std::string_view key) {
    if (touched_ != nullptr) [[unlikely]] {
      touched_->touch(key);
    }
  }
  // Before and after every change of a record: what it adds to the digest and to the memory.
  void count_out(const Record& record, std::uint64_t hash);
  void count_in(const Record& record, std::uint64_t hash);
  void move_expiry(Record& record, std::uint64_t hash, std::int64_t expiry_ms);
  void index_expiry(const Record& record, std::uint64_t hash);
  void unindex_expiry(const Record& record, std::uint64_t hash);

  Pages pages_;
  std::set<ByExpiry> by_expiry_;
  std::size_t size_ = 0;
  std::uint64_t digest_ = 0;
  std::size_t record_bytes_ = 0;
  std::size_t table_bytes_ = 0;
  std::unique_ptr<KeyspaceSnapshot> snapshot_;  // null: none is active
  TouchedKeys* touched_ = nullptr;
};

template <class Visit>
ScanCursor Keyspace::scan(ScanCursor cursor, Visit&& visit) const {
  std::uint64_t slot = cursor.value >> kCursorHashBits;
  constexpr int kShift = 64 - kCursorHashBits;
  std::uint64_t from = cursor.value << kShift;
  bool stop = false;
  std::uint64_t last = 0;  // the cursor group of the key visited last
  for (; slot < kHashSlots; ++slot, from = 0) {
    const Page* page = pages_[slot / kSlotsPerPage].get();
    if (page == nullptr || page->keys == 0) {
      slot |= kSlotsPerPage - 1;  // on to the next page
      continue;
    }
    const SlotTable& table = page->slots[slot % kSlotsPerPage];
    for (std::size_t at = table.lower_bound(from); at != table.end(); at = table.next(at + 1)) {
      const std::uint64_t group = slot << kCursorHashBits | table.hash_at(at) >> kShift;
      if (stop && group != last) return ScanCursor{group};
      last = group;
      if (!visit(table.record_at(at))) stop = true;
    }
  }
  return ScanCursor{0};
}

}  // namespace synchrodb
