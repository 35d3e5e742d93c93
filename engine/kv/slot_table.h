// The keys of one hash slot: an open-addressed table whose cells are sorted by hash.
//
// A key's home is given by the upper bits of its hash, collisions go to the next cells, and the
// cells are kept in ascending order of (hash, key) (ordered hash tables, Amble and Knuth 1974). So
// a lookup is a hash table's, while an iteration visits the keys in an order that depends on the
// keys alone: not on the table's size, nor on the order of insertions. SCAN cursors, snapshots and
// migration rest on that. A table with one key costs one small allocation.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace synchrodb {

inline constexpr std::int64_t kNoExpiry = -1;

// A key and what it holds. Its address is stable while the key exists.
struct Record {
  std::string key;
  std::string value;
  std::int64_t expiry_ms = kNoExpiry;  // absolute; gone once the stamp is past it
  std::uint64_t version = 0;           // index of the entry that wrote it last
  std::uint64_t value_hash = 0;        // hash_of_value(value)
};

class SlotTable {
 public:
  // Null when absent.
  Record* find(std::uint64_t hash, std::string_view key) const;
  // What find() will touch, in the order in which it does: each asks the memory for one thing,
  // which must have come before the next is asked for. They are for many keys at once, in step.
  void prefetch_cell(std::uint64_t hash) const;
  void prefetch_record(std::uint64_t hash) const;
  void prefetch_key(std::uint64_t hash) const;
  // The key must be absent.
  Record* insert(std::uint64_t hash, std::unique_ptr<Record> record);
  // The key must be present. Gives the record back.
  std::unique_ptr<Record> erase(std::uint64_t hash, std::string_view key);

  // Frees records, at most `limit`, in a table that is only to be emptied: nothing but this and
  // size() may be called from then on. Returns how many.
  std::size_t drop_last(std::size_t limit);

  std::size_t size() const { return count_; }
  // Of the cells, without the records.
  std::size_t memory_bytes() const;

  // Iteration in ascending (hash, key): the position of the first key whose hash is at least
  // `hash`, and of the next key at or after `position`; end() past the last. Positions die with the
  // next insertion or erasure.
  std::size_t lower_bound(std::uint64_t hash) const;
  std::size_t next(std::size_t position) const;
  std::size_t begin() const { return next(0); }
  std::size_t end() const { return cells_.size(); }
  const Record& record_at(std::size_t position) const { return *cells_[position].record; }
  std::uint64_t hash_at(std::size_t position) const { return cells_[position].hash; }

 private:
  struct Cell {
    std::uint64_t hash = 0;
    std::unique_ptr<Record> record;  // null: the cell is empty
  };

  std::size_t home(std::uint64_t hash) const {
    return bits_ == 0 ? 0 : static_cast<std::size_t>(hash >> (64 - bits_));
  }
  // The first cell of those that may hold `hash`, if its record may be the one.
  const Cell* likely_cell(std::uint64_t hash) const;
  // Where the key is or would be inserted.
  std::size_t place(std::uint64_t hash, std::string_view key) const;
  void resize(unsigned bits);

  // 2^bits_ home cells and as many more at the end as the last collisions needed.
  std::vector<Cell> cells_;
  std::uint32_t count_ = 0;
  std::uint32_t bits_ = 0;
};

}  // namespace synchrodb
