#include "sim/check/minimise.h"

#include <algorithm>
#include <vector>

#include "sim/check/assert.h"
#include "sim/check/explain.h"

namespace synchrodb::check {
namespace {

using Positions = std::vector<std::uint32_t>;

constexpr std::uint64_t kStepsPerTrial = 800'000;
constexpr std::uint64_t kStepsInAll = 16'000'000;
constexpr std::uint64_t kStepsForHorizon = 100'000;
// With more states than this "any state" is not tried.
constexpr std::size_t kMostStates = 24;
// A contradiction of so few operations needs no other law.
constexpr std::size_t kFew = 3;

class Minimiser {
 public:
  Minimiser(const History& history, const Options& options, std::span<const OperationId> operations,
            std::span<const std::uint32_t> events)
      : history_(history), options_(options), operations_(operations), events_(events) {
    steps_per_trial_ = std::min(kStepsPerTrial, options.limits.steps);
    options_.use_witness = false;
    options_.only.reset();
  }

  // Where the frontier becomes empty, if it is not known yet.
  void find_horizon(EventOrder failed_at) {
    if (failed_at == kNeverCompleted) {
      problem_.compile(history_, options_, operations_, events_);
      frontier_.start(problem_, options_.limits.memory_bytes);
      if (frontier_.advance(std::min(kStepsForHorizon, steps_per_trial_)) == Search::kInvalid) {
        failed_at = frontier_.failed_at();
      }
    }
    if (failed_at != kNeverCompleted) relaxation_.horizon = failed_at + 1;
    sort_by_answer();
  }

  // Whether these alone, the others relaxed, are impossible.
  Verdict judge(const Positions& kept, std::uint64_t step_limit) {
    relaxation_.keep.assign(operations_.size(), false);
    for (const std::uint32_t position : kept) relaxation_.keep[position] = true;
    problem_.compile(history_, options_, operations_, events_, &relaxation_);
    options_.limits.steps = step_limit;
    spent_ += operations_.size();
    if (!from_any_state_) return decide();
    if (!list_states()) return Verdict::kUnknown;
    for (const State state : states_) {
      problem_.initial = state;
      const Verdict verdict = decide();
      if (verdict != Verdict::kInvalid) return verdict;
    }
    return Verdict::kInvalid;
  }

  bool impossible(const Positions& kept) {
    if (exhausted()) return false;
    const Verdict verdict = judge(kept, steps_per_trial_);
    unsure_ |= verdict == Verdict::kUnknown;
    return verdict == Verdict::kInvalid;
  }

  // The last answers before the horizon that contradict each other, with all that was never
  // answered: when that began may matter too.
  Positions window() {
    for (std::size_t size = 4; size < answered_.size(); size *= 2) {
      Positions last(answered_.begin(), answered_.begin() + static_cast<std::ptrdiff_t>(size));
      last.insert(last.end(), unanswered_.begin(), unanswered_.end());
      if (impossible(last)) return last;
    }
    Positions all = answered_;
    all.insert(all.end(), unanswered_.begin(), unanswered_.end());
    return all;
  }

  // The same from any state at the moment when the first of them began. Empty if there is none.
  Positions window_from_any_state() {
    from_any_state_ = true;
    for (std::size_t size = 2; size < answered_.size(); size *= 2) {
      Positions last(answered_.begin(), answered_.begin() + static_cast<std::ptrdiff_t>(size));
      relaxation_.cut = first_invocation(last);
      last.insert(last.end(), unanswered_.begin(), unanswered_.end());
      if (impossible(last)) return last;
    }
    return {};
  }

  // Delta debugging: removes chunk after chunk, of half the set down to single operations.
  Positions shrink(Positions kept) {
    for (std::size_t chunk = (kept.size() + 1) / 2; chunk > 0 && !exhausted();) {
      bool removed = false;
      // Only what the last pass could not tell matters.
      unsure_ = false;
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

  // Shrinks from any state; moves the cut up to the first operation that is left where possible.
  Positions shrink_from_any_state(Positions kept) {
    kept = shrink(std::move(kept));
    while (true) {
      const EventOrder before = relaxation_.cut;
      relaxation_.cut = first_invocation(kept);
      if (relaxation_.cut == before) return kept;
      if (!impossible(kept)) {
        relaxation_.cut = before;
        return kept;
      }
      kept = shrink(std::move(kept));
    }
  }

  EventOrder horizon() const { return relaxation_.horizon; }
  EventOrder cut() const { return relaxation_.cut; }
  void forget_cut() {
    from_any_state_ = false;
    relaxation_.cut = 0;
  }
  bool exhausted() const { return spent_ >= kStepsInAll; }
  bool minimal() const { return !exhausted() && !unsure_; }
  void be_sure() { unsure_ = false; }

 private:
  Verdict decide() {
    const Decision decision = decider_.decide(history_, problem_, options_, nullptr);
    spent_ += decision.steps;
    return decision.verdict;
  }

  void sort_by_answer() {
    for (std::uint32_t i = 0; i < operations_.size(); ++i) {
      const Operation& operation = history_[operations_[i]];
      const Standing stands = standing(operation, options_);
      if (stands == Standing::kIgnored || operation.invoke_order >= relaxation_.horizon) continue;
      const bool counts =
          stands != Standing::kMaybe && operation.complete_order < relaxation_.horizon;
      (counts ? answered_ : unanswered_).push_back(i);
    }
    std::sort(answered_.begin(), answered_.end(), [this](std::uint32_t x, std::uint32_t y) {
      return history_[operations_[x]].complete_order > history_[operations_[y]].complete_order;
    });
  }

  // Of those that were answered.
  EventOrder first_invocation(const Positions& kept) const {
    EventOrder first = kNeverCompleted;
    for (const std::uint32_t position : kept) {
      const Operation& operation = history_[operations_[position]];
      if (operation.complete_order == kNeverCompleted) continue;
      first = std::min(first, operation.invoke_order);
    }
    return first == kNeverCompleted ? 0 : first;
  }

  // Every state that some step may notice, and one that none mentions. False if they are too many.
  bool list_states() {
    states_.clear();
    if (problem_.space.is_trie()) return false;
    for (const Step& step : problem_.steps) {
      if (step.action == Action::kAdd || step.action == Action::kAppend) return false;
      if (step.action == Action::kWrite || step.a == kAnyState) continue;
      if (std::find(states_.begin(), states_.end(), step.a) == states_.end()) {
        states_.push_back(step.a);
      }
      if (states_.size() > kMostStates) return false;
    }
    states_.push_back(problem_.space.table_size());
    return true;
  }

  const History& history_;
  Options options_;
  std::span<const OperationId> operations_;
  std::span<const std::uint32_t> events_;
  Relaxation relaxation_;
  Problem problem_;
  Decider decider_;
  Frontier frontier_;
  Positions answered_;    // before the horizon, the last answer first
  Positions unanswered_;  // invoked before the horizon
  std::vector<State> states_;
  bool from_any_state_ = false;
  std::uint64_t steps_per_trial_ = 0;
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
  Minimiser minimiser(history, options, operations, events);
  minimiser.find_horizon(decision.failed_at);
  Positions kept = positions_of(decision.certificate, operations);
  if (kept.empty() || !minimiser.impossible(kept)) kept = minimiser.window();
  kept = minimiser.shrink(std::move(kept));
  Contradiction contradiction;
  contradiction.horizon = minimiser.horizon();
  contradiction.minimal = minimiser.minimal();
  if (kept.size() > kFew) {
    minimiser.be_sure();
    Positions other = minimiser.window_from_any_state();
    if (!other.empty()) other = minimiser.shrink_from_any_state(std::move(other));
    if (!other.empty() && other.size() < kept.size()) {
      kept = std::move(other);
      contradiction.from_any_state = true;
      contradiction.cut = minimiser.cut();
      contradiction.minimal = minimiser.minimal();
    } else {
      minimiser.forget_cut();
    }
  }
  SYNCHRODB_CHECK_ASSERT(
      minimiser.judge(kept, std::min(kStepsPerTrial, options.limits.steps)) != Verdict::kValid,
      "the algorithms contradict each other");
  std::sort(kept.begin(), kept.end());
  for (const std::uint32_t position : kept) {
    contradiction.operations.push_back(operations[position]);
  }
  explain(history, options, operations, &contradiction);
  return contradiction;
}

}  // namespace synchrodb::check
