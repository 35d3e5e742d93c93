// Everything that a run injects, as an explicit value (design 6.4).
//
// A seed generates a plan; a plan runs without the seed that made it. It can be written as JSON,
// edited by hand, mutated, published, and kept as a regression test.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "consensus/types.h"
#include "engine/env/result.h"

namespace synchrodb::sim {

inline constexpr int kPlanVersion = 1;

// One fault at one moment. Names and parameters: fault_table.h.
struct FaultAction {
  std::string fault;
  Duration at;       // from the start of the run, true time
  Duration lasting;  // 0: momentary, or for the rest of the faulty phase where that makes sense
  // The victims: indexes 0 … nodes-1 of founding members; or empty, and `target` decides at that
  // moment: "leader", "follower", "followers" (each but the leader), "random", "minority",
  // "majority", "all". Without a leader, the first three are a random node.
  std::vector<std::uint32_t> nodes;
  std::string target;
  std::map<std::string, std::int64_t> parameters;  // absent ones take the table's default

  bool operator==(const FaultAction&) const = default;
};

// The action's value of a parameter, or the table's default. Both names must be in the table.
std::int64_t parameter_of(const FaultAction& action, std::string_view name);

struct WorkloadPlan {
  std::string name = "cas-register";  // workload_table in workload/workload_table.h
  std::uint32_t clients = 5;
  std::int64_t milli_rate = 100'000;  // operations in 1,000 seconds of all clients together
  std::uint32_t keys = 8;
  std::map<std::string, std::int64_t> mix;  // weight of each kind; one that is absent is left out

  bool operator==(const WorkloadPlan&) const = default;
};

// Every kind of operation of a workload with its weight in the table; empty for an unknown one.
std::map<std::string, std::int64_t> default_mix(std::string_view workload);

// Replaces one draw of one noise stream: the `counter`-th of (purpose, a, b).
struct DrawOverride {
  std::string purpose;
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  std::uint64_t counter = 0;
  std::uint64_t value = 0;

  bool operator==(const DrawOverride&) const = default;
};

// Another future: from `at`, true time, every noise stream draws by this key too. What happens
// before is the same run, to the last event.
struct PlanBranch {
  Duration at;
  std::uint64_t noise_key = 0;

  bool operator==(const PlanBranch&) const = default;
};

struct Plan {
  int version = kPlanVersion;
  std::uint64_t seed = 0;       // that generated it; information only
  std::uint64_t noise_key = 0;  // from which all per-message, per-write … draws come
  std::uint32_t nodes = 5;
  Duration time = seconds(60);  // of the faulty phase and the healing after it together
  // End of the faulty phase, from the start of the run: then every fault ends and what is broken is
  // healed, but for the nature of the run (`delay` and `disk-latency` from time 0 with lasting 0).
  Duration faulty_time = seconds(40);
  std::string strategy = "fifo";  // "fifo", "random", "pct"
  bool encode_messages = false;   // through the wire codec, always (the digest is the same)
  // Knobs by name, units in the name: option_table in options.h ("election-timeout-ms" …).
  std::map<std::string, std::int64_t> options;
  WorkloadPlan workload;
  std::vector<FaultAction> faults;  // sorted by `at`
  // Buggify sites that are active, with their firing probability in parts per million.
  std::map<std::string, std::int64_t> buggify;
  std::vector<DrawOverride> overrides;
  std::vector<PlanBranch> branches;  // sorted by `at`; stands in JSON only where there are some
  std::string defect;                // by name, "" none; needs a defects build
  bool beyond_budget = false;        // faults may exceed what the model promises to survive
  // Properties of the oracle (oracle/property_table.h) whose contradictions are counted, but
  // neither end the run nor are its verdict; whoever wants to see what comes of them. Stands in
  // JSON only where there are some.
  std::vector<std::string> tolerated;

  bool operator==(const Plan&) const = default;
};

// The plan with another future from `at`, 0 to the plan's time, on: one for each key. Branches of
// the plan after `at` are dropped.
Plan branch(Plan plan, Duration at, std::uint64_t noise_key);

// What the command line fixes; the rest is drawn from the seed (swarm).
struct PlanShape {
  std::uint32_t nodes = 5;
  Duration time = seconds(60);
  std::string workload;  // "": drawn
  std::int64_t milli_rate = 100'000;
  std::uint32_t clients = 0;        // 0: drawn
  std::vector<std::string> faults;  // families, names or name prefixes; empty: swarm over all;
                                    // {"none"}: no faults
  std::map<std::string, std::int64_t> options;  // fixed knobs
  std::string defect;
  std::string strategy;  // "": drawn
  bool beyond_budget = false;

  bool operator==(const PlanShape&) const = default;
};

// The swarm's plan for a seed: each fault family and each kind of operation is left out with p =
// 1/2, drawn from a stream of its own. Pure: the same arguments give the same plan on every
// platform.
Plan generate_plan(std::uint64_t seed, const PlanShape& shape);

// Checks names, ranges and shape; an error names the field ("faults[3].fault: unknown fault …").
Result<> validate(const Plan& plan);
Result<> validate(const PlanShape& shape);

// JSON with a fixed field order; times are texts such as "1.5s". read_plan rejects what validate()
// rejects, unknown and repeated fields, another version and truncated text. A workload without a
// mix takes default_mix().
std::string write_plan(const Plan& plan);
Result<Plan> read_plan(std::string_view json);

// Limits of a plan; validate() refuses what exceeds them.
inline constexpr std::uint32_t kMaxNodes = 15;
inline constexpr std::uint32_t kMaxClients = 1'000;
inline constexpr std::uint32_t kMaxKeys = 100'000;
inline constexpr std::int64_t kMaxMilliRate = 1'000'000'000;  // a million operations a second
inline constexpr Duration kMaxTime = seconds(7 * 24 * 3600);
inline constexpr std::size_t kMaxFaultActions = 100'000;
inline constexpr std::size_t kMaxBranches = 1'000;
inline constexpr std::size_t kMaxPlanBytes = 64 * 1024 * 1024;

}  // namespace synchrodb::sim
