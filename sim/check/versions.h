// Algorithm "versions": strings that only grow.
//
// Where a key sees nothing but appends and reads, each value read is a version and every version
// extends the one before. Hence, in one pass: all values read lie on one path of the version trie;
// a read sees no less than a read that completed before it began; and it is no shorter than all
// that had been appended for certain before it, no longer than all that could have been. Values
// may repeat. What passes still has to be searched: the frontier walks the same trie.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/check/problem.h"

namespace synchrodb::check {

class Versions {
 public:
  enum class Answer : std::uint8_t { kNotApplicable, kPossible, kInvalid };

  Answer run(Problem& problem);
  // After kInvalid: the completion at which it was seen, kNeverCompleted if only the whole shows.
  EventOrder failed_at() const { return failed_at_; }
  std::uint64_t steps() const { return steps_; }

 private:
  static bool applies(const Problem& problem);
  bool lengths_are_possible(Problem& problem);

  std::vector<std::uint64_t> floor_;  // by step: what a read must at least see
  EventOrder failed_at_ = kNeverCompleted;
  std::uint64_t steps_ = 0;
};

}  // namespace synchrodb::check
