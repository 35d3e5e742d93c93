// A set of search configurations that keeps only the undominated ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace synchrodb::check {

// Shape of a configuration, in 64-bit words:
//   word 0                 the state
//   masks words            open operations that have taken effect, a bit for each slot
//   counts words           per class of unanswered operations, how many have taken effect:
//                          packed fields, each with a spare guard bit above it that is 0
struct ConfigShape {
  std::size_t masks = 1;
  std::size_t counts = 0;
  std::size_t words() const { return 1 + masks + counts; }
};

// Configuration A dominates B if both have the same state and the same changes done, A has at
// least B's observers done, and A has used no more unanswered operations of any class: whatever B
// can still explain, A can too (Lowe, Testing for Linearizability, 2017, and Knossos' counters).
class ConfigSet {
 public:
  // `guards`: for each count word, the guard bits.
  void reset(ConfigShape shape, std::vector<std::uint64_t> guards);
  void clear();

  // False if a configuration of the set dominates it. Otherwise it is added, and those that it
  // dominates die. `observers`: for each mask word, the slots that only observe.
  bool insert(const std::uint64_t* config, std::span<const std::uint64_t> observers);
  // Adds without looking: for configurations known to be undominated.
  void append(const std::uint64_t* config);

  std::size_t size() const { return live_; }
  // All ever added since the last clear, the dead included.
  std::size_t slots() const { return dead_.size(); }
  bool dead(std::size_t slot) const { return dead_[slot] != 0; }
  std::uint64_t* at(std::size_t slot) { return words_.data() + slot * shape_.words(); }
  std::size_t memory_bytes() const;
  // Comparisons made so far: what insertions cost.
  std::uint64_t comparisons() const { return comparisons_; }

 private:
  enum class Order : std::uint8_t { kUnrelated, kFirst, kSecond };

  // The words that must agree, hashed.
  std::uint64_t hash(const std::uint64_t* config, std::span<const std::uint64_t> observers) const;
  Order compare(const std::uint64_t* first, const std::uint64_t* second,
                std::span<const std::uint64_t> observers) const;
  bool counts_at_most(const std::uint64_t* first, const std::uint64_t* second) const;
  void rehash(std::span<const std::uint64_t> observers);

  struct Bucket {
    std::uint32_t head = 0;        // 1 + slot
    std::uint32_t generation = 0;  // buckets of earlier generations are empty
  };

  ConfigShape shape_;
  std::vector<std::uint64_t> guards_;
  std::vector<std::uint64_t> words_;
  std::vector<std::uint8_t> dead_;
  std::vector<std::uint32_t> next_;  // 1 + slot
  std::vector<Bucket> buckets_;
  std::uint32_t generation_ = 0;
  std::size_t live_ = 0;
  std::uint64_t comparisons_ = 0;
};

}  // namespace synchrodb::check
