#include "sim/check/decide.h"

#include <algorithm>

namespace synchrodb::check {
namespace {

// Steps an event of the first depth-first slice, and the least that a later slice may take.
constexpr std::uint64_t kFirstDive = 3;
constexpr std::uint64_t kCheapSteps = 64;
constexpr std::uint64_t kFirstSlice = 16'384;
// A step of the frontier is charged as this many of the depth-first search. (It costs more, but it
// also convicts early where it convicts at all.)
constexpr std::uint64_t kDearerStep = 16;
// Some milliseconds.
constexpr std::uint64_t kStepsBetweenPolls = 65'536;

// search.advance(steps), in pieces if somebody wants to be asked in between.
template <class S>
Search advance(S& search, std::uint64_t steps, const Options& options) {
  if (!options.poll) return search.advance(steps);
  const std::uint64_t until = search.steps() + steps;
  Search answer = Search::kRunning;
  do {
    options.poll();
    answer = search.advance(std::min(kStepsBetweenPolls, until - search.steps()));
  } while (answer == Search::kRunning && search.steps() < until);
  return answer;
}

}  // namespace

void Decider::find_order(Problem& problem, const Limits& limits, std::vector<OperationId>* order) {
  if (order == nullptr) return;
  depth_first_.start(problem, limits.memory_bytes);
  if (depth_first_.advance(limits.steps) == Search::kValid) depth_first_.order(order);
}

std::optional<Decision> Decider::decide_quickly(const History& history, Problem& problem,
                                                const Options& options,
                                                std::vector<OperationId>* order) {
  Decision decision;
  if (problem.mandatory == 0) {
    decision.verdict = Verdict::kValid;
    return decision;
  }
  if (options.use_witness && fits(options, Algorithm::kWitness) &&
      witness_.run(history, problem, order)) {
    decision.verdict = Verdict::kValid;
    decision.algorithm = Algorithm::kWitness;
    decision.steps = witness_.steps();
    return decision;
  }
  if (fits(options, Algorithm::kVersions) && versions_.run(problem) == Versions::Answer::kInvalid) {
    decision.verdict = Verdict::kInvalid;
    decision.algorithm = Algorithm::kVersions;
    decision.steps = versions_.steps();
    decision.failed_at = versions_.failed_at();
    return decision;
  }
  if (!fits(options, Algorithm::kZones)) return std::nullopt;
  const Zones::Answer answer = zones_.run(problem);
  if (answer == Zones::Answer::kNotApplicable) return std::nullopt;
  decision.algorithm = Algorithm::kZones;
  decision.steps = zones_.steps();
  decision.verdict = answer == Zones::Answer::kValid ? Verdict::kValid : Verdict::kInvalid;
  if (answer == Zones::Answer::kValid) {
    find_order(problem, options.limits, order);
    return decision;
  }
  for (const std::uint32_t step : zones_.certificate()) {
    decision.certificate.push_back(problem.steps[step].id);
  }
  return decision;
}

bool Decider::convict_cheaply(Problem& problem, const Options& options, Decision* decision) {
  if (!fits(options, Algorithm::kFrontier)) return false;
  bool optional = false;
  for (const Step& step : problem.steps) {
    if (step.mandatory) continue;
    optional = true;
    // Again and again these would lead to ever more states.
    const bool endless =
        step.action == Action::kAdd || (step.action == Action::kAppend && !problem.space.is_trie());
    if (endless) return false;
  }
  if (!optional) return false;
  // Where it stays small it needs a few steps an event.
  const std::uint64_t budget = std::min<std::uint64_t>(
      options.limits.steps / kDearerStep, kCheapSteps * problem.events.size() + kFirstSlice);
  problem.space.ignore_lengths(true);
  frontier_.start(problem, options.limits.memory_bytes / 2, true);
  const Search answer = advance(frontier_, budget, options);
  problem.space.ignore_lengths(false);
  decision->steps += frontier_.steps();
  if (answer != Search::kInvalid) return false;
  decision->verdict = Verdict::kInvalid;
  decision->algorithm = Algorithm::kFrontier;
  decision->failed_at = frontier_.failed_at();
  return true;
}

Decision Decider::search(Problem& problem, const Options& options,
                         std::vector<OperationId>* order) {
  Decision decision;
  const Limits& limits = options.limits;
  const bool breadth = fits(options, Algorithm::kFrontier);
  const bool depth = fits(options, Algorithm::kDepthFirst);
  Search frontier = breadth ? Search::kRunning : Search::kOutOfMemory;
  Search depth_first = depth ? Search::kRunning : Search::kOutOfMemory;
  std::uint64_t breadth_steps = 0;
  std::uint64_t depth_steps = 0;
  // A valid history mostly yields to the first dive, a few steps an operation.
  std::uint64_t slice = kFirstDive * problem.events.size();
  const auto decided = [](Search search) {
    return search == Search::kValid || search == Search::kInvalid;
  };
  const std::uint64_t breadth_limit = std::max<std::uint64_t>(1, limits.steps / kDearerStep);
  const auto share = [](std::uint64_t wanted, std::uint64_t spent, std::uint64_t limit) {
    return std::min(wanted, limit - std::min(spent, limit));
  };
  while (breadth_steps < breadth_limit && depth_steps < limits.steps) {
    if (depth_first == Search::kRunning) {
      if (depth_steps == 0) depth_first_.start(problem, limits.memory_bytes / 2);
      depth_first = advance(depth_first_, share(slice, depth_steps, limits.steps), options);
      depth_steps = std::max<std::uint64_t>(1, depth_first_.steps());
    }
    if (decided(depth_first)) break;
    if (breadth_steps == 0 && convict_cheaply(problem, options, &decision)) {
      decision.steps += depth_steps;
      return decision;
    }
    slice = std::max(2 * slice, kFirstSlice);
    if (frontier == Search::kRunning) {
      if (breadth_steps == 0) frontier_.start(problem, limits.memory_bytes / 2);
      frontier =
          advance(frontier_, share(slice / kDearerStep, breadth_steps, breadth_limit), options);
      breadth_steps = std::max<std::uint64_t>(1, frontier_.steps());
    }
    if (decided(frontier)) break;
    if (frontier == Search::kOutOfMemory && depth_first == Search::kOutOfMemory) break;
  }
  decision.steps += breadth_steps + depth_steps;
  const bool by_frontier = decided(frontier);
  if (!by_frontier && !decided(depth_first)) {
    const bool out_of_steps = breadth_steps >= breadth_limit || depth_steps >= limits.steps;
    decision.exhausted = out_of_steps ? "steps" : "memory";
    return decision;
  }
  decision.algorithm = by_frontier ? Algorithm::kFrontier : Algorithm::kDepthFirst;
  const Search answer = by_frontier ? frontier : depth_first;
  decision.verdict = answer == Search::kValid ? Verdict::kValid : Verdict::kInvalid;
  if (by_frontier) decision.failed_at = frontier_.failed_at();
  if (decision.verdict != Verdict::kValid) return decision;
  if (by_frontier) {
    find_order(problem, limits, order);
  } else if (order != nullptr) {
    depth_first_.order(order);
  }
  return decision;
}

Decision Decider::decide(const History& history, Problem& problem, const Options& options,
                         std::vector<OperationId>* order) {
  if (const auto quick = decide_quickly(history, problem, options, order)) return *quick;
  const bool searchable =
      fits(options, Algorithm::kFrontier) || fits(options, Algorithm::kDepthFirst);
  if (searchable) return search(problem, options, order);
  Decision decision;
  decision.exhausted = "the only algorithm allowed does not decide this history";
  return decision;
}

}  // namespace synchrodb::check
