#include "sim/kernel/event_heap.h"

#include <algorithm>

namespace synchrodb::sim {

void EventHeap::grow() {
  const auto first = static_cast<std::uint32_t>(chunks_.size()) * kChunkSlots;
  SYNCHRODB_ASSERT(first + kChunkSlots <= kSlotMask, "too many pending events");
  chunks_.push_back(std::make_unique<Slot[]>(kChunkSlots));
  for (std::uint32_t i = kChunkSlots; i-- > 0;) {
    slot_at(first + i).next_free = free_;
    free_ = first + i;
  }
}

bool EventHeap::pending(EventId id) const {
  if (id.slot / kChunkSlots >= chunks_.size()) return false;
  const Slot& slot = slot_at(id.slot);
  return slot.generation == id.generation && slot.run != nullptr;
}

bool EventHeap::cancel(EventId id) {
  if (!pending(id)) return false;
  Slot& slot = slot_at(id.slot);
  // The key stays in the heap; the slot is freed when the key comes up.
  slot.run = nullptr;
  --live_;
  if (slot.destroy != nullptr) std::exchange(slot.destroy, nullptr)(slot.bytes);
  return true;
}

void EventHeap::push_key(Key key) {
  std::size_t hole = keys_.size();
  keys_.push_back(key);
  while (hole > 0) {
    const std::size_t parent = (hole - 1) / 4;
    if (!key.before(keys_[parent])) break;
    keys_[hole] = keys_[parent];
    hole = parent;
  }
  keys_[hole] = key;
}

void EventHeap::pop_key() {
  const Key last = keys_.back();
  keys_.pop_back();
  const std::size_t count = keys_.size();
  if (count == 0) return;
  std::size_t hole = 0;
  for (;;) {
    const std::size_t first = 4 * hole + 1;
    if (first >= count) break;
    const std::size_t end = std::min(first + 4, count);
    std::size_t least = first;
    for (std::size_t child = first + 1; child < end; ++child) {
      if (keys_[child].before(keys_[least])) least = child;
    }
    if (!keys_[least].before(last)) break;
    keys_[hole] = keys_[least];
    hole = least;
  }
  keys_[hole] = last;
}

void EventHeap::skip_cancelled() {
  while (!keys_.empty()) {
    const auto index = static_cast<std::uint32_t>(keys_.front().sequence_and_slot & kSlotMask);
    if (slot_at(index).run != nullptr) return;
    release_slot(index);
    pop_key();
  }
}

EventHeap::Popped EventHeap::pop() {
  const Key key = keys_.front();
  pop_key();
  --live_;
  return Popped{TrueTime{key.time}, key.sequence_and_slot >> kSlotBits,
                static_cast<std::uint32_t>(key.sequence_and_slot & kSlotMask)};
}

void EventHeap::run(const Popped& popped) {
  struct Finish {
    EventHeap& heap;
    std::uint32_t index;
    ~Finish() {
      Slot& slot = heap.slot_at(index);
      if (slot.destroy != nullptr) std::exchange(slot.destroy, nullptr)(slot.bytes);
      heap.release_slot(index);
    }
  } finish{*this, popped.slot};
  Slot& slot = slot_at(popped.slot);
  std::exchange(slot.run, nullptr)(slot.bytes);
}

void EventHeap::clear() {
  while (next_time() != kEndOfTime || !keys_.empty()) {
    if (keys_.empty()) break;
    const auto index = static_cast<std::uint32_t>(keys_.front().sequence_and_slot & kSlotMask);
    cancel(EventId{index, slot_at(index).generation});
  }
}

}  // namespace synchrodb::sim
