// Algorithm "witness": replays the order that the system itself claims.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <vector>

#include "sim/check/history.h"
#include "sim/check/problem.h"

namespace synchrodb::check {

// Sorts the operations by (group, log index, position; reads after the entry that they saw),
// replays them from the initial state, and checks that each can take its place in that order
// without leaving its interval. Unanswered operations without a witness are put in where an answer
// needs them. O(n log n).
//
// True: the history is linearizable and `order` (if wanted) is the proof. False: nothing is known.
class WitnessReplay {
 public:
  bool run(const History& history, Problem& problem, std::vector<OperationId>* order);
  std::uint64_t steps() const { return steps_; }

 private:
  struct Claim {
    std::uint64_t group;
    std::uint64_t rank;  // 2 * index, + 1 for a read of that index
    std::uint32_t position;
    std::uint32_t step;
  };

  bool collect(const History& history, const Problem& problem);
  // Takes unanswered operations that lead from `state` to where the step of `claim` is legal.
  bool rescue(Problem& problem, std::size_t claim, State* state);
  // Backwards from the state wanted: a write of it, or a cas to it from a state that can be
  // reached.
  bool reach(const Problem& problem, State wanted, EventOrder before, State* state, int depth);
  // One operation after which `step` is legal; preferably one that leads to `wanted`.
  bool try_each(Problem& problem, const Step& step, State wanted, State* state);
  // The state that the next answer after `claim` asks for; kAnyState if a write comes first.
  State wanted_next(const Problem& problem, std::size_t claim) const;
  bool use(const Problem& problem, std::uint32_t step);
  bool place(const Step& step);

  std::vector<Claim> claims_;
  std::vector<std::uint32_t> loose_;  // optional steps without a witness, by order of invocation
  std::vector<bool> used_;            // by step
  // Loose writes and cas by the state that they lead to.
  absl::flat_hash_map<State, std::vector<std::uint32_t>> leading_to_;
  EventOrder latest_invoke_ = 0;
  std::uint64_t steps_ = 0;
  std::vector<OperationId>* order_ = nullptr;
};

}  // namespace synchrodb::check
