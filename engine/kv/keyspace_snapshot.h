// The keys as they were at one moment, given out piece by piece while writes go on.
//
// Copy on write, a record at a time. Every record tells by its version whether it has been written
// since the snapshot began, so the snapshot needs no marks of its own:
//   - a live record of an old version is as it was: it is given out from where it stands;
//   - before the first write to a record that has not been given out yet, its content is kept
//   aside,
//     and is given out from there, at its place in the order;
//   - a live record of a new version is not part of the snapshot.
// Erased records are moved here rather than freed, FLUSHALL hands all its tables over. What is kept
// aside is freed as it is given out.
//
// The order of keys does not depend on anything that a write could change (slot_table.h), so the
// place reached is a (slot, hash, key), which stays right whatever happens to the tables.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/kv/keyspace.h"

namespace synchrodb {

class KeyspaceSnapshot {
 public:
  // All records have a version of at most `version` now, and above it once they are written.
  explicit KeyspaceSnapshot(std::uint64_t version) : version_(version) {}

  // Appends records to `out`, in the form of put_record() (snapshot_format.h), until `max_bytes`
  // (at least 1) have been added. Values are split where that falls; a key is not, so a piece may
  // be longer by one. True when the last record is out. The cost is that of the bytes.
  bool next(const Keyspace& keys, std::size_t max_bytes, std::string& out);

  // What the keyspace calls before a record changes in place; before its value is replaced, where
  // the old one may be taken instead of copied; when it has been erased; and with all its tables
  // when they have been emptied.
  void keep_copy(const Record& record, std::uint64_t hash);
  void keep_value(Record& record, std::uint64_t hash);
  void keep_erased(std::unique_ptr<Record> record, std::uint64_t hash);
  void keep_pages(Keyspace::Pages pages);

 private:
  struct Place {
    std::uint32_t slot;
    std::uint64_t hash;
    std::string_view key;
    auto operator<=>(const Place&) const = default;
  };

  // Whether the snapshot still needs the record as it is.
  bool needs(const Record& record, std::uint64_t hash) const;
  void keep(std::unique_ptr<Record> record, std::uint64_t hash);
  bool skip_empty_page();
  bool next_of_slot(const SlotTable* table, std::size_t limit, std::string& out);
  bool put(const Record& record, std::size_t limit, std::string& out);
  // The first record at or after `position` that is of the snapshot.
  std::size_t next_old(const SlotTable& table, std::size_t position) const;
  const Keyspace::Pages& pages(const Keyspace& keys) const {
    return flushed_ ? *flushed_ : keys.pages_;
  }

  std::uint64_t version_;
  // Everything before this place is out.
  std::uint32_t slot_ = 0;
  std::uint64_t hash_ = 0;
  std::string key_;
  // Of the record at this very place: the bytes of its value that are out; nothing: not begun.
  std::optional<std::size_t> begun_;
  // Old contents, each under the key that its record holds.
  std::map<Place, std::unique_ptr<Record>> kept_;
  std::optional<Keyspace::Pages> flushed_;  // the tables, once the keyspace has been emptied
};

}  // namespace synchrodb
