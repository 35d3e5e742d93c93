#include "sim/check/witness.h"

#include <algorithm>
#include <tuple>

namespace synchrodb::check {

bool WitnessReplay::collect(const History& history, const Problem& problem) {
  claims_.clear();
  loose_.clear();
  for (std::uint32_t i = 0; i < problem.steps.size(); ++i) {
    const Step& step = problem.steps[i];
    const Witness* witness = history.witness(history[step.id]);
    if (witness == nullptr) {
      if (step.mandatory) return false;
      loose_.push_back(i);
      continue;
    }
    const bool outside_log = witness->index == 0;
    const std::uint64_t index = outside_log ? witness->read_index : witness->index;
    claims_.push_back({witness->group, 2 * index + (outside_log ? 1 : 0), witness->position, i});
  }
  std::sort(claims_.begin(), claims_.end(), [](const Claim& x, const Claim& y) {
    return std::tie(x.group, x.rank, x.position, x.step) <
           std::tie(y.group, y.rank, y.position, y.step);
  });
  return true;
}

// An operation fits at the end of the order if none before it was invoked after it completed.
bool WitnessReplay::place(const Step& step) {
  if (step.complete < latest_invoke_) return false;
  latest_invoke_ = std::max(latest_invoke_, step.invoke);
  if (order_ != nullptr) order_->push_back(step.id);
  return true;
}

bool WitnessReplay::rescue(Problem& problem, const Step& step, State* state) {
  for (std::size_t i = 0; i < loose_.size(); ++i) {
    const Step& candidate = problem.steps[loose_[i]];
    ++steps_;
    if (candidate.invoke > step.complete) break;  // they are in order of invocation
    State between = 0;
    State after = 0;
    if (!problem.space.apply(candidate, *state, &between)) continue;
    if (!problem.space.apply(step, between, &after)) continue;
    if (!place(candidate)) return false;
    *state = after;
    loose_.erase(loose_.begin() + static_cast<std::ptrdiff_t>(i));
    return true;
  }
  return false;
}

bool WitnessReplay::run(const History& history, Problem& problem, std::vector<OperationId>* order) {
  order_ = order;
  latest_invoke_ = 0;
  steps_ = 0;
  const std::size_t start = order == nullptr ? 0 : order->size();
  bool explained = collect(history, problem);
  // A search for an unanswered operation costs a pass over them: enough is enough.
  const std::uint64_t budget = 64 * problem.steps.size() + 10'000;
  State state = problem.initial;
  for (std::size_t i = 0; explained && i < claims_.size(); ++i) {
    const Step& step = problem.steps[claims_[i].step];
    ++steps_;
    State next = state;
    if (problem.space.apply(step, state, &next)) {
      state = next;
      explained = place(step);
    } else if (step.mandatory) {
      explained = steps_ < budget && rescue(problem, step, &state) && place(step);
    }
  }
  if (!explained && order != nullptr) order->resize(start);
  return explained;
}

}  // namespace synchrodb::check
