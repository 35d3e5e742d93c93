#include "engine/kv/keyspace_snapshot.h"

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "engine/kv/memory.h"
#include "engine/kv/snapshot_format.h"

namespace synchrodb {

// ---- what is kept aside ------------------------------------------------------------------------

bool KeyspaceSnapshot::needs(const Record& record, std::uint64_t hash) const {
  if (record.version > version_) return false;
  return Place{hash_slot(record.key), hash, record.key} >= Place{slot_, hash_, key_};
}

void KeyspaceSnapshot::keep(std::unique_ptr<Record> record, std::uint64_t hash) {
  const Place place{hash_slot(record->key), hash, record->key};
  kept_.emplace(place, std::move(record));
}

void KeyspaceSnapshot::keep_copy(const Record& record, std::uint64_t hash) {
  if (needs(record, hash)) keep(std::make_unique<Record>(record), hash);
}

void KeyspaceSnapshot::keep_value(Record& record, std::uint64_t hash) {
  if (!needs(record, hash)) return;
  auto old = std::make_unique<Record>();
  old->key = record.key;
  // The value to come may be a view of the old one: a buffer that moves stays where it is, a short
  // string inside its object does not.
  old->value = heap_of(record.value) > 0 ? std::exchange(record.value, {}) : record.value;
  old->expiry_ms = record.expiry_ms;
  old->version = record.version;
  keep(std::move(old), hash);
}

void KeyspaceSnapshot::keep_erased(std::unique_ptr<Record> record, std::uint64_t hash) {
  if (needs(*record, hash)) keep(std::move(record), hash);
}

void KeyspaceSnapshot::keep_pages(Keyspace::Pages pages) {
  // Once is enough: later tables hold nothing of the snapshot.
  if (!flushed_) flushed_ = std::move(pages);
}

// ---- giving out --------------------------------------------------------------------------------

bool KeyspaceSnapshot::next(const Keyspace& keys, std::size_t max_bytes, std::string& out) {
  SYNCHRODB_ASSERT(max_bytes > 0, "a piece without a byte leads nowhere");
  const std::size_t limit = out.size() + max_bytes;
  for (; slot_ < kHashSlots; ++slot_, hash_ = 0, key_.clear()) {
    const Keyspace::Page* page = pages(keys)[slot_ / Keyspace::kSlotsPerPage].get();
    if ((page == nullptr || page->keys == 0) && skip_empty_page()) continue;
    const std::size_t in_page = slot_ % Keyspace::kSlotsPerPage;
    if (!next_of_slot(page != nullptr ? &page->slots[in_page] : nullptr, limit, out)) return false;
    if (flushed_ && page != nullptr) {
      (*flushed_)[slot_ / Keyspace::kSlotsPerPage]->slots[in_page] = SlotTable();
    }
  }
  return true;
}

// To the last slot of the page, if nothing of it was kept aside.
bool KeyspaceSnapshot::skip_empty_page() {
  const std::uint32_t last = slot_ | (Keyspace::kSlotsPerPage - 1);
  if (!kept_.empty() && kept_.begin()->first.slot <= last) return false;
  slot_ = last;
  return true;
}

// Two ascending sequences become one: the live records of old versions, and those kept aside.
bool KeyspaceSnapshot::next_of_slot(const SlotTable* table, std::size_t limit, std::string& out) {
  static const SlotTable kEmpty;
  const SlotTable& live = table != nullptr ? *table : kEmpty;
  std::size_t at = next_old(live, live.lower_bound(hash_));
  while (at != live.end() && live.hash_at(at) == hash_ && live.record_at(at).key < key_) {
    at = next_old(live, at + 1);
  }
  while (true) {
    auto kept = kept_.begin();
    const bool from_kept =
        kept != kept_.end() && kept->first.slot == slot_ &&
        (at == live.end() || kept->first < Place{slot_, live.hash_at(at), live.record_at(at).key});
    if (!from_kept && at == live.end()) return true;
    const Record& record = from_kept ? *kept->second : live.record_at(at);
    const bool whole = put(record, limit, out);
    if (!whole || out.size() >= limit) {
      hash_ = from_kept ? kept->first.hash : live.hash_at(at);
      key_ = record.key;
      if (!whole) return false;
      key_.push_back('\0');  // the least key above it
    }
    if (from_kept) {
      kept_.erase(kept);
    } else {
      at = next_old(live, at + 1);
    }
    if (out.size() >= limit) return false;
  }
}

std::size_t KeyspaceSnapshot::next_old(const SlotTable& table, std::size_t position) const {
  position = table.next(position);
  while (position != table.end() && table.record_at(position).version > version_) {
    position = table.next(position + 1);
  }
  return position;
}

// True when all of the record is out.
bool KeyspaceSnapshot::put(const Record& record, std::size_t limit, std::string& out) {
  if (!begun_) {
    put_record_head(record, out);
    begun_ = 0;
  }
  const std::size_t room = limit - std::min(limit, out.size());
  const std::size_t part = std::min(room, record.value.size() - *begun_);
  out.append(record.value, *begun_, part);
  *begun_ += part;
  if (*begun_ < record.value.size()) return false;
  put_record_tail(record, out);
  begun_.reset();
  return true;
}

}  // namespace synchrodb
