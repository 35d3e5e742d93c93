// Algorithm "depth-first": Wing and Gong, Testing and Verifying Concurrent Objects (1993), with
// the memo of Lowe (Testing for Linearizability, 2017): a pair (set of operations that have taken
// effect, state) is never tried twice.
//
// The memo keeps 128 bits of a hash of the pair instead of the pair. Were two of them ever to
// agree by chance (about 2^-80 for a million entries), a valid history could be called invalid;
// the minimal sub-history that accompanies a conviction is found and judged apart.
//
// Observers take effect as soon as they are legal and are never reconsidered. Unanswered operations
// are kept by class and tried last.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/check/classes.h"
#include "sim/check/problem.h"
#include "sim/check/search.h"

namespace synchrodb::check {

class DepthFirst {
 public:
  // `problem` must outlive the search and stay unchanged.
  void start(Problem& problem, std::size_t memory_limit);
  // Goes on for about `steps` more configurations.
  Search advance(std::uint64_t steps);

  std::uint64_t steps() const { return steps_; }
  // After kValid: adds the operations in an order that explains the history.
  void order(std::vector<OperationId>* out) const;

 private:
  struct Frame {
    std::uint32_t step;
    bool forced;  // an observer: undone together with what lies below it
    State before;
  };
  struct Key {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
  };
  enum class Next : std::uint8_t { kGoOn, kBacktrack };

  void settle();
  Next try_candidates();
  bool try_mandatory(std::uint32_t step);
  bool try_class(std::uint32_t klass);
  void take(std::uint32_t step, State next, bool forced);
  bool backtrack();
  void lift(std::uint32_t step);
  void unlift(std::uint32_t step);
  bool remember(Key key);
  Key key_with(std::uint32_t step, State state) const;
  void grow_memo();

  static constexpr std::uint32_t kEnd = ~std::uint32_t{0};

  Problem* problem_ = nullptr;
  StepClasses classes_;
  std::vector<std::uint32_t> class_used_;
  // The events of mandatory steps as a doubly linked list over 2 * step (+ 1), with a head.
  std::vector<std::uint32_t> after_;
  std::vector<std::uint32_t> before_;
  std::uint32_t head_ = 0;
  std::vector<Frame> stack_;
  std::vector<Key> memo_;
  std::size_t memo_size_ = 0;
  Key done_;  // hash of the set of operations that have taken effect
  State state_ = 0;
  std::uint32_t remaining_ = 0;  // mandatory steps that have not taken effect
  std::uint32_t cursor_ = 0;     // next event to try
  std::uint32_t class_cursor_ = 0;
  std::uint64_t steps_ = 0;
  std::size_t memory_limit_ = 0;
};

}  // namespace synchrodb::check
