// Algorithm "witness": replays the order that the system itself claims.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/check/history.h"
#include "sim/check/problem.h"

namespace synchrodb::check {

// Sorts the operations by (group, log index, position; reads after the entry that they saw),
// replays them from the initial state, and checks that each can take its place in that order
// without leaving its interval. Where an answer does not fit, unanswered operations without a
// witness are put in before it, as few as do; if several choices do, the replay goes on with all of
// them (up to a bound), since only later answers tell them apart. O(n log n) where that is rare.
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
  // A loose step put in before a claim.
  struct Insertion {
    std::uint32_t claim;
    std::uint32_t step;
  };
  // One replay so far.
  struct Path {
    State state = 0;
    EventOrder latest_invoke = 0;
    std::vector<Insertion> inserted;
    std::vector<std::uint32_t> skipped;  // claims of unanswered operations that did not fit
  };

  bool collect(const History& history, const Problem& problem);
  // Lets the step of a claim take effect. False if that is impossible.
  bool advance(Problem& problem, const Step& step, Path* path);
  // All shortest ways of putting loose steps in before the claim, after which it is possible.
  void rescue(Problem& problem, std::uint32_t claim, const Path& path);
  void extend(Problem& problem, std::uint32_t claim, const Path& path, bool first,
              std::vector<Path>* longer);
  void write_order(const Problem& problem, const Path& path, std::vector<OperationId>* order) const;

  std::vector<Claim> claims_;
  std::vector<std::uint32_t> loose_;  // optional steps without a witness, by order of invocation
  std::vector<Path> paths_;
  std::vector<Path> rescued_;
  std::uint64_t steps_ = 0;
  std::uint64_t budget_ = 0;
};

}  // namespace synchrodb::check
