// Algorithm "zones": registers whose every value is written once.
//
// Gibbons and Korach, Testing Shared Memories (SIAM J. Comput. 1997), section 4; the form used
// here is that of Golab, Li and Shah, Analyzing Consistency Properties for Fun and Profit (2011).
//
// All operations on one value (its write and the reads that saw it) form a cluster. Let f be the
// least completion in the cluster and s the greatest invocation. If f < s the value must have been
// in the register during the whole of [f, s]: a forward zone. Otherwise all its operations overlap
// in [s, f], and one moment of it suffices: a backward zone. The history is linearizable iff
//   1. every read has its write, and does not complete before that write is invoked,
//   2. no two forward zones overlap,
//   3. no backward zone lies within a forward zone.
// The initial value counts as written before everything; a write that may never have happened
// counts if somebody read it.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/check/problem.h"

namespace synchrodb::check {

class Zones {
 public:
  enum class Answer : std::uint8_t { kNotApplicable, kValid, kInvalid };

  // O(n log n). After kInvalid, `certificate()` holds the steps (at most four) that contradict
  // each other.
  Answer run(const Problem& problem);
  const std::vector<std::uint32_t>& certificate() const { return certificate_; }
  std::uint64_t steps() const { return steps_; }

 private:
  // Events shifted by one, so that 0 is "before everything".
  struct Cluster {
    std::uint64_t least_complete = ~std::uint64_t{0};
    std::uint64_t greatest_invoke = 0;
    std::uint64_t write_invoke = 0;
    std::uint32_t first_to_complete = 0;  // step, or kInitial
    std::uint32_t last_to_invoke = 0;
    std::uint32_t write = 0;
    bool written = false;
    bool read = false;
    bool must_be_written = false;
  };

  bool build(const Problem& problem);
  bool reads_have_their_writes(const Problem& problem);
  bool zones_are_compatible();
  void certify(const Cluster& one, const Cluster& other);

  std::vector<Cluster> clusters_;
  std::vector<std::uint32_t> forward_;
  std::vector<std::uint32_t> certificate_;
  std::uint64_t steps_ = 0;
};

}  // namespace synchrodb::check
