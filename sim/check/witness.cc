#include "sim/check/witness.h"

#include <algorithm>
#include <tuple>

namespace synchrodb::check {
namespace {

constexpr std::uint32_t kNoStep = ~std::uint32_t{0};

}  // namespace

bool WitnessReplay::collect(const History& history, const Problem& problem) {
  claims_.clear();
  loose_.clear();
  leading_to_.clear();
  used_.assign(problem.steps.size(), false);
  for (std::uint32_t i = 0; i < problem.steps.size(); ++i) {
    const Step& step = problem.steps[i];
    const Witness* witness = history.witness(history[step.id]);
    if (witness == nullptr) {
      if (step.mandatory) return false;
      loose_.push_back(i);
      if (step.action == Action::kWrite || step.action == Action::kCas) {
        leading_to_[step.b].push_back(i);
      }
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

bool WitnessReplay::use(const Problem& problem, std::uint32_t step) {
  used_[step] = true;
  return place(problem.steps[step]);
}

bool WitnessReplay::reach(const Problem& problem, State wanted, EventOrder before, State* state,
                          int depth) {
  constexpr int kLongestChain = 8;
  if (*state == wanted) return true;
  const auto candidates = leading_to_.find(wanted);
  if (candidates == leading_to_.end() || depth == kLongestChain) return false;
  for (const std::uint32_t candidate : candidates->second) {
    const Step& step = problem.steps[candidate];
    ++steps_;
    if (step.invoke > before) break;
    if (used_[candidate]) continue;
    const bool write = step.action == Action::kWrite;
    if (!write && !reach(problem, step.a, before, state, depth + 1)) continue;
    *state = wanted;
    return use(problem, candidate);
  }
  return false;
}

State WitnessReplay::wanted_next(const Problem& problem, std::size_t claim) const {
  constexpr std::size_t kFarthest = 16;
  for (std::size_t i = claim + 1; i < claims_.size() && i < claim + kFarthest; ++i) {
    const Step& step = problem.steps[claims_[i].step];
    if (step.action == Action::kRead || step.action == Action::kCas) return step.a;
    if (!step.observes_only()) break;
  }
  return kAnyState;
}

bool WitnessReplay::try_each(Problem& problem, const Step& step, State wanted, State* state) {
  std::uint32_t best = kNoStep;
  State best_state = 0;
  for (const std::uint32_t candidate : loose_) {
    const Step& loose = problem.steps[candidate];
    ++steps_;
    if (loose.invoke > step.complete) break;
    State between = 0;
    State after = 0;
    if (used_[candidate] || !problem.space.apply(loose, *state, &between)) continue;
    if (!problem.space.apply(step, between, &after)) continue;
    if (best != kNoStep && after != wanted) continue;
    best = candidate;
    best_state = between;
    if (wanted == kAnyState || after == wanted) break;
  }
  if (best == kNoStep) return false;
  *state = best_state;
  return use(problem, best);
}

bool WitnessReplay::rescue(Problem& problem, std::size_t claim, State* state) {
  const Step& step = problem.steps[claims_[claim].step];
  const State before = *state;
  const bool equality = step.action == Action::kRead || step.action == Action::kCas;
  const bool reached = equality && reach(problem, step.a, step.complete, state, 0);
  if (!reached && *state != before) return false;
  if (!reached && !try_each(problem, step, wanted_next(problem, claim), state)) return false;
  State next = *state;
  if (!problem.space.apply(step, *state, &next)) return false;
  *state = next;
  return true;
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
      explained = steps_ < budget && rescue(problem, i, &state) && place(step);
    }
  }
  if (!explained && order != nullptr) order->resize(start);
  return explained;
}

}  // namespace synchrodb::check
