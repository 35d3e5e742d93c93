// Swarm testing (Groce et al., ISSTA 2012): a run that leaves out half of what could happen reaches
// deeper than one that does a little of everything.
#include <algorithm>
#include <set>
#include <string>

#include "sim/buggify_sites.h"
#include "sim/fault_table.h"
#include "sim/options.h"
#include "sim/plan.h"
#include "sim/swarm/draw.h"
#include "sim/swarm/knobs.h"
#include "sim/swarm/schedule.h"
#include "sim/workload/workload_table.h"

namespace synchrodb::sim {
namespace {

bool allowed(const FaultSpec& spec, const PlanShape& shape) {
  return shape.beyond_budget || spec.family != "beyond";
}

bool coin(std::uint64_t seed, std::string_view what, std::string_view name) {
  return Draw(seed, std::string(what) + "/" + std::string(name)).coin();
}

std::set<FaultKind> swarm_faults(std::uint64_t seed, const PlanShape& shape) {
  std::set<FaultKind> enabled;
  for (const FaultSpec& spec : fault_table()) {
    if (allowed(spec, shape) && coin(seed, "family", spec.family) &&
        coin(seed, "fault", spec.name)) {
      enabled.insert(spec.kind);
    }
  }
  return enabled;
}

// Of the faults that each word names some, at least one: who asks for partitions gets one.
std::set<FaultKind> asked_faults(std::uint64_t seed, const PlanShape& shape) {
  std::set<FaultKind> enabled;
  for (const std::string& word : shape.faults) {
    std::vector<FaultKind> named = select_faults(word);
    if (word == "all") {
      for (const FaultSpec& spec : fault_table()) named.push_back(spec.kind);
    }
    std::erase_if(named, [&](FaultKind kind) { return !allowed(spec_of(kind), shape); });
    if (named.empty()) continue;
    const std::size_t sure = Draw(seed, "asked/" + word).below(named.size());
    for (std::size_t i = 0; i < named.size(); ++i) {
      if (i == sure || word == "all" || coin(seed, "fault", spec_of(named[i]).name)) {
        enabled.insert(named[i]);
      }
    }
  }
  return enabled;
}

bool may_swarm(const PlanShape& shape, FaultKind kind) {
  if (shape.faults.empty()) return true;
  return std::any_of(shape.faults.begin(), shape.faults.end(), [&](const std::string& word) {
    const std::vector<FaultKind> named = select_faults(word);
    return word == "all" || std::find(named.begin(), named.end(), kind) != named.end();
  });
}

void draw_workload(std::uint64_t seed, const PlanShape& shape, WorkloadPlan& workload) {
  Draw draw(seed, "workload");
  const std::span<const WorkloadSpec> table = workload_table();
  const WorkloadSpec& drawn = table[draw.below(table.size())];
  const WorkloadSpec* named = find_workload(shape.workload);
  const WorkloadSpec& spec = named == nullptr ? drawn : *named;
  workload.name = spec.name;
  const auto clients = static_cast<std::uint32_t>(draw.between(3, 10));
  workload.clients = shape.clients == 0 ? clients : shape.clients;
  workload.milli_rate = shape.milli_rate;
  workload.keys = draw.pick<std::uint32_t>({1, 2, 4, 8, 8, 16});
  for (const OperationKind& operation : spec.operations) {
    // What leases allow is only seen by reads that trust them.
    const bool trusting =
        operation.name.starts_with("lease-") && Draw(seed, "operation/trusting").coin();
    if (trusting || coin(seed, "operation", operation.name)) {
      workload.mix[std::string(operation.name)] = operation.weight;
    }
  }
  // Without a read nothing is seen, without a write there is nothing to see.
  for (const bool mutates : {false, true}) {
    std::vector<const OperationKind*> candidates;
    bool present = false;
    for (const OperationKind& operation : spec.operations) {
      if (operation.mutates != mutates) continue;
      candidates.push_back(&operation);
      present = present || workload.mix.contains(std::string(operation.name));
    }
    if (present || candidates.empty()) continue;
    const OperationKind& chosen = *candidates[draw.below(candidates.size())];
    workload.mix[std::string(chosen.name)] = chosen.weight;
  }
}

void draw_options(std::uint64_t seed, const PlanShape& shape, const std::set<FaultKind>& enabled,
                  Plan& plan) {
  OptionMap drawn;
  const bool changes = enabled.contains(FaultKind::kMembershipChange);
  if (may_swarm(shape, FaultKind::kKnobs)) draw_modes(seed, changes, drawn);
  if (enabled.contains(FaultKind::kKnobs)) draw_knobs(seed, drawn);
  if (may_swarm(shape, FaultKind::kKnobs)) draw_lease_duration(seed, shape.options, drawn);
  if (enabled.contains(FaultKind::kClockDrift)) {
    drawn["clock-drift-bound-ppm"] =
        Draw(seed, "drift-bound").pick<std::int64_t>({500, 5'000, 50'000, 200'000});
  }
  plan.options = shape.options;
  plan.options.merge(drawn);
  // What was drawn may not fit what is fixed: then only the latter counts.
  if (!validate_options(plan.options)) {
    std::erase_if(plan.options, [&](const auto& option) {
      return !shape.options.contains(option.first) &&
             (option.first.ends_with("-ms") || option.first == "lease");
    });
  }
}

void draw_buggify(std::uint64_t seed, Plan& plan) {
  for (const std::string_view site : buggify_sites()) {
    Draw draw(seed, "buggify/" + std::string(site));
    if (!draw.chance(1, 4)) continue;
    plan.buggify[std::string(site)] = draw.coin() ? 250'000 : draw.doubling(5'000, 500'000);
  }
}

// A clock that stood still breaks every lease, and that is nobody's fault: such runs have none.
void settle_stopped_clocks(std::uint64_t seed, const PlanShape& shape, std::set<FaultKind>& enabled,
                           Plan& plan) {
  if (shape.beyond_budget || !enabled.contains(FaultKind::kPauseClockStopped)) return;
  if (option_value(plan, "lease") == 0) return;
  const bool fixed = shape.options.contains("lease");
  if (!fixed && coin(seed, "settle", "pause-clock-stopped")) {
    plan.options["lease"] = 0;
  } else {
    enabled.erase(FaultKind::kPauseClockStopped);
  }
}

// Some bugs need a whole situation, and a sum of independent coins hardly ever makes it. A few runs
// are therefore given over to one.
enum class Theme { kNone, kTrustedLease, kSiblingChanges };

Theme draw_theme(std::uint64_t seed, const PlanShape& shape) {
  if (!shape.faults.empty() || shape.beyond_budget) return Theme::kNone;
  switch (Draw(seed, "theme").below(16)) {
    case 0:
      return Theme::kTrustedLease;
    case 1:
    case 2:
      return Theme::kSiblingChanges;
    default:
      return Theme::kNone;
  }
}

void set_unless_fixed(const PlanShape& shape, Plan& plan, const std::string& option,
                      std::int64_t value) {
  if (!shape.options.contains(option)) plan.options[option] = value;
}

// A leader is cut off with clients that trust its lease, while clocks disagree (bug zoo 12 to 14).
void play_trusted_lease(const PlanShape& shape, std::set<FaultKind>& enabled, Plan& plan) {
  enabled = {FaultKind::kPartitionIsolateLeader, FaultKind::kClockOffset};
  set_unless_fixed(shape, plan, "lease", 1);
  set_unless_fixed(shape, plan, "check-quorum", 0);
  if (option_value(plan, "lease") == 1) {
    set_unless_fixed(shape, plan, "lease-duration-ms",
                     option_value(plan, "election-timeout-ms") * 3);
  }
  if (shape.clients == 0) plan.workload.clients = 9;
  for (const OperationKind& operation : find_workload(plan.workload.name)->operations) {
    if (operation.name.starts_with("lease-")) {
      plan.workload.mix[std::string(operation.name)] = operation.weight;
    }
  }
}

// Leaders that know nothing of each other each begin a single-server change, from an even number of
// voters (bug zoo 31).
void play_sibling_changes(const PlanShape& shape, std::set<FaultKind>& enabled, Plan& plan) {
  enabled = {FaultKind::kPartitionIsolateLeader, FaultKind::kMembershipChange,
             FaultKind::kSnapshotNow};
  set_unless_fixed(shape, plan, "membership", 1);
  set_unless_fixed(shape, plan, "lease", 0);
  if (plan.options["lease"] != 1) plan.options.erase("lease-duration-ms");
}

void begin_with_a_removal(Plan& plan) {
  FaultAction removal;
  removal.fault = spec_of(FaultKind::kMembershipChange).name;
  removal.at = std::min(seconds(2), plan.faulty_time / 4);
  removal.parameters = {{"kind", 2}, {"min-voters", 3}};
  plan.faults.push_back(std::move(removal));
  std::stable_sort(plan.faults.begin(), plan.faults.end(),
                   [](const FaultAction& a, const FaultAction& b) { return a.at < b.at; });
}

}  // namespace

Plan generate_plan(std::uint64_t seed, const PlanShape& shape) {
  Plan plan;
  plan.seed = seed;
  plan.noise_key = Draw(seed, "noise").next();
  plan.nodes = shape.nodes;
  plan.time = shape.time;
  plan.faulty_time = Duration{shape.time.ns / 100 * Draw(seed, "faulty-time").between(60, 70)};
  plan.defect = shape.defect;
  plan.beyond_budget = shape.beyond_budget;
  Draw scheduling(seed, "strategy");
  const std::string strategy = scheduling.pick({"fifo", "fifo", "random", "pct"});
  plan.strategy = shape.strategy.empty() ? strategy : shape.strategy;

  std::set<FaultKind> enabled =
      shape.faults.empty() ? swarm_faults(seed, shape) : asked_faults(seed, shape);
  draw_workload(seed, shape, plan.workload);
  draw_options(seed, shape, enabled, plan);
  const Theme theme = draw_theme(seed, shape);
  if (theme == Theme::kTrustedLease) play_trusted_lease(shape, enabled, plan);
  if (theme == Theme::kSiblingChanges) play_sibling_changes(shape, enabled, plan);
  settle_stopped_clocks(seed, shape, enabled, plan);
  if (enabled.contains(FaultKind::kBuggify)) draw_buggify(seed, plan);
  // A write within one sector cannot be torn.
  if (enabled.contains(FaultKind::kTornWrite) && coin(seed, "straddle", "sectors")) {
    plan.buggify["wal.straddle-sectors"] = 500'000;
  }
  draw_schedule(seed, enabled, plan);
  if (theme == Theme::kSiblingChanges && plan.nodes % 2 == 1 && plan.nodes > 3) {
    begin_with_a_removal(plan);
  }
  // Bits can only flip in bytes.
  plan.encode_messages = enabled.contains(FaultKind::kBitFlip) || Draw(seed, "encode").chance(1, 8);
  return plan;
}

}  // namespace synchrodb::sim
