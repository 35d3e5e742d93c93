#include "sim/plan.h"

#include <algorithm>
#include <array>
#include <limits>
#include <set>

#include "consensus/assert.h"
#include "consensus/defects.h"
#include "sim/buggify_sites.h"
#include "sim/duration_text.h"
#include "sim/fault_table.h"
#include "sim/options.h"
#include "sim/oracle/property_table.h"
#include "sim/swarm/schedule.h"
#include "sim/workload/workload_table.h"

namespace synchrodb::sim {
namespace {

constexpr std::array<std::string_view, 3> kStrategies{"fifo", "random", "pct"};
constexpr std::array<std::string_view, 7> kTargets{"leader",   "follower", "followers", "random",
                                                   "minority", "majority", "all"};
constexpr std::int64_t kMaxWeight = 1'000'000;
constexpr std::int64_t kMillion = 1'000'000;

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

Error invalid(const std::string& field, const std::string& why) {
  return {ErrorCode::kInvalid, field + ": " + why};
}

// What a hostile plan says, cut to what fits a message.
std::string quoted(std::string_view text) {
  std::string shown = "\"";
  for (const char c : text.substr(0, 60)) shown += c >= ' ' && c <= '~' ? c : '?';
  return shown + (text.size() > 60 ? "…\"" : "\"");
}

Result<> check_range(const std::string& field, std::int64_t value, std::int64_t low,
                     std::int64_t high) {
  if (value >= low && value <= high) return {};
  return invalid(field, std::to_string(value) + " is outside " + std::to_string(low) + " to " +
                            std::to_string(high));
}

Result<> check_time(const std::string& field, Duration time) {
  if (time.ns > 0 && time <= kMaxTime) return {};
  return invalid(field, "must be more than 0 and at most " + format_duration(kMaxTime));
}

Result<> check_strategy(const std::string& strategy) {
  if (is_one_of(strategy, kStrategies)) return {};
  return invalid("strategy", quoted(strategy) + " is none of fifo, random, pct");
}

Result<> check_defect(const std::string& name) {
  if (name.empty()) return {};
  const bool known = std::any_of(kDefectNames.begin(), kDefectNames.end(),
                                 [&](const DefectName& defect) { return defect.name == name; });
  if (!known) {
    return invalid("defect",
                   "unknown defect " + quoted(name) + "; `synchrodb-sim list defects` names them");
  }
  if (!kDefectsCompiledIn) {
    return invalid("defect",
                   "this build contains no defects; build one that does with "
                   "`cmake --preset defects && cmake --build --preset defects` and use "
                   "build/defects/bin/synchrodb-sim");
  }
  return {};
}

Result<> check_mix(const WorkloadPlan& workload, const WorkloadSpec& spec) {
  std::int64_t total = 0;
  for (const auto& [name, weight] : workload.mix) {
    const std::string field = "workload.mix." + quoted(name);
    if (find_operation(spec, name) == nullptr) {
      return invalid(field, "the workload " + workload.name + " has no such operation");
    }
    if (Result<> range = check_range(field, weight, 0, kMaxWeight); !range) return range;
    total += weight;
  }
  if (total == 0) return invalid("workload.mix", "no kind of operation has a weight above 0");
  return {};
}

Result<> check_workload(const WorkloadPlan& workload) {
  const WorkloadSpec* spec = find_workload(workload.name);
  if (spec == nullptr) {
    return invalid("workload.name", "unknown workload " + quoted(workload.name) +
                                        "; `synchrodb-sim list workloads` names them");
  }
  if (Result<> r = check_range("workload.clients", workload.clients, 1, kMaxClients); !r) return r;
  if (Result<> r = check_range("workload.milli_rate", workload.milli_rate, 1, kMaxMilliRate); !r) {
    return r;
  }
  if (Result<> r = check_range("workload.keys", workload.keys, 1, kMaxKeys); !r) return r;
  return check_mix(workload, *spec);
}

// What a plan within the fault budget may not do, since no correct engine survives it.
Result<> check_budget(const std::string& field, const FaultAction& action, const FaultSpec& spec,
                      const Plan& plan) {
  if (plan.beyond_budget) return {};
  const std::string remedy = "; only with \"beyond_budget\": true";
  if (spec.family == "beyond") {
    return invalid(field + ".fault", action.fault + " exceeds the fault budget" + remedy);
  }
  if (spec.kind == FaultKind::kClockDrift) {
    const std::int64_t drift = parameter_of(action, "ppm");
    const std::int64_t bound = option_value(plan, "clock-drift-bound-ppm");
    if (drift > bound || drift < -bound) {
      return invalid(field + ".parameters.ppm",
                     "drift beyond clock-drift-bound-ppm (" + std::to_string(bound) + ")" + remedy);
    }
  }
  if (spec.kind == FaultKind::kPauseClockStopped && option_value(plan, "lease") != 0) {
    return invalid(field + ".fault", "a stopped clock breaks every lease (option lease)" + remedy);
  }
  if (spec.kind == FaultKind::kReconfiguredRestart && option_value(plan, "lease") == 2 &&
      parameter_of(action, "timeout-percent") < 100) {
    return invalid(field + ".parameters.timeout-percent",
                   "a timeout shorter than the leader's breaks its classical lease" + remedy);
  }
  return {};
}

bool damages_disk(FaultKind kind) {
  return kind == FaultKind::kBitRot || kind == FaultKind::kMisdirectedWrite ||
         kind == FaultKind::kWipeAndRejoin;
}

Result<> check_victims(const std::string& field, const FaultAction& action, const Plan& plan) {
  if (!action.nodes.empty() && !action.target.empty()) {
    return invalid(field + ".target", "either nodes or a target, not both");
  }
  if (!action.target.empty() && !is_one_of(action.target, kTargets)) {
    return invalid(field + ".target", quoted(action.target) +
                                          " is none of leader, follower, followers, random, "
                                          "minority, majority, all");
  }
  std::set<std::uint32_t> seen;
  for (const std::uint32_t node : action.nodes) {
    if (node >= plan.nodes) {
      return invalid(field + ".nodes", std::to_string(node) + " is no founding member (0 to " +
                                           std::to_string(plan.nodes - 1) + ")");
    }
    if (!seen.insert(node).second) {
      return invalid(field + ".nodes", std::to_string(node) + " is named twice");
    }
  }
  return {};
}

Result<> check_action(const std::string& field, const FaultAction& action, const Plan& plan) {
  const std::optional<FaultKind> kind = find_fault(action.fault);
  if (!kind) {
    return invalid(field + ".fault", "unknown fault " + quoted(action.fault) +
                                         "; `synchrodb-sim list faults` names them");
  }
  const FaultSpec& spec = spec_of(*kind);
  if (*kind == FaultKind::kBuggify || *kind == FaultKind::kKnobs) {
    return invalid(field + ".fault", action.fault + " is no timed fault: it stands in the plan's " +
                                         (*kind == FaultKind::kKnobs ? "options" : "buggify"));
  }
  if (action.at.ns < 0 || action.at > plan.faulty_time) {
    return invalid(field + ".at",
                   "outside the faulty phase (0 to " + format_duration(plan.faulty_time) + ")");
  }
  if (action.lasting.ns < 0 || action.lasting > kMaxTime) {
    return invalid(field + ".lasting", "must be 0 to " + format_duration(kMaxTime));
  }
  for (const auto& [name, value] : action.parameters) {
    const auto parameter =
        std::find_if(spec.parameters.begin(), spec.parameters.end(),
                     [&wanted = name](const FaultParameter& p) { return p.name == wanted; });
    const std::string where = field + ".parameters." + quoted(name);
    if (parameter == spec.parameters.end()) return invalid(where, "unknown parameter");
    if (Result<> r = check_range(where, value, parameter->low, parameter->high); !r) return r;
  }
  if (Result<> r = check_victims(field, action, plan); !r) return r;
  return check_budget(field, action, spec, plan);
}

Result<> check_damage(const Plan& plan) {
  if (plan.beyond_budget) return {};
  const bool changes = std::any_of(plan.faults.begin(), plan.faults.end(), [](const auto& action) {
    return action.fault == spec_of(FaultKind::kMembershipChange).name;
  });
  const std::uint32_t budget = damage_budget(plan, changes);
  std::set<std::uint32_t> damaged;
  for (std::size_t i = 0; i < plan.faults.size(); ++i) {
    const FaultAction& action = plan.faults[i];
    if (!damages_disk(*find_fault(action.fault))) continue;
    const std::string field = "faults[" + std::to_string(i) + "].nodes";
    if (action.nodes.empty()) {
      return invalid(field, action.fault + " needs its victims by number: the budget allows " +
                                std::to_string(budget) + " in the whole run");
    }
    damaged.insert(action.nodes.begin(), action.nodes.end());
    if (damaged.size() > budget) {
      return invalid(field, "more than " + std::to_string(budget) +
                                " nodes with damaged disks exceed the fault budget; only with "
                                "\"beyond_budget\": true");
    }
  }
  return {};
}

Result<> check_faults(const Plan& plan) {
  if (plan.faults.size() > kMaxFaultActions) {
    return invalid("faults", "more than " + std::to_string(kMaxFaultActions));
  }
  for (std::size_t i = 0; i < plan.faults.size(); ++i) {
    const std::string field = "faults[" + std::to_string(i) + "]";
    if (Result<> r = check_action(field, plan.faults[i], plan); !r) return r;
    if (i > 0 && plan.faults[i].at < plan.faults[i - 1].at) {
      return invalid(field + ".at", "earlier than the fault before it");
    }
  }
  return check_damage(plan);
}

Result<> check_branches(const Plan& plan) {
  if (plan.branches.size() > kMaxBranches) {
    return invalid("branches", "more than " + std::to_string(kMaxBranches));
  }
  for (std::size_t i = 0; i < plan.branches.size(); ++i) {
    const std::string field = "branches[" + std::to_string(i) + "].at";
    const Duration at = plan.branches[i].at;
    if (at.ns < 0 || at > plan.time) {
      return invalid(field, "outside the run (0 to " + format_duration(plan.time) + ")");
    }
    if (i > 0 && at < plan.branches[i - 1].at) {
      return invalid(field, "earlier than the branch before it");
    }
  }
  return {};
}

Result<> check_code(const Plan& plan) {
  const auto sites = buggify_sites();
  for (const auto& [site, ppm] : plan.buggify) {
    const std::string field = "buggify." + quoted(site);
    if (std::find(sites.begin(), sites.end(), site) == sites.end()) {
      return invalid(field, "unknown site");
    }
    if (Result<> r = check_range(field, ppm, 0, kMillion); !r) return r;
  }
  for (std::size_t i = 0; i < plan.overrides.size(); ++i) {
    const std::string& purpose = plan.overrides[i].purpose;
    if (purpose.empty() || purpose.size() > 100) {
      return invalid("overrides[" + std::to_string(i) + "].purpose", "must be 1 to 100 bytes");
    }
  }
  return {};
}

Result<> check_tolerated(const Plan& plan) {
  for (std::size_t i = 0; i < plan.tolerated.size(); ++i) {
    const std::string field = "tolerated[" + std::to_string(i) + "]";
    const std::string& name = plan.tolerated[i];
    if (find_property(name) == nullptr) {
      return invalid(field, "unknown property " + quoted(name) +
                                "; `synchrodb-sim list properties` names them");
    }
    if (std::find(plan.tolerated.begin(), plan.tolerated.begin() + static_cast<std::ptrdiff_t>(i),
                  name) != plan.tolerated.begin() + static_cast<std::ptrdiff_t>(i)) {
      return invalid(field, quoted(name) + " is named twice");
    }
  }
  return {};
}

Result<> check_fault_words(const PlanShape& shape) {
  for (const std::string& word : shape.faults) {
    if (word == "none" || word == "all") {
      if (shape.faults.size() == 1) continue;
      return invalid("faults", "\"" + word + "\" stands alone");
    }
    const std::vector<FaultKind> named = select_faults(word);
    if (named.empty()) {
      return invalid("faults", "unknown fault or family " + quoted(word) +
                                   "; `synchrodb-sim list faults` names them");
    }
    const bool within = std::any_of(named.begin(), named.end(), [](FaultKind kind) {
      return spec_of(kind).family != "beyond";
    });
    if (!within && !shape.beyond_budget) {
      return invalid("faults", quoted(word) + " exceeds the fault budget; add --beyond-budget");
    }
  }
  return {};
}

}  // namespace

std::int64_t parameter_of(const FaultAction& action, std::string_view name) {
  const auto position = action.parameters.find(std::string(name));
  if (position != action.parameters.end()) return position->second;
  const std::optional<FaultKind> kind = find_fault(action.fault);
  SYNCHRODB_ASSERT(kind.has_value(), "a valid plan names faults of the table");
  for (const FaultParameter& parameter : spec_of(*kind).parameters) {
    if (parameter.name == name) return parameter.standard;
  }
  SYNCHRODB_ASSERT(false, "asked for a parameter that the fault does not have");
}

Plan branch(Plan plan, Duration at, std::uint64_t noise_key) {
  std::erase_if(plan.branches, [at](const PlanBranch& earlier) { return earlier.at > at; });
  plan.branches.push_back(PlanBranch{at, noise_key});
  return plan;
}

Result<> validate(const Plan& plan) {
  if (plan.version != kPlanVersion) {
    return invalid("version", std::to_string(plan.version) + " is not " +
                                  std::to_string(kPlanVersion) + ", the one that this build reads");
  }
  if (Result<> r = check_range("nodes", plan.nodes, 1, kMaxNodes); !r) return r;
  if (Result<> r = check_time("time", plan.time); !r) return r;
  if (plan.faulty_time.ns < 0 || plan.faulty_time > plan.time) {
    return invalid("faulty_time", "must be 0 to the plan's time");
  }
  if (Result<> r = check_strategy(plan.strategy); !r) return r;
  if (Result<> r = validate_options(plan.options); !r) return r;
  if (Result<> r = check_workload(plan.workload); !r) return r;
  if (Result<> r = check_faults(plan); !r) return r;
  if (Result<> r = check_code(plan); !r) return r;
  if (Result<> r = check_branches(plan); !r) return r;
  if (Result<> r = check_tolerated(plan); !r) return r;
  return check_defect(plan.defect);
}

Result<> validate(const PlanShape& shape) {
  if (Result<> r = check_range("nodes", shape.nodes, 1, kMaxNodes); !r) return r;
  if (Result<> r = check_time("time", shape.time); !r) return r;
  if (!shape.workload.empty() && find_workload(shape.workload) == nullptr) {
    return invalid("workload", "unknown workload " + quoted(shape.workload) +
                                   "; `synchrodb-sim list workloads` names them");
  }
  if (Result<> r = check_range("rate", shape.milli_rate, 1, kMaxMilliRate); !r) return r;
  if (Result<> r = check_range("clients", shape.clients, 0, kMaxClients); !r) return r;
  if (Result<> r = check_fault_words(shape); !r) return r;
  if (Result<> r = validate_options(shape.options); !r) return r;
  if (!shape.strategy.empty()) {
    if (Result<> r = check_strategy(shape.strategy); !r) return r;
  }
  return check_defect(shape.defect);
}

}  // namespace synchrodb::sim
