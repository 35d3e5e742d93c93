// Which parked fiber is due when.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "consensus/types.h"

namespace synchrodb::net {

// A heap of (deadline, fiber). An item is not removed when its fiber is woken early: whoever pops
// it sees from `ticket` that it is out of date.
class TimerQueue {
 public:
  struct Item {
    Instant deadline;
    std::uint32_t fiber = 0;
    std::uint64_t ticket = 0;  // of the park that it belongs to
    bool operator>(const Item& other) const { return deadline > other.deadline; }
  };

  void push(const Item& item) {
    items_.push_back(item);
    std::push_heap(items_.begin(), items_.end(), std::greater<>());
  }
  bool empty() const { return items_.empty(); }
  const Item& earliest() const { return items_.front(); }
  Item pop() {
    std::pop_heap(items_.begin(), items_.end(), std::greater<>());
    const Item item = items_.back();
    items_.pop_back();
    return item;
  }

  // Drops the items that `stale` names, once they are most of the heap.
  template <class Stale>
  void sweep(std::size_t live, Stale stale) {
    if (items_.size() < kFewToSweep || items_.size() < 4 * live) return;
    std::erase_if(items_, stale);
    std::make_heap(items_.begin(), items_.end(), std::greater<>());
  }

 private:
  static constexpr std::size_t kFewToSweep = 1024;
  std::vector<Item> items_;
};

}  // namespace synchrodb::net
