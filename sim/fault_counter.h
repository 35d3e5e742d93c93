// How often each fault was offered, applied and effective (design 6.3).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "sim/fault_table.h"

namespace synchrodb::sim {

struct FaultCounter {
  std::uint64_t offered = 0;    // occasions on which it might have struck
  std::uint64_t applied = 0;    // … and did
  std::uint64_t effective = 0;  // … and at the victim a delivered, persisted, timed or read value
                                // differed from the fault-free one
};

// One run's counters; the devices and the world add to it.
class FaultCounters {
 public:
  FaultCounter& operator[](FaultKind kind) { return counters_[static_cast<std::size_t>(kind)]; }
  const FaultCounter& operator[](FaultKind kind) const {
    return counters_[static_cast<std::size_t>(kind)];
  }

  void offer(FaultKind kind) { ++(*this)[kind].offered; }
  void apply(FaultKind kind) { ++(*this)[kind].applied; }
  void strike(FaultKind kind) { ++(*this)[kind].effective; }

 private:
  std::array<FaultCounter, static_cast<std::size_t>(FaultKind::kCount)> counters_{};
};

}  // namespace synchrodb::sim
