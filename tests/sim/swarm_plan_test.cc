#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "consensus/defects.h"
#include "sim/fault_table.h"
#include "sim/options.h"
#include "sim/plan.h"
#include "sim/swarm/draw.h"
#include "sim/swarm/schedule.h"
#include "sim/workload/workload_table.h"

namespace synchrodb::sim {
namespace {

constexpr std::uint64_t kSeeds = 1'000;

bool is_nature(const FaultAction& action) {
  return action.at.ns == 0 && action.lasting.ns == 0 &&
         (action.fault == "delay" || action.fault == "disk-latency");
}

std::set<std::string> faults_of(const Plan& plan) {
  std::set<std::string> names;
  for (const FaultAction& action : plan.faults) {
    if (!is_nature(action)) names.insert(action.fault);
  }
  return names;
}

std::string family_of(const std::string& fault) {
  return std::string(spec_of(*find_fault(fault)).family);
}

std::vector<Plan> plans(const PlanShape& shape, std::uint64_t seeds = kSeeds) {
  std::vector<Plan> all;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    all.push_back(generate_plan(seed, shape));
    const Result<> valid = validate(all.back());
    EXPECT_TRUE(valid) << seed << ": " << valid.error().message;
  }
  return all;
}

TEST(Swarm, TheSameSeedGivesTheSamePlanAndAnotherSeedAnother) {
  std::set<std::uint64_t> noises;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Plan plan = generate_plan(seed, {});
    EXPECT_EQ(plan, generate_plan(seed, {}));
    noises.insert(plan.noise_key);
  }
  EXPECT_EQ(noises.size(), kSeeds);
}

// Pins the draws: a plan of a seed is the same on every platform, and a change of the generator is
// a change of every reproducing command, never an accident.
TEST(Swarm, DrawsArePinned) {
  Draw draw(7, "pin");
  EXPECT_EQ(draw.next(), Draw(7, "pin").next());
  EXPECT_NE(Draw(7, "pin").next(), Draw(8, "pin").next());
  EXPECT_NE(Draw(7, "pin").next(), Draw(7, "pun").next());
  for (int i = 0; i < 10'000; ++i) {
    const std::int64_t value = draw.doubling(5, 40);
    EXPECT_GE(value, 5);
    EXPECT_LE(value, 40);
  }
  EXPECT_EQ(draw.doubling(3, 3), 3);
}

TEST(Swarm, EveryFaultIsInSomePlansAndOutOfMost) {
  std::map<std::string, std::uint64_t> seen;
  std::map<std::string, std::uint64_t> families;
  for (const Plan& plan : plans({})) {
    std::set<std::string> here;
    for (const std::string& fault : faults_of(plan)) {
      ++seen[fault];
      here.insert(family_of(fault));
    }
    for (const std::string& family : here) ++families[family];
  }
  for (const FaultSpec& spec : fault_table()) {
    if (spec.family == "code" || spec.family == "beyond") continue;
    const std::uint64_t count = seen[std::string(spec.name)];
    EXPECT_GT(count, kSeeds / 25) << spec.name;
    // One coin for the family, one for the fault; and 3 runs of 16 play a situation of their own.
    EXPECT_LT(count, kSeeds * 9 / 20) << spec.name;
  }
  for (const auto& [family, count] : families) {
    EXPECT_GT(count, kSeeds * 7 / 20) << family;
    EXPECT_LT(count, kSeeds * 13 / 20) << family;
  }
}

TEST(Swarm, NothingBeyondTheBudgetUnlessAskedFor) {
  PlanShape shape;
  for (const Plan& plan : plans(shape)) {
    for (const std::string& fault : faults_of(plan)) EXPECT_NE(family_of(fault), "beyond");
  }
  shape.beyond_budget = true;
  std::set<std::string> seen;
  for (const Plan& plan : plans(shape)) seen.merge(faults_of(plan));
  for (const FaultSpec& spec : fault_table()) {
    if (spec.family == "code") continue;
    EXPECT_TRUE(seen.contains(std::string(spec.name))) << spec.name;
  }
}

TEST(Swarm, DamageStrikesAFewVictimsDrawnOnce) {
  for (const std::uint32_t nodes : {1U, 2U, 3U, 5U, 7U}) {
    PlanShape shape;
    shape.nodes = nodes;
    bool any = false;
    for (const Plan& plan : plans(shape, 500)) {
      std::set<std::uint32_t> damaged;
      for (const FaultAction& action : plan.faults) {
        if (action.fault == "bit-rot" || action.fault == "misdirected-write" ||
            action.fault == "wipe-and-rejoin") {
          damaged.insert(action.nodes.begin(), action.nodes.end());
        }
      }
      any = any || !damaged.empty();
      EXPECT_LE(damaged.size(), (nodes - 1) / 2);
    }
    EXPECT_EQ(any, nodes >= 3) << nodes;
  }
}

TEST(Swarm, EachKindOfOperationIsLeftOutHalfOfTheTime) {
  for (const WorkloadSpec& spec : workload_table()) {
    PlanShape shape;
    shape.workload = spec.name;
    std::map<std::string, std::uint64_t> seen;
    for (const Plan& plan : plans(shape)) {
      ASSERT_EQ(plan.workload.name, spec.name);
      bool reads = false;
      bool writes = false;
      for (const auto& [name, weight] : plan.workload.mix) {
        ++seen[name];
        const OperationKind* kind = find_operation(spec, name);
        ASSERT_NE(kind, nullptr);
        (kind->mutates ? writes : reads) = true;
      }
      EXPECT_TRUE(reads && writes);
    }
    for (const OperationKind& kind : spec.operations) {
      const std::uint64_t count = seen[std::string(kind.name)];
      EXPECT_GT(count, kSeeds * 2 / 5) << spec.name << " " << kind.name;
      // Those without a partner of their sort are always in.
      if (spec.operations.size() <= 3) continue;
      // Reads that trust a lease are in more often: there is nothing else to see of leases.
      const bool trusting = kind.name.starts_with("lease-");
      EXPECT_LE(count, kSeeds * (trusting ? 19 : 16) / 20) << kind.name;
    }
  }
}

TEST(Swarm, WhatTheShapeFixesIsKept) {
  PlanShape shape;
  shape.nodes = 7;
  shape.time = seconds(10);
  shape.workload = "counter";
  shape.milli_rate = 1'234;
  shape.clients = 2;
  shape.options = {{"lease", 2}, {"election-timeout-ms", 150}, {"membership", 1}};
  shape.strategy = "pct";
  for (const Plan& plan : plans(shape, 300)) {
    EXPECT_EQ(plan.nodes, 7U);
    EXPECT_EQ(plan.time, seconds(10));
    EXPECT_GE(plan.faulty_time, seconds(6));
    EXPECT_LE(plan.faulty_time, seconds(7));
    EXPECT_EQ(plan.workload.name, "counter");
    EXPECT_EQ(plan.workload.milli_rate, 1'234);
    EXPECT_EQ(plan.workload.clients, 2U);
    EXPECT_EQ(plan.strategy, "pct");
    for (const auto& [name, value] : shape.options) EXPECT_EQ(plan.options.at(name), value) << name;
  }
}

TEST(Swarm, NamedFaultsAreInEveryPlanAndNoOthers) {
  PlanShape shape;
  shape.faults = {"partition", "crash"};
  for (const Plan& plan : plans(shape, 300)) {
    bool partitions = false;
    bool enough = false;
    for (const std::string& fault : faults_of(plan)) {
      EXPECT_TRUE(fault == "crash" || fault.starts_with("partition-")) << fault;
      partitions = partitions || fault.starts_with("partition-");
    }
    std::size_t actions = 0;
    for (const FaultAction& action : plan.faults) actions += is_nature(action) ? 0 : 1;
    enough = actions > 6;
    EXPECT_TRUE(partitions || !enough);
    EXPECT_TRUE(plan.options.empty());
    EXPECT_TRUE(plan.buggify.empty());
  }
}

TEST(Swarm, NoFaultsAtAll) {
  PlanShape shape;
  shape.faults = {"none"};
  for (const Plan& plan : plans(shape, 300)) {
    ASSERT_EQ(plan.faults.size(), 2U);
    EXPECT_TRUE(is_nature(plan.faults[0]) && is_nature(plan.faults[1]));
    EXPECT_EQ(parameter_of(plan.faults[0], "min-us"), 200);
    EXPECT_TRUE(plan.options.empty());
  }
}

TEST(Swarm, EpisodesLeavePausesAndEndWithTheFaultyPhase) {
  std::size_t late = 0;
  double episodes = 0;
  for (const Plan& plan : plans({})) {
    std::int64_t first = plan.time.ns;
    for (const FaultAction& action : plan.faults) {
      EXPECT_LE(action.at + action.lasting, plan.faulty_time);
      if (!is_nature(action)) first = std::min(first, action.at.ns);
    }
    episodes += static_cast<double>(plan.faults.size());
    if (first >= plan.time.ns / 2 && plan.faults.size() > 2) ++late;
  }
  EXPECT_GT(late, kSeeds / 20);
  EXPECT_LT(late, kSeeds / 5);
  EXPECT_GT(episodes / kSeeds, 10);
  EXPECT_LT(episodes / kSeeds, 100);
}

TEST(Swarm, ModesComeOftenEnough) {
  std::uint64_t single = 0;
  std::map<std::int64_t, std::uint64_t> leases;
  for (const Plan& plan : plans({})) {
    single += option_value(plan, "membership") == 1 ? 1 : 0;
    ++leases[option_value(plan, "lease")];
  }
  // A quarter of the 13 runs of 16 that play no situation, and the 2 of sibling changes.
  EXPECT_NEAR(static_cast<double>(single), kSeeds * (13 * 0.25 + 2) / 16, kSeeds / 16.0);
  for (const std::int64_t lease : {0, 1, 2}) EXPECT_GT(leases[lease], kSeeds / 6) << lease;
}

// A stream for each purpose: what one part draws moves no other part.
// A removed server deposes every leader before a lease is over that lasts longer than an election.
TEST(Swarm, LongLeasesComeWithPreVoteOrStickiness) {
  int long_leases = 0;
  for (const bool fixed : {false, true}) {
    PlanShape shape;
    if (fixed) shape.options = {{"pre-vote", 0}, {"check-quorum", 0}};
    for (const Plan& plan : plans(shape)) {
      if (option_value(plan, "lease") != 1 || !faults_of(plan).contains("membership-change"))
        continue;
      if (option_value(plan, "lease-duration-ms") < option_value(plan, "election-timeout-ms")) {
        continue;
      }
      ++long_leases;
      EXPECT_TRUE(option_value(plan, "pre-vote") != 0 || option_value(plan, "check-quorum") != 0)
          << "seed " << plan.seed;
    }
  }
  EXPECT_GT(long_leases, 20);
}

TEST(Swarm, FixingOnePartMovesNoOther) {
  PlanShape fixed;
  fixed.workload = "append";
  fixed.strategy = "random";
  fixed.clients = 4;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Plan drawn = generate_plan(seed, {});
    const Plan plan = generate_plan(seed, fixed);
    EXPECT_EQ(plan.faults, drawn.faults);
    EXPECT_EQ(plan.options, drawn.options);
    EXPECT_EQ(plan.noise_key, drawn.noise_key);
    EXPECT_EQ(plan.faulty_time, drawn.faulty_time);
  }
}

struct WrongShape {
  void (*spoil)(PlanShape&);
  const char* expected;
};

class ShapeValidation : public ::testing::TestWithParam<WrongShape> {};

TEST_P(ShapeValidation, NamesTheField) {
  PlanShape shape;
  EXPECT_TRUE(validate(shape));
  GetParam().spoil(shape);
  const Result<> result = validate(shape);
  ASSERT_FALSE(result);
  EXPECT_TRUE(result.error().message.starts_with(GetParam().expected)) << result.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, ShapeValidation,
    ::testing::Values(WrongShape{[](PlanShape& s) { s.nodes = 0; }, "nodes: 0 is outside"},
                      WrongShape{[](PlanShape& s) { s.nodes = 16; }, "nodes: 16 is outside"},
                      WrongShape{[](PlanShape& s) { s.time = {}; }, "time: "},
                      WrongShape{[](PlanShape& s) { s.time = seconds(-1); }, "time: "},
                      WrongShape{[](PlanShape& s) { s.workload = "chess"; }, "workload: "},
                      WrongShape{[](PlanShape& s) { s.milli_rate = 0; }, "rate: "},
                      WrongShape{[](PlanShape& s) { s.clients = 5'000; }, "clients: "},
                      WrongShape{[](PlanShape& s) { s.faults = {"meteor"}; }, "faults: unknown"},
                      WrongShape{[](PlanShape& s) {
                                   s.faults = {"none", "crash"};
                                 },
                                 "faults: \"none\" stands alone"},
                      WrongShape{[](PlanShape& s) { s.faults = {"lying-sync"}; },
                                 "faults: \"lying-sync\" exceeds the fault budget"},
                      WrongShape{[](PlanShape& s) { s.options["warp"] = 1; }, "options.warp: "},
                      WrongShape{[](PlanShape& s) { s.strategy = "luck"; }, "strategy: "},
                      WrongShape{[](PlanShape& s) { s.defect = "gremlins"; }, "defect: unknown"}));

TEST(ShapeDefect, NeedsABuildThatContainsIt) {
  PlanShape shape;
  shape.defect = kDefectNames.front().name;
  const Result<> result = validate(shape);
  EXPECT_EQ(result.ok(), kDefectsCompiledIn);
  if (result) return;
  EXPECT_NE(result.error().message.find("cmake --preset defects"), std::string::npos);
}

}  // namespace
}  // namespace synchrodb::sim
