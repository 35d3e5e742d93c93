#include "sim/check/classes.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <tuple>

namespace synchrodb::check {

void StepClasses::build(const Problem& problem) {
  classes_.clear();
  class_of_.assign(problem.steps.size(), 0);
  absl::flat_hash_map<std::tuple<Action, State, State, std::uint32_t>, std::uint32_t> known;
  for (const std::uint32_t event : problem.events) {
    const Step& step = problem.steps[event / 2];
    if (step.mandatory || (event & 1) != 0) continue;
    const auto [entry, fresh] =
        known.try_emplace({step.action, step.a, step.b, step.length}, classes_.size());
    if (fresh) classes_.emplace_back();
    classes_[entry->second].members.push_back(event / 2);
    class_of_[event / 2] = entry->second;
  }
  find_useful_windows(problem);
}

// An unanswered write of v is useful while somebody may still see v: until the last completed
// observer of v completes, or as long as an unanswered cas from v is useful itself. Where steps
// observe more than equality, any of them may be helped.
void StepClasses::find_useful_windows(const Problem& problem) {
  last_observed_.clear();
  EventOrder last = 0;
  for (const Step& step : problem.steps) {
    if (step.mandatory) last = std::max(last, step.complete);
  }
  if (problem.general) {
    for (StepClass& one : classes_) one.useful_until = last;
    return;
  }
  last_observed_.assign(problem.space.table_size(), 0);
  const auto observe = [this](State state, EventOrder until) {
    if (state >= last_observed_.size() || last_observed_[state] >= until) return false;
    last_observed_[state] = until;
    return true;
  };
  for (const Step& step : problem.steps) {
    if (step.mandatory && step.action != Action::kWrite) observe(step.a, step.complete);
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (const StepClass& one : classes_) {
      const Step& step = problem.steps[one.members[0]];
      if (step.action != Action::kCas || step.b >= last_observed_.size()) continue;
      changed |= observe(step.a, last_observed_[step.b]);
    }
  }
  for (StepClass& one : classes_) {
    const State written = problem.steps[one.members[0]].b;
    one.useful_until = written < last_observed_.size() ? last_observed_[written] : 0;
  }
}

}  // namespace synchrodb::check
