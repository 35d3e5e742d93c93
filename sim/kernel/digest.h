// The rolling hash by which two runs are compared.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "consensus/hash.h"
#include "sim/kernel/true_time.h"

namespace synchrodb::sim {

// What is fed, for the first differing entry to say what it was. Numbers are stable.
enum class DigestKind : std::uint8_t {
  kEvent = 1,    // kernel: (sequence number, 0)
  kFiber = 2,    // kernel: (task id, 0)
  kSend = 3,     // network: (link, packet number)
  kDeliver = 4,  // network: (link, packet number)
  kDrop = 5,     // network: (link, packet number)
  kDisk = 6,     // disk: (node and operation, detail)
  kClock = 7,    // clock: (node, detail)
  kWorld = 8,    // world: whatever it likes
};

// A 64-bit hash over everything that happened, in order. Two runs of one plan must agree in it, on
// every machine and in every build type; a first difference is found in two steps: compare the
// checkpoints of both runs, then record() the entries between the last equal and the first unequal.
class Digest {
 public:
  struct Checkpoint {
    std::uint64_t count = 0;  // entries fed before it
    TrueTime time;
    std::uint64_t value = 0;
    bool operator==(const Checkpoint&) const = default;
  };
  struct Entry {
    std::uint64_t count = 0;
    TrueTime time;
    DigestKind kind = DigestKind::kWorld;
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    bool operator==(const Entry&) const = default;
  };

  void feed(TrueTime time, DigestKind kind, std::uint64_t a, std::uint64_t b) {
    const auto stamp = static_cast<std::uint64_t>(time.ns) * 16 + static_cast<std::uint64_t>(kind);
    value_ = hash_mix(value_ ^ stamp, a * 0x9fb21c651e98df25ULL + b);
    if (count_++ == watch_) [[unlikely]] {
      observe(Entry{count_ - 1, time, kind, a, b});
    }
  }

  std::uint64_t value() const { return value_; }
  // How many entries were fed.
  std::uint64_t count() const { return count_; }

  // Notes a checkpoint every `interval` entries, from now on; 0: none.
  void checkpoint_every(std::uint64_t interval);
  // Keeps the entries numbered [from, to).
  void record(std::uint64_t from, std::uint64_t to);

  const std::vector<Checkpoint>& checkpoints() const { return checkpoints_; }
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  static constexpr std::uint64_t kNothing = ~std::uint64_t{0};

  void observe(const Entry& entry);
  void choose_watch();

  std::uint64_t value_ = 0;
  std::uint64_t count_ = 0;
  std::uint64_t watch_ =
      kNothing;  // the next entry that is of interest: one comparison when none is
  std::uint64_t interval_ = 0;
  std::uint64_t next_checkpoint_ = kNothing;
  std::uint64_t record_from_ = kNothing;
  std::uint64_t record_to_ = 0;
  std::vector<Checkpoint> checkpoints_;
  std::vector<Entry> entries_;
};

// The first index at which the two sequences differ, one ending before the other included; nothing
// when they are equal.
template <class T>
std::optional<std::size_t> first_difference(const std::vector<T>& left,
                                            const std::vector<T>& right) {
  const std::size_t common = left.size() < right.size() ? left.size() : right.size();
  for (std::size_t i = 0; i < common; ++i) {
    if (!(left[i] == right[i])) return i;
  }
  if (left.size() != right.size()) return common;
  return std::nullopt;
}

}  // namespace synchrodb::sim
