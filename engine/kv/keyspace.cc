#include "engine/kv/keyspace.h"

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/hash.h"
#include "engine/kv/keyspace_snapshot.h"
#include "engine/kv/memory.h"

namespace synchrodb {
namespace {

// A value's hash is a sum over chunks, so that APPEND and SETRANGE cost what they write, not what
// is there already.
constexpr std::size_t kChunk = 4096;

// The part of a value's hash that stands for the chunks with bytes in [from, to).
std::uint64_t hash_of_chunks(std::string_view value, std::size_t from, std::size_t to) {
  std::uint64_t sum = 0;
  for (std::size_t chunk = from / kChunk; chunk * kChunk < to; ++chunk) {
    sum += hash_mix(chunk, stable_hash(value.substr(chunk * kChunk, kChunk)));
  }
  return sum;
}

std::uint64_t hash_of_value(std::string_view value) {
  return hash_of_chunks(value, 0, value.size());
}

std::uint64_t hash_of_record(const Record& record, std::uint64_t key_hash) {
  std::uint64_t h = hash_mix(key_hash, record.value_hash);
  h = hash_mix(h, static_cast<std::uint64_t>(record.expiry_ms));
  return hash_mix(h, record.version);
}

// Hands the memory of a small value in a large buffer back.
void trim(std::string& value) {
  if (value.capacity() > 1024 && value.capacity() / 4 > value.size()) value.shrink_to_fit();
}

}  // namespace

KeyRef::KeyRef(std::string_view name) : key(name), hash(stable_hash(name)), slot(hash_slot(name)) {}

Keyspace::Keyspace() = default;
Keyspace::~Keyspace() = default;
Keyspace::Keyspace(Keyspace&&) noexcept = default;
Keyspace& Keyspace::operator=(Keyspace&&) noexcept = default;

Keyspace::Page& Keyspace::page_of(std::uint16_t slot) {
  auto& page = pages_[slot / kSlotsPerPage];
  if (!page) {
    page = std::make_unique<Page>();
    table_bytes_ += heap_block(sizeof(Page));
  }
  return *page;
}

const Record* Keyspace::find(const KeyRef& key) const {
  const SlotTable* table = table_of(key);
  return table != nullptr ? table->find(key.hash, key.key) : nullptr;
}

void Keyspace::prefetch(std::span<const KeyRef> keys) const {
  for (const KeyRef& key : keys) {
    if (const SlotTable* table = table_of(key)) __builtin_prefetch(table);
  }
  for (const auto stage :
       {&SlotTable::prefetch_cell, &SlotTable::prefetch_record, &SlotTable::prefetch_key}) {
    for (const KeyRef& key : keys) {
      if (const SlotTable* table = table_of(key)) (table->*stage)(key.hash);
    }
  }
}

Record* Keyspace::find(const KeyRef& key) {
  return const_cast<Record*>(std::as_const(*this).find(key));
}

void Keyspace::index_expiry(const Record& record, std::uint64_t hash) {
  if (record.expiry_ms != kNoExpiry) by_expiry_.insert({record.expiry_ms, hash, record.key});
}

void Keyspace::unindex_expiry(const Record& record, std::uint64_t hash) {
  if (record.expiry_ms != kNoExpiry) by_expiry_.erase({record.expiry_ms, hash, record.key});
}

void Keyspace::move_expiry(Record& record, std::uint64_t hash, std::int64_t expiry_ms) {
  if (record.expiry_ms == expiry_ms) return;
  unindex_expiry(record, hash);
  record.expiry_ms = expiry_ms;
  index_expiry(record, hash);
}

void Keyspace::count_out(const Record& record, std::uint64_t hash) {
  digest_ -= hash_of_record(record, hash);
  record_bytes_ -= memory_of(record);
}

void Keyspace::count_in(const Record& record, std::uint64_t hash) {
  digest_ += hash_of_record(record, hash);
  record_bytes_ += memory_of(record);
}

Record& Keyspace::insert(const KeyRef& key, std::string value, std::int64_t expiry_ms,
                         std::uint64_t version) {
  note(key.key);
  auto fresh = std::make_unique<Record>();
  fresh->key = key.key;
  fresh->value = std::move(value);
  fresh->expiry_ms = expiry_ms;
  fresh->version = version;
  fresh->value_hash = hash_of_value(fresh->value);
  Page& page = page_of(key.slot);
  SlotTable& table = page.slots[key.slot % kSlotsPerPage];
  table_bytes_ -= table.memory_bytes();
  Record& record = *table.insert(key.hash, std::move(fresh));
  table_bytes_ += table.memory_bytes();
  ++page.keys;
  ++size_;
  count_in(record, key.hash);
  index_expiry(record, key.hash);
  return record;
}

std::unique_ptr<Record> Keyspace::unlink(const KeyRef& key) {
  note(key.key);
  Page& page = page_of(key.slot);
  SlotTable& table = page.slots[key.slot % kSlotsPerPage];
  table_bytes_ -= table.memory_bytes();
  std::unique_ptr<Record> record = table.erase(key.hash, key.key);
  table_bytes_ += table.memory_bytes();
  count_out(*record, key.hash);
  unindex_expiry(*record, key.hash);
  --page.keys;
  --size_;
  return record;
}

void Keyspace::erase(const KeyRef& key) {
  std::unique_ptr<Record> record = unlink(key);
  if (snapshot_ != nullptr) [[unlikely]] {
    snapshot_->keep_erased(std::move(record), key.hash);
  }
}

std::string Keyspace::take(const KeyRef& key) {
  std::unique_ptr<Record> record = unlink(key);
  if (snapshot_ == nullptr) return std::move(record->value);
  std::string value = record->value;
  snapshot_->keep_erased(std::move(record), key.hash);
  return value;
}

void Keyspace::assign(Record& record, std::string_view value, std::int64_t expiry_ms,
                      std::uint64_t version) {
  note(record.key);
  const std::uint64_t key_hash = stable_hash(record.key);
  count_out(record, key_hash);
  if (snapshot_ != nullptr) [[unlikely]] {
    snapshot_->keep_value(record, key_hash);
  }
  move_expiry(record, key_hash, expiry_ms);
  record.value.assign(value);
  trim(record.value);
  record.value_hash = hash_of_value(record.value);
  record.version = version;
  count_in(record, key_hash);
}

void Keyspace::append(Record& record, std::string_view bytes, std::uint64_t version) {
  overwrite(record, record.value.size(), bytes, version);
}

void Keyspace::overwrite(Record& record, std::size_t offset, std::string_view bytes,
                         std::uint64_t version) {
  note(record.key);
  const std::uint64_t key_hash = stable_hash(record.key);
  count_out(record, key_hash);
  if (snapshot_ != nullptr) [[unlikely]] {
    snapshot_->keep_copy(record, key_hash);
  }
  std::string& value = record.value;
  const std::size_t end = offset + bytes.size();
  // Everything from here on changes: what is overwritten, or what is added past the old end.
  const std::size_t from = std::min(offset, value.size());
  record.value_hash -= hash_of_chunks(value, from, std::min(value.size(), end));
  if (offset == value.size()) {
    value.append(bytes);
  } else {
    if (end > value.size()) value.resize(end);
    bytes.copy(value.data() + offset, bytes.size());
  }
  record.value_hash += hash_of_chunks(value, from, end);
  record.version = version;
  count_in(record, key_hash);
}

void Keyspace::set_expiry(Record& record, std::int64_t expiry_ms, std::uint64_t version) {
  note(record.key);
  const std::uint64_t key_hash = stable_hash(record.key);
  count_out(record, key_hash);
  if (snapshot_ != nullptr) [[unlikely]] {
    snapshot_->keep_copy(record, key_hash);
  }
  move_expiry(record, key_hash, expiry_ms);
  record.version = version;
  count_in(record, key_hash);
}

std::size_t Keyspace::remove_expired(std::int64_t now_ms, std::size_t limit) {
  std::size_t removed = 0;
  for (; removed < limit && !by_expiry_.empty() && by_expiry_.begin()->expiry_ms < now_ms;
       ++removed) {
    // The index refers to the record's own key, which dies with it.
    const std::string key(by_expiry_.begin()->key);
    erase(KeyRef(key));
  }
  return removed;
}

std::optional<std::int64_t> Keyspace::earliest_expiry_ms() const {
  if (by_expiry_.empty()) return std::nullopt;
  return by_expiry_.begin()->expiry_ms;
}

void Keyspace::clear() {
  if (touched_ != nullptr) touched_->clear_all();
  Pages gone = std::exchange(pages_, {});
  by_expiry_.clear();
  size_ = 0;
  digest_ = 0;
  record_bytes_ = 0;
  table_bytes_ = 0;
  if (snapshot_ != nullptr) snapshot_->keep_pages(std::move(gone));
}

bool Keyspace::dismantle(std::size_t limit) {
  snapshot_.reset();
  for (std::size_t n = 0; n < limit && !by_expiry_.empty(); ++n) {
    by_expiry_.erase(by_expiry_.begin());
  }
  if (!by_expiry_.empty()) return false;  // it refers to the keys
  for (auto& page : pages_) {
    if (!page) continue;
    for (SlotTable& table : page->slots) {
      if (limit == 0) return false;
      limit -= table.drop_last(limit);
      if (table.size() > 0) return false;
    }
    page.reset();
  }
  return true;
}

void Keyspace::begin_snapshot(std::uint64_t version) {
  SYNCHRODB_ASSERT(snapshot_ == nullptr, "one snapshot at a time");
  snapshot_ = std::make_unique<KeyspaceSnapshot>(version);
}

bool Keyspace::next_piece(std::size_t max_bytes, std::string& out) {
  SYNCHRODB_ASSERT(snapshot_ != nullptr, "pieces are of a snapshot that has begun");
  if (!snapshot_->next(*this, max_bytes, out)) return false;
  snapshot_.reset();
  return true;
}

void Keyspace::end_snapshot() {
  snapshot_.reset();
}

std::size_t Keyspace::memory_of(const Record& record) {
  std::size_t bytes = heap_block(sizeof(Record)) + heap_of(record.key) + heap_of(record.value);
  // A node of the index by expiry: three pointers and a colour beside the value.
  if (record.expiry_ms != kNoExpiry) bytes += heap_block(4 * sizeof(void*) + sizeof(ByExpiry));
  return bytes;
}

std::size_t Keyspace::memory_bytes() const {
  return sizeof(Keyspace) + record_bytes_ + table_bytes_;
}

const Record& Keyspace::at_rank(std::size_t rank) const {
  SYNCHRODB_ASSERT(rank < size_, "there are not that many keys");
  for (const auto& page : pages_) {
    if (!page || page->keys <= rank) {
      rank -= page ? page->keys : 0;
      continue;
    }
    for (const SlotTable& table : page->slots) {
      if (table.size() <= rank) {
        rank -= table.size();
        continue;
      }
      std::size_t at = table.begin();
      for (; rank > 0; --rank) at = table.next(at + 1);
      return table.record_at(at);
    }
  }
  SYNCHRODB_ASSERT(false, "the counts of keys do not add up");
  __builtin_unreachable();
}

}  // namespace synchrodb
