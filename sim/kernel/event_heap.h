// The heap of future events, ordered by (virtual time, sequence number).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "consensus/assert.h"
#include "sim/kernel/true_time.h"

namespace synchrodb::sim {

// Names a scheduled event; stays harmless after the event has run or was cancelled.
struct EventId {
  std::uint32_t slot = ~std::uint32_t{0};
  std::uint32_t generation = 0;
  bool operator==(const EventId&) const = default;
};

// A 4-ary implicit heap of 16-byte keys over a pool of callables that never move: sifting touches
// one cache line a level, and an event's callable lives inside its 64-byte slot, so that nothing is
// allocated once the pool has grown. (A 4-ary heap halves the levels of a binary one at the price
// of three comparisons within one line: LaMarca and Ladner, "The influence of caches on the
// performance of heaps", 1996.)
class EventHeap {
 public:
  // What a callable may capture. Bigger state belongs into the device that schedules the event.
  static constexpr std::size_t kCallableBytes = 40;

  EventHeap() = default;
  EventHeap(const EventHeap&) = delete;
  EventHeap& operator=(const EventHeap&) = delete;
  ~EventHeap() { clear(); }

  // Events of equal time run in the order in which they were pushed.
  template <class F>
  EventId push(TrueTime time, F&& callable) {
    using Callable = std::decay_t<F>;
    static_assert(sizeof(Callable) <= kCallableBytes, "an event captures too much");
    static_assert(alignof(Callable) <= 8);
    const std::uint32_t index = take_slot();
    Slot& slot = slot_at(index);
    ::new (static_cast<void*>(slot.bytes)) Callable(std::forward<F>(callable));
    slot.run = [](void* bytes) { (*std::launder(reinterpret_cast<Callable*>(bytes)))(); };
    if constexpr (std::is_trivially_destructible_v<Callable>) {
      slot.destroy = nullptr;
    } else {
      slot.destroy = [](void* bytes) {
        std::launder(reinterpret_cast<Callable*>(bytes))->~Callable();
      };
    }
    push_key(Key{time.ns, (next_sequence_++ << kSlotBits) | index});
    ++live_;
    return EventId{index, slot.generation};
  }

  // Destroys the callable now; false when the event is not scheduled any more.
  bool cancel(EventId id);
  bool pending(EventId id) const;

  // How many events will still run.
  std::size_t size() const { return live_; }
  bool empty() const { return live_ == 0; }
  // When the earliest event is due; kEndOfTime when there is none.
  TrueTime next_time() {
    skip_cancelled();
    return keys_.empty() ? kEndOfTime : TrueTime{keys_.front().time};
  }

  // The earliest event taken off the heap. Its callable stays in its slot until finish().
  struct Popped {
    TrueTime time;
    std::uint64_t sequence;
    std::uint32_t slot;
  };
  // next_time() must have been called since the last change, and must not have been kEndOfTime.
  Popped pop();
  // Runs the popped event and frees its slot, even if the callable throws.
  void run(const Popped& popped);

  void clear();

 private:
  static constexpr unsigned kSlotBits = 24;
  static constexpr std::uint64_t kSlotMask = (std::uint64_t{1} << kSlotBits) - 1;
  static constexpr std::uint32_t kChunkSlots = 256;

  struct Key {
    std::int64_t time;
    std::uint64_t sequence_and_slot;  // the sequence number in the high bits decides ties
    bool before(const Key& other) const {
      return time != other.time ? time < other.time : sequence_and_slot < other.sequence_and_slot;
    }
  };

  struct Slot {
    void (*run)(void*) = nullptr;  // null: cancelled, running or free
    void (*destroy)(void*) = nullptr;
    alignas(8) std::byte bytes[kCallableBytes];
    std::uint32_t generation = 0;
    std::uint32_t next_free = 0;
  };
  static_assert(sizeof(Slot) == 64);

  Slot& slot_at(std::uint32_t index) { return chunks_[index / kChunkSlots][index % kChunkSlots]; }
  const Slot& slot_at(std::uint32_t index) const {
    return chunks_[index / kChunkSlots][index % kChunkSlots];
  }
  std::uint32_t take_slot() {
    if (free_ == kNoSlot) grow();
    const std::uint32_t index = free_;
    free_ = slot_at(index).next_free;
    return index;
  }
  void release_slot(std::uint32_t index) {
    Slot& slot = slot_at(index);
    ++slot.generation;
    slot.next_free = free_;
    free_ = index;
  }
  void grow();
  void push_key(Key key);
  void pop_key();
  void skip_cancelled();

  static constexpr std::uint32_t kNoSlot = ~std::uint32_t{0};

  std::vector<Key> keys_;
  std::vector<std::unique_ptr<Slot[]>> chunks_;
  std::uint32_t free_ = kNoSlot;
  std::uint64_t next_sequence_ = 0;
  std::size_t live_ = 0;
};

}  // namespace synchrodb::sim
