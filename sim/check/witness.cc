#include "sim/check/witness.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace synchrodb::check {
namespace {

// How many replays may go on side by side, and how many loose steps may be put in at one place.
constexpr std::size_t kMostPaths = 16;
constexpr int kMostInserted = 3;
// How many replays may arrive at the same state: they differ only in what is left to put in.
constexpr std::ptrdiff_t kMostAlike = 3;

}  // namespace

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
bool WitnessReplay::advance(Problem& problem, const Step& step, Path* path) {
  ++steps_;
  State next = 0;
  if (step.complete < path->latest_invoke) return false;
  if (!problem.space.apply(step, path->state, &next)) return false;
  path->state = next;
  path->latest_invoke = std::max(path->latest_invoke, step.invoke);
  return true;
}

// Each loose step that may come next on `path`: to `rescued_` if the claim is possible then, to
// `longer` if not.
void WitnessReplay::extend(Problem& problem, std::uint32_t claim, const Path& path, bool first,
                           std::vector<Path>* longer) {
  const Step& wanted = problem.steps[claims_[claim].step];
  std::vector<std::uint32_t> tried;
  for (const std::uint32_t candidate : loose_) {
    const Step& loose = problem.steps[candidate];
    if (loose.invoke > wanted.complete || steps_ > budget_) break;
    // A write makes what was put in before it pointless.
    if (!first && loose.action == Action::kWrite) continue;
    State next = 0;
    ++steps_;
    if (!problem.space.apply(loose, path.state, &next) || next == path.state) continue;
    const bool used = std::any_of(path.inserted.begin(), path.inserted.end(),
                                  [&](const Insertion& one) { return one.step == candidate; });
    const bool same = std::any_of(tried.begin(), tried.end(), [&](std::uint32_t other) {
      return problem.steps[other].same_effect(loose);
    });
    if (used || same) continue;
    tried.push_back(candidate);
    Path fresh = path;
    if (!advance(problem, loose, &fresh)) continue;
    fresh.inserted.push_back({claim, candidate});
    if (advance(problem, wanted, &fresh)) {
      const auto alike = std::count_if(rescued_.begin(), rescued_.end(), [&](const Path& other) {
        return other.state == fresh.state;
      });
      if (alike < kMostAlike) rescued_.push_back(std::move(fresh));
    } else {
      longer->push_back(std::move(fresh));
    }
    if (rescued_.size() >= kMostPaths) return;
  }
}

void WitnessReplay::rescue(Problem& problem, std::uint32_t claim, const Path& path) {
  const std::size_t before = rescued_.size();
  std::vector<Path> shorter = {path};
  for (int count = 0; count < kMostInserted && rescued_.size() == before; ++count) {
    std::vector<Path> longer;
    for (const Path& one : shorter) extend(problem, claim, one, count == 0, &longer);
    shorter = std::move(longer);
  }
}

void WitnessReplay::write_order(const Problem& problem, const Path& path,
                                std::vector<OperationId>* order) const {
  std::size_t insertion = 0;
  std::size_t skipped = 0;
  for (std::uint32_t claim = 0; claim < claims_.size(); ++claim) {
    for (; insertion < path.inserted.size() && path.inserted[insertion].claim == claim;
         ++insertion) {
      order->push_back(problem.steps[path.inserted[insertion].step].id);
    }
    if (skipped < path.skipped.size() && path.skipped[skipped] == claim) {
      ++skipped;
      continue;
    }
    order->push_back(problem.steps[claims_[claim].step].id);
  }
}

bool WitnessReplay::run(const History& history, Problem& problem, std::vector<OperationId>* order) {
  steps_ = 0;
  if (!collect(history, problem)) return false;
  // Putting in costs a pass over the loose steps: enough is enough.
  budget_ = 64 * problem.steps.size() + 100'000;
  paths_.assign(1, Path());
  paths_[0].state = problem.initial;
  for (std::uint32_t claim = 0; claim < claims_.size() && !paths_.empty(); ++claim) {
    const Step& step = problem.steps[claims_[claim].step];
    if (steps_ > budget_) return false;
    if (paths_.size() == 1 && advance(problem, step, &paths_[0])) continue;
    rescued_.clear();
    for (Path& path : paths_) {
      if (rescued_.size() >= kMostPaths) break;
      if (advance(problem, step, &path)) {
        rescued_.push_back(std::move(path));
      } else if (!step.mandatory) {
        path.skipped.push_back(claim);
        rescued_.push_back(std::move(path));
      } else {
        rescue(problem, claim, path);
      }
    }
    std::swap(paths_, rescued_);
  }
  if (paths_.empty()) return false;
  if (order != nullptr) write_order(problem, paths_[0], order);
  return true;
}

}  // namespace synchrodb::check
