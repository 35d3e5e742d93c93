// A small table from values to numbers, made to be emptied and filled again for each key.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/check/transactions/transaction_history.h"

namespace synchrodb::check {

class ValueTable {
 public:
  static constexpr std::uint32_t kNone = 0xffffffffU;

  // Empties it, with room for `values`.
  void reset(std::size_t values) {
    std::size_t size = 16;
    while (size < 2 * values) size *= 2;
    slots_.assign(size, {0, kNone});
  }

  // The number of `value`; the first time that is `number`.
  std::uint32_t find_or_add(ValueId value, std::uint32_t number) {
    Slot& slot = slots_[place(value)];
    if (slot.number == kNone) slot = {value, number};
    return slot.number;
  }

  // kNone if it is not there.
  std::uint32_t find(ValueId value) const { return slots_[place(value)].number; }

 private:
  struct Slot {
    ValueId value;
    std::uint32_t number;
  };

  std::size_t place(ValueId value) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = (value * 0x9e3779b97f4a7c15U >> 20) & mask;
    while (slots_[at].number != kNone && slots_[at].value != value) at = (at + 1) & mask;
    return at;
  }

  std::vector<Slot> slots_;
};

}  // namespace synchrodb::check
