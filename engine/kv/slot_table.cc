#include "engine/kv/slot_table.h"

#include <algorithm>

#include "consensus/assert.h"
#include "engine/kv/memory.h"

namespace synchrodb {

std::size_t SlotTable::place(std::uint64_t hash, std::string_view key) const {
  std::size_t at = home(hash);
  const std::size_t end = cells_.size();
  while (at < end && cells_[at].record) {
    const Cell& cell = cells_[at];
    if (cell.hash > hash) break;
    if (cell.hash == hash && cell.record->key >= key) break;
    ++at;
  }
  return at;
}

Record* SlotTable::find(std::uint64_t hash, std::string_view key) const {
  const std::size_t end = cells_.size();
  for (std::size_t at = home(hash); at < end; ++at) {
    const Cell& cell = cells_[at];
    if (!cell.record || cell.hash > hash) return nullptr;
    if (cell.hash == hash && cell.record->key == key) return cell.record.get();
  }
  return nullptr;
}

void SlotTable::prefetch_cell(std::uint64_t hash) const {
  if (!cells_.empty()) __builtin_prefetch(&cells_[home(hash)]);
}

const SlotTable::Cell* SlotTable::likely_cell(std::uint64_t hash) const {
  for (std::size_t at = cells_.empty() ? 0 : home(hash); at < cells_.size(); ++at) {
    const Cell& cell = cells_[at];
    if (!cell.record || cell.hash > hash) return nullptr;
    if (cell.hash == hash) return &cell;
  }
  return nullptr;
}

void SlotTable::prefetch_record(std::uint64_t hash) const {
  const Cell* cell = likely_cell(hash);
  if (cell == nullptr) return;
  __builtin_prefetch(cell->record.get());
  __builtin_prefetch(reinterpret_cast<const char*>(cell->record.get()) + sizeof(Record) - 1);
}

void SlotTable::prefetch_key(std::uint64_t hash) const {
  const Cell* cell = likely_cell(hash);
  if (cell == nullptr) return;
  __builtin_prefetch(cell->record->key.data());
  __builtin_prefetch(cell->record->value.data());
}

Record* SlotTable::insert(std::uint64_t hash, std::unique_ptr<Record> record) {
  // At most three quarters full once there are more than two cells; the tail is not counted.
  const std::size_t homes = cells_.empty() ? 0 : std::size_t{1} << bits_;
  if (homes == 0) {
    resize(0);
  } else if ((count_ + 1) * 4 > homes * 3) {
    resize(bits_ + 1);
  }
  const std::size_t at = place(hash, record->key);
  std::size_t gap = at;
  while (gap < cells_.size() && cells_[gap].record) ++gap;
  if (gap == cells_.size()) cells_.emplace_back();
  std::move_backward(cells_.begin() + static_cast<std::ptrdiff_t>(at),
                     cells_.begin() + static_cast<std::ptrdiff_t>(gap),
                     cells_.begin() + static_cast<std::ptrdiff_t>(gap) + 1);
  Record* result = record.get();
  cells_[at] = Cell{hash, std::move(record)};
  ++count_;
  return result;
}

std::unique_ptr<Record> SlotTable::erase(std::uint64_t hash, std::string_view key) {
  std::size_t at = place(hash, key);
  SYNCHRODB_ASSERT(at < cells_.size() && cells_[at].record && cells_[at].record->key == key,
                   "only a key that is present can be erased");
  std::unique_ptr<Record> record = std::move(cells_[at].record);
  // Close the gap: whoever stands behind his home moves up.
  for (std::size_t next = at + 1; next < cells_.size(); ++next, ++at) {
    if (!cells_[next].record || home(cells_[next].hash) == next) break;
    cells_[at] = std::move(cells_[next]);
  }
  --count_;
  // Halving at an eighth leaves room between growth and shrinkage.
  if (count_ == 0) {
    cells_ = std::vector<Cell>();
    bits_ = 0;
  } else if (bits_ > 2 && std::size_t{count_} * 8 < (std::size_t{1} << bits_)) {
    resize(bits_ - 1);
  }
  return record;
}

std::size_t SlotTable::drop_last(std::size_t limit) {
  std::size_t dropped = 0;
  while (dropped < limit && count_ > 0) {
    if (cells_.back().record) {
      --count_;
      ++dropped;
    }
    cells_.pop_back();
  }
  return dropped;
}

std::size_t SlotTable::memory_bytes() const {
  return heap_block(cells_.capacity() * sizeof(Cell));
}

void SlotTable::resize(unsigned bits) {
  std::vector<Cell> old = std::move(cells_);
  bits_ = bits;
  cells_ = std::vector<Cell>();
  cells_.resize(std::size_t{1} << bits);
  // In ascending order, so each goes to its home or right behind its predecessor.
  std::size_t free = 0;
  for (Cell& cell : old) {
    if (!cell.record) continue;
    const std::size_t at = std::max(free, home(cell.hash));
    if (at >= cells_.size()) cells_.emplace_back();
    cells_[at] = std::move(cell);
    free = at + 1;
  }
}

std::size_t SlotTable::lower_bound(std::uint64_t hash) const {
  std::size_t at = cells_.empty() ? 0 : home(hash);
  while (at < cells_.size() && (!cells_[at].record || cells_[at].hash < hash)) ++at;
  return at;
}

std::size_t SlotTable::next(std::size_t position) const {
  while (position < cells_.size() && !cells_[position].record) ++position;
  return position;
}

}  // namespace synchrodb
