#include "sim/check/minimise.h"

#include <algorithm>
#include <vector>

#include "sim/check/assert.h"
#include "sim/check/explain.h"

namespace synchrodb::check {
namespace {

using Positions = std::vector<std::uint32_t>;

constexpr std::uint64_t kStepsPerTrial = 200'000;
constexpr std::uint64_t kStepsInAll = 20'000'000;

class Minimiser {
 public:
  Minimiser(const History& history, const Options& options, std::span<const OperationId> operations,
            std::span<const std::uint32_t> events, EventOrder failed_at)
      : history_(history), options_(options), operations_(operations), events_(events) {
    options_.use_witness = false;
    options_.only.reset();
    relaxation_.horizon = failed_at == kNeverCompleted ? kNeverCompleted : failed_at + 1;
  }

  // Whether these alone, the others relaxed, are impossible.
  Verdict judge(const Positions& kept, std::uint64_t step_limit) {
    relaxation_.keep.assign(operations_.size(), false);
    for (const std::uint32_t position : kept) relaxation_.keep[position] = true;
    problem_.compile(history_, options_, operations_, events_, &relaxation_);
    options_.limits.steps = step_limit;
    const Decision decision = decider_.decide(history_, problem_, options_, nullptr);
    spent_ += decision.steps + operations_.size();
    return decision.verdict;
  }

  bool impossible(const Positions& kept) {
    if (exhausted()) return false;
    const Verdict verdict = judge(kept, kStepsPerTrial);
    unsure_ |= verdict == Verdict::kUnknown;
    return verdict == Verdict::kInvalid;
  }

  // The last answers before the horizon that contradict each other.
  Positions window() {
    Positions answered;
    for (std::uint32_t i = 0; i < operations_.size(); ++i) {
      const Operation& operation = history_[operations_[i]];
      const Standing stands = standing(operation, options_);
      const bool counts = stands == Standing::kHappened || stands == Standing::kRefutedCas;
      if (counts && operation.complete_order < relaxation_.horizon) answered.push_back(i);
    }
    std::sort(answered.begin(), answered.end(), [this](std::uint32_t x, std::uint32_t y) {
      return history_[operations_[x]].complete_order > history_[operations_[y]].complete_order;
    });
    for (std::size_t size = 4; size < answered.size(); size *= 2) {
      const Positions last(answered.begin(), answered.begin() + static_cast<std::ptrdiff_t>(size));
      if (impossible(last)) return last;
    }
    return answered;
  }

  // Delta debugging: removes chunk after chunk, of half the set down to single operations.
  Positions shrink(Positions kept) {
    for (std::size_t chunk = (kept.size() + 1) / 2; chunk > 0 && !exhausted();) {
      bool removed = false;
      for (std::size_t start = 0; start < kept.size();) {
        const std::size_t end = std::min(start + chunk, kept.size());
        Positions rest(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(start));
        rest.insert(rest.end(), kept.begin() + static_cast<std::ptrdiff_t>(end), kept.end());
        if (!rest.empty() && impossible(rest)) {
          kept = std::move(rest);
          removed = true;
        } else {
          start = end;
        }
      }
      if (chunk == 1 && !removed) break;
      chunk = removed && chunk == 1 ? 1 : chunk / 2;
    }
    return kept;
  }

  bool exhausted() const { return spent_ >= kStepsInAll; }
  bool minimal() const { return !exhausted() && !unsure_; }

 private:
  const History& history_;
  Options options_;
  std::span<const OperationId> operations_;
  std::span<const std::uint32_t> events_;
  Relaxation relaxation_;
  Problem problem_;
  Decider decider_;
  std::uint64_t spent_ = 0;
  bool unsure_ = false;
};

// Positions of `ids`.
Positions positions_of(const std::vector<OperationId>& ids,
                       std::span<const OperationId> operations) {
  Positions positions;
  for (const OperationId id : ids) {
    const auto found = std::lower_bound(operations.begin(), operations.end(), id);
    positions.push_back(static_cast<std::uint32_t>(found - operations.begin()));
  }
  return positions;
}

}  // namespace

Contradiction contradict(const History& history, const Options& options,
                         std::span<const OperationId> operations,
                         std::span<const std::uint32_t> events, const Decision& decision) {
  Minimiser minimiser(history, options, operations, events, decision.failed_at);
  Positions kept = positions_of(decision.certificate, operations);
  if (kept.empty() || !minimiser.impossible(kept)) kept = minimiser.window();
  kept = minimiser.shrink(std::move(kept));
  SYNCHRODB_CHECK_ASSERT(minimiser.judge(kept, options.limits.steps) != Verdict::kValid,
                         "the algorithms contradict each other");
  std::sort(kept.begin(), kept.end());
  Contradiction contradiction;
  for (const std::uint32_t position : kept) {
    contradiction.operations.push_back(operations[position]);
  }
  contradiction.minimal = minimiser.minimal();
  explain(history, options, operations, &contradiction);
  return contradiction;
}

}  // namespace synchrodb::check
