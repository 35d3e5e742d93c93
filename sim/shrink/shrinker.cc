#include "sim/shrink/shrinker.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "consensus/hash.h"
#include "sim/shrink/ddmin.h"

namespace synchrodb::sim {
namespace {

// Numbers from `low` up to below `high`, by doubling steps: few runs where little is needed.
std::vector<std::uint32_t> smaller_numbers(std::uint32_t low, std::uint32_t high) {
  std::vector<std::uint32_t> numbers;
  for (std::uint32_t step = 1, n = low; n < high; n += step, step *= 2) numbers.push_back(n);
  return numbers;
}

// The plan with so many founding members: what struck the others alone is gone.
Plan with_nodes(Plan plan, std::uint32_t nodes) {
  plan.nodes = nodes;
  std::erase_if(plan.faults, [nodes](FaultAction& action) {
    const bool named = !action.nodes.empty();
    std::erase_if(action.nodes, [nodes](std::uint32_t node) { return node >= nodes; });
    return named && action.nodes.empty();
  });
  return plan;
}

// The plan cut short; the phases keep their proportions.
Plan with_time(Plan plan, Duration time) {
  plan.faulty_time = Duration{static_cast<std::int64_t>(static_cast<double>(plan.faulty_time.ns) /
                                                        static_cast<double>(plan.time.ns) *
                                                        static_cast<double>(time.ns))};
  plan.time = time;
  std::erase_if(plan.faults,
                [&](const FaultAction& action) { return action.at > plan.faulty_time; });
  std::erase_if(plan.branches, [&](const PlanBranch& branch) { return branch.at > time; });
  return plan;
}

// The same in half the time: everything happens earlier.
Plan hastened(Plan plan) {
  for (FaultAction& action : plan.faults) action.at = action.at / 2;
  for (PlanBranch& branch : plan.branches) branch.at = branch.at / 2;
  plan.time = plan.time / 2;
  plan.faulty_time = plan.faulty_time / 2;
  return plan;
}

}  // namespace

Shrinker::Shrinker(const Plan& plan, RunResult first, const ShrinkOptions& options,
                   const PlanRunner& runner,
                   const std::function<void(const ShrinkProgress&)>& on_progress)
    : best_(plan),
      best_result_(std::move(first)),
      property_(best_result_.violated),
      options_(options),
      runner_(runner),
      on_progress_(on_progress),
      before_(size_of(plan)) {}

void Shrinker::run() {
  for (std::size_t steps = ~std::size_t{0}; steps != path_.size() && !ended_;) {
    steps = path_.size();
    pass("faults", &Shrinker::shrink_faults);
    pass("nodes", &Shrinker::shrink_nodes);
    pass("clients", &Shrinker::shrink_clients);
    pass("operations", &Shrinker::shrink_kinds);
    pass("keys", &Shrinker::shrink_keys);
    pass("time", &Shrinker::shrink_time);
    pass("rate", &Shrinker::shrink_rate);
    pass("options", &Shrinker::shrink_options);
    pass("buggify", &Shrinker::shrink_buggify);
    pass("parameters", &Shrinker::shrink_actions);
    pass("rest", &Shrinker::shrink_rest);
  }
}

ShrinkResult Shrinker::result() && {
  ShrinkResult result;
  result.plan = std::move(best_);
  result.result = std::move(best_result_);
  result.property = std::move(property_);
  result.runs = runs_;
  result.complete = !ended_;
  result.before = before_;
  result.path = std::move(path_);
  return result;
}

void Shrinker::pass(const char* name, void (Shrinker::*shrink_by)()) {
  if (ended_) return;
  pass_ = name;
  const Plan before = best_;
  (this->*shrink_by)();
  if (best_ == before) return;
  path_.push_back(ShrinkStep{name, runs_, size_of(best_)});
}

bool Shrinker::out_of_runs() {
  ended_ = ended_ || runs_ >= options_.max_runs || (options_.stop && options_.stop());
  return ended_;
}

RunResult Shrinker::result_of(const Plan& candidate) const {
  try {
    return runner_(candidate);
  } catch (const std::exception&) {
    return {};
  }
}

bool Shrinker::attempt(Plan candidate) {
  if (candidate == best_ || !validate(candidate).ok() || out_of_runs()) return false;
  RunResult result = result_of(candidate);
  ++runs_;
  const bool fails = result.verdict == Verdict::kViolation && result.violated == property_;
  if (fails) {
    best_ = std::move(candidate);
    best_result_ = std::move(result);
  }
  if (on_progress_) {
    on_progress_(ShrinkProgress{runs_, options_.max_runs, pass_, size_of(best_)});
  }
  return fails;
}

bool Shrinker::attempt_noisy(const Plan& candidate) {
  // Other noise alone makes nothing smaller.
  if (candidate == best_) return false;
  if (attempt(candidate)) return true;
  for (std::uint64_t noise = 1; noise < options_.noises && !ended_; ++noise) {
    Plan other = candidate;
    other.noise_key = hash_mix(candidate.noise_key, noise);
    if (attempt(std::move(other))) return true;
  }
  return false;
}

// ---- The passes ------------------------------------------------------------------------------

void Shrinker::shrink_faults() {
  ddmin(best_.faults, [this](const std::vector<FaultAction>& faults) {
    Plan candidate = best_;
    candidate.faults = faults;
    return attempt(std::move(candidate));
  });
}

void Shrinker::shrink_nodes() {
  for (std::uint32_t nodes = 1; nodes < best_.nodes; ++nodes) {
    if (attempt_noisy(with_nodes(best_, nodes))) return;
  }
}

void Shrinker::shrink_clients() {
  for (const std::uint32_t clients : smaller_numbers(1, best_.workload.clients)) {
    Plan candidate = best_;
    candidate.workload.clients = clients;
    if (attempt_noisy(candidate)) return;
  }
}

void Shrinker::shrink_kinds() {
  std::vector<std::pair<std::string, std::int64_t>> kinds(best_.workload.mix.begin(),
                                                          best_.workload.mix.end());
  ddmin(kinds, [this](const auto& kept) {
    Plan candidate = best_;
    candidate.workload.mix = {kept.begin(), kept.end()};
    return !kept.empty() && attempt_noisy(candidate);
  });
}

void Shrinker::shrink_keys() {
  for (const std::uint32_t keys : smaller_numbers(1, best_.workload.keys)) {
    Plan candidate = best_;
    candidate.workload.keys = keys;
    if (attempt_noisy(candidate)) return;
  }
}

void Shrinker::shrink_time() {
  constexpr Duration kLeast = seconds(1);
  while (best_.time / 2 >= kLeast && attempt_noisy(hastened(best_))) continue;
  for (const std::int64_t parts : {2, 4, 8}) {
    for (;;) {
      const Duration less{best_.time.ns - best_.time.ns / parts};
      const Duration rounded{std::max(less.ns / kLeast.ns, std::int64_t{1}) * kLeast.ns};
      if (rounded >= best_.time || !attempt_noisy(with_time(best_, rounded))) break;
    }
  }
}

void Shrinker::shrink_rate() {
  constexpr std::int64_t kLeast = 1'000;  // an operation a second
  for (;;) {
    Plan candidate = best_;
    candidate.workload.milli_rate = std::max(kLeast, candidate.workload.milli_rate / 2);
    if (!attempt_noisy(candidate)) return;
  }
}

void Shrinker::shrink_map(std::map<std::string, std::int64_t> Plan::*map) {
  std::vector<std::pair<std::string, std::int64_t>> entries((best_.*map).begin(),
                                                            (best_.*map).end());
  ddmin(entries, [this, map](const auto& kept) {
    Plan candidate = best_;
    candidate.*map = {kept.begin(), kept.end()};
    return attempt(std::move(candidate));
  });
}

void Shrinker::shrink_options() {
  shrink_map(&Plan::options);
}

void Shrinker::shrink_buggify() {
  shrink_map(&Plan::buggify);
}

void Shrinker::shrink_rest() {
  ddmin(best_.overrides, [this](const std::vector<DrawOverride>& kept) {
    Plan candidate = best_;
    candidate.overrides = kept;
    return attempt(std::move(candidate));
  });
  ddmin(best_.branches, [this](const std::vector<PlanBranch>& kept) {
    Plan candidate = best_;
    candidate.branches = kept;
    return attempt(std::move(candidate));
  });
  for (const auto& simplify :
       std::vector<std::function<void(Plan&)>>{[](Plan& plan) { plan.strategy = "fifo"; },
                                               [](Plan& plan) { plan.encode_messages = false; },
                                               [](Plan& plan) { plan.beyond_budget = false; },
                                               [](Plan& plan) { plan.tolerated.clear(); }}) {
    Plan candidate = best_;
    simplify(candidate);
    attempt(std::move(candidate));
  }
}

void Shrinker::shrink_actions() {
  for (std::size_t i = 0; i < best_.faults.size(); ++i) shrink_action(i);
}

// Shorter, on fewer nodes, with the table's parameters.
void Shrinker::shrink_action(std::size_t index) {
  const auto changed = [&](const std::function<void(FaultAction&)>& change) {
    Plan candidate = best_;
    change(candidate.faults[index]);
    return attempt(std::move(candidate));
  };
  std::vector<std::pair<std::string, std::int64_t>> parameters(
      best_.faults[index].parameters.begin(), best_.faults[index].parameters.end());
  ddmin(parameters, [&](const auto& kept) {
    return changed([&](FaultAction& action) { action.parameters = {kept.begin(), kept.end()}; });
  });
  ddmin(best_.faults[index].nodes, [&](const std::vector<std::uint32_t>& kept) {
    return !kept.empty() && changed([&](FaultAction& action) { action.nodes = kept; });
  });
  // A fault that lasts for no time at all is momentary, which is another fault.
  while (best_.faults[index].lasting > milliseconds(10)) {
    if (!changed([](FaultAction& action) { action.lasting = action.lasting / 2; })) break;
  }
}

}  // namespace synchrodb::sim
