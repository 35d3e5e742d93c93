#include "sim/shrink/shrink.h"

#include <algorithm>
#include <utility>

#include "sim/duration_text.h"
#include "sim/shrink/shrinker.h"

namespace synchrodb::sim {
namespace {

std::string counted(std::size_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

}  // namespace

PlanSize size_of(const Plan& plan) {
  PlanSize size;
  size.faults = plan.faults.size();
  size.nodes = plan.nodes;
  size.clients = plan.workload.clients;
  size.kinds =
      static_cast<std::size_t>(std::count_if(plan.workload.mix.begin(), plan.workload.mix.end(),
                                             [](const auto& kind) { return kind.second > 0; }));
  size.keys = plan.workload.keys;
  size.time = plan.time;
  size.milli_rate = plan.workload.milli_rate;
  size.options = plan.options.size();
  size.buggify = plan.buggify.size();
  return size;
}

std::string describe(const PlanSize& size) {
  std::string text = counted(size.faults, "fault", "faults");
  text += ", " + counted(size.nodes, "node", "nodes");
  text += ", " + counted(size.clients, "client", "clients");
  if (size.kinds > 0)
    text += ", " + counted(size.kinds, "kind of operation", "kinds of operations");
  if (size.keys > 0) text += ", " + counted(size.keys, "key", "keys");
  text += ", " + format_duration(size.time);
  if (size.milli_rate > 0) {
    text += ", " + std::to_string(std::max(size.milli_rate / 1'000, std::int64_t{1})) + " op/s";
  }
  if (size.options > 0) text += ", " + counted(size.options, "option", "options");
  if (size.buggify > 0) text += ", " + counted(size.buggify, "buggify site", "buggify sites");
  return text;
}

Result<ShrinkResult> shrink(const Plan& plan, const ShrinkOptions& options,
                            const PlanRunner& runner,
                            const std::function<void(const ShrinkProgress&)>& on_progress) {
  if (Result<> valid = validate(plan); !valid) return valid.error();
  RunResult first = runner(plan);
  if (first.verdict != Verdict::kViolation) {
    return Error{ErrorCode::kInvalid, std::string("the plan violates nothing (its verdict is ") +
                                          name_of(first.verdict) +
                                          "): there is nothing to shrink it to"};
  }
  Shrinker shrinker(plan, std::move(first), options, runner, on_progress);
  shrinker.run();
  return std::move(shrinker).result();
}

}  // namespace synchrodb::sim
