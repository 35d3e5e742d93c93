#include "sim/check/decide.h"

#include <algorithm>

namespace synchrodb::check {
namespace {

constexpr std::uint64_t kFirstSlice = 2'048;

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

Decision Decider::search(Problem& problem, const Options& options,
                         std::vector<OperationId>* order) {
  Decision decision;
  const Limits& limits = options.limits;
  Search frontier = Search::kRunning;
  Search depth_first = Search::kRunning;
  if (fits(options, Algorithm::kFrontier)) {
    frontier_.start(problem, limits.memory_bytes / 2);
  } else {
    frontier = Search::kOutOfMemory;
  }
  if (!fits(options, Algorithm::kDepthFirst)) depth_first = Search::kOutOfMemory;
  bool started = false;
  const auto decided = [](Search search) {
    return search == Search::kValid || search == Search::kInvalid;
  };
  std::uint64_t spent = 0;
  for (std::uint64_t slice = kFirstSlice; spent < limits.steps; slice *= 2) {
    const std::uint64_t share = std::min(slice, limits.steps - spent);
    if (frontier == Search::kRunning) frontier = frontier_.advance(share);
    if (decided(frontier)) break;
    if (depth_first == Search::kRunning && !started) {
      depth_first_.start(problem, limits.memory_bytes / 2);
      started = true;
    }
    if (depth_first == Search::kRunning) depth_first = depth_first_.advance(share);
    if (decided(depth_first)) break;
    if (frontier == Search::kOutOfMemory && depth_first == Search::kOutOfMemory) break;
    spent = std::max(fits(options, Algorithm::kFrontier) ? frontier_.steps() : 0,
                     started ? depth_first_.steps() : 0);
  }
  decision.steps = (fits(options, Algorithm::kFrontier) ? frontier_.steps() : 0) +
                   (started ? depth_first_.steps() : 0);
  const bool by_frontier = decided(frontier);
  if (!by_frontier && !decided(depth_first)) {
    decision.exhausted = spent >= limits.steps ? "steps" : "memory";
    return decision;
  }
  decision.algorithm = by_frontier ? Algorithm::kFrontier : Algorithm::kDepthFirst;
  const Search answer = by_frontier ? frontier : depth_first;
  decision.verdict = answer == Search::kValid ? Verdict::kValid : Verdict::kInvalid;
  if (by_frontier) decision.failed_at = frontier_.failed_at();
  if (decision.verdict == Verdict::kValid) {
    if (by_frontier) {
      find_order(problem, limits, order);
    } else if (order != nullptr) {
      depth_first_.order(order);
    }
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
