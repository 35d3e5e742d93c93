#include "sim/check/versions.h"

#include <algorithm>

namespace synchrodb::check {
namespace {

// Absent is less than the empty string.
std::uint64_t extent(State state) {
  return state == kAbsentState ? 0 : std::uint64_t{StateSpace::length_of(state)} + 1;
}

}  // namespace

bool Versions::applies(const Problem& problem) {
  if (!problem.space.is_trie()) return false;
  return std::all_of(problem.steps.begin(), problem.steps.end(), [](const Step& step) {
    if (step.action == Action::kRead) return true;
    return step.action == Action::kAppend && (step.mandatory || step.a == kAnyState);
  });
}

bool Versions::lengths_are_possible(Problem& problem) {
  floor_.assign(problem.steps.size(), 0);
  std::uint64_t seen = 0;                           // the greatest extent that a completed read saw
  std::uint64_t certain = extent(problem.initial);  // with all completed appends
  std::uint64_t possible = extent(problem.initial);  // with all invoked appends
  for (const std::uint32_t event : problem.events) {
    const Step& step = problem.steps[event / 2];
    const bool completion = (event & 1) != 0;
    if (step.action == Action::kAppend) {
      // An append makes the key exist: extent 0 becomes 1 + its length.
      std::uint64_t& total = completion ? certain : possible;
      total = std::max<std::uint64_t>(total, 1) + problem.space.appended_length(step);
      continue;
    }
    if (!completion) {
      floor_[event / 2] = std::max(seen, certain);
      continue;
    }
    const std::uint64_t saw = extent(step.a);
    if (saw < floor_[event / 2] || saw > possible) {
      failed_at_ = step.complete;
      return false;
    }
    seen = std::max(seen, saw);
  }
  return true;
}

Versions::Answer Versions::run(Problem& problem) {
  steps_ = 0;
  failed_at_ = kNeverCompleted;
  if (!applies(problem)) return Answer::kNotApplicable;
  steps_ = problem.steps.size();
  if (!problem.space.is_path() || !lengths_are_possible(problem)) return Answer::kInvalid;
  return Answer::kPossible;
}

}  // namespace synchrodb::check
