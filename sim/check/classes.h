// Unanswered operations grouped into classes of the same effect.
//
// Identical unanswered operations are interchangeable: of two that may have happened, the one
// invoked first may stand for either. A search needs to know only how many of a class were used.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/check/problem.h"

namespace synchrodb::check {

struct StepClass {
  std::vector<std::uint32_t> members;  // steps, in order of invocation
  // No observer is left from this event on, so that using the class later explains nothing.
  EventOrder useful_until = kNeverCompleted;
};

class StepClasses {
 public:
  void build(const Problem& problem);
  const std::vector<StepClass>& all() const { return classes_; }
  // Class of an optional step.
  std::uint32_t of(std::uint32_t step) const { return class_of_[step]; }
  // Last completion of a step that observes `state`; 0 if none. Only if !problem.general.
  EventOrder last_observed(State state) const {
    return state < last_observed_.size() ? last_observed_[state] : 0;
  }

 private:
  void find_useful_windows(const Problem& problem);

  std::vector<StepClass> classes_;
  std::vector<std::uint32_t> class_of_;
  std::vector<EventOrder> last_observed_;
};

}  // namespace synchrodb::check
