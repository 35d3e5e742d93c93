// Whole runs: what a plan and its verdict promise.
#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>

#include "sim/run.h"
#include "sim/trace/trace.h"

namespace synchrodb::sim {
namespace {

PlanShape short_runs() {
  PlanShape shape;
  shape.time = seconds(15);
  return shape;
}

TEST(World, ARunWithoutFaultsServesNearlyEverything) {
  PlanShape shape = short_runs();
  shape.workload = "register";
  shape.faults = {"none"};
  const RunResult result = run(generate_plan(1, shape));
  EXPECT_EQ(result.verdict, Verdict::kOk) << result.violated << ": " << result.detail;
  EXPECT_GT(result.ok, 1'000u);
  EXPECT_LT((result.fail + result.info) * 100, result.ok);
}

TEST(World, TheSamePlanGivesTheSameRun) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Plan plan = generate_plan(seed, short_runs());
    const RunResult first = run(plan);
    const RunResult second = run(plan);
    EXPECT_EQ(first.digest, second.digest) << "seed " << seed;
    EXPECT_EQ(first.events, second.events) << "seed " << seed;
    EXPECT_EQ(first.ok, second.ok) << "seed " << seed;
    EXPECT_EQ(first.marks, second.marks) << "seed " << seed;
  }
}

TEST(World, APlanRunsWithoutTheSeedThatMadeIt) {
  const Plan plan = generate_plan(7, short_runs());
  Result<Plan> read = read_plan(write_plan(plan));
  ASSERT_TRUE(read.ok()) << read.error().message;
  read.value().seed = 0;
  EXPECT_EQ(run(plan).digest, run(read.value()).digest);
}

// Where commits are slow, clients ask again and again for what is under way.
TEST(World, RepeatedWritesWaitForTheirEntry) {
  PlanShape shape = short_runs();
  shape.workload = "register";
  shape.faults = {"none"};
  Plan plan = generate_plan(1, shape);
  plan.options["client-attempt-ms"] = 50;
  FaultAction slow;  // once the clients have their sessions
  slow.fault = "disk-latency";
  slow.at = seconds(3);
  slow.lasting = seconds(7);
  slow.target = "all";
  slow.parameters = {{"sync-min-us", 200'000}, {"sync-max-us", 200'000}};
  plan.faults.push_back(slow);
  const auto entries = [&](std::int64_t wait) {
    plan.options["repeated-writes-wait"] = wait;
    std::uint64_t last = 0;
    RunOptions options;
    options.trace_lines = [&](const TraceLine& line) {
      if (std::string_view(line.event) == "appended" && line.time_ns < seconds(10).ns) {
        last = std::max(last, line.index);
      }
    };
    const RunResult result = run(plan, options);
    EXPECT_EQ(result.verdict, Verdict::kOk) << result.violated << ": " << result.detail;
    return last;
  };
  const std::uint64_t few = entries(1);
  EXPECT_GT(few, 100U);
  EXPECT_LT(few * 5 / 4, entries(0));
}

TEST(World, AnotherNoiseKeyGivesAnotherRun) {
  Plan plan = generate_plan(7, short_runs());
  const std::uint64_t digest = run(plan).digest;
  ++plan.noise_key;
  EXPECT_NE(run(plan).digest, digest);
}

TEST(World, MessagesAsBytesGiveTheSameRunAsMessagesAsValues) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    Plan plan = generate_plan(seed, short_runs());
    std::erase_if(plan.faults, [](const FaultAction& a) { return a.fault == "bit-flip"; });
    plan.encode_messages = false;
    const RunResult values = run(plan);
    plan.encode_messages = true;
    EXPECT_EQ(run(plan).digest, values.digest) << "seed " << seed;
  }
}

TEST(World, CheckpointsLocaliseAPlantedDifference) {
  Plan plan = generate_plan(3, short_runs());
  RunOptions options;
  options.checkpoint_every = 100;
  const RunResult first = run(plan, options);
  ASSERT_GT(first.checkpoints.size(), 20u);
  plan.overrides.push_back(DrawOverride{"workload", 0, 0, 200, 12'345});
  const RunResult second = run(plan, options);
  ASSERT_NE(first.digest, second.digest);
  // The runs agree up to the overridden draw and differ from there on.
  const std::size_t common = std::min(first.checkpoints.size(), second.checkpoints.size());
  std::size_t differs = 0;
  while (differs < common && first.checkpoints[differs] == second.checkpoints[differs]) ++differs;
  EXPECT_GT(differs, 0u);
  EXPECT_LT(differs, common);
  for (std::size_t i = differs; i < common; ++i) {
    EXPECT_NE(first.checkpoints[i], second.checkpoints[i]);
  }
}

TEST(World, NobodyListeningChangesNothing) {
  const Plan plan = generate_plan(11, short_runs());
  const RunResult silent = run(plan);
  std::size_t lines = 0;
  RunOptions options;
  options.trace = [&](const std::string&) { ++lines; };
  std::string history;
  options.history = &history;
  const RunResult traced = run(plan, options);
  EXPECT_EQ(silent.digest, traced.digest);
  EXPECT_GT(lines, 10u);
  EXPECT_FALSE(history.empty());
}

TEST(World, SizesOfClustersFromOneToSeven) {
  for (std::uint32_t nodes = 1; nodes <= 7; ++nodes) {
    PlanShape shape = short_runs();
    shape.nodes = nodes;
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      const RunResult result = run(generate_plan(seed, shape));
      EXPECT_EQ(result.verdict, Verdict::kOk)
          << nodes << " nodes, seed " << seed << ": " << result.violated << ": " << result.detail;
    }
  }
}

// Beyond what the model promises to survive, some run must be convicted: else the checks are blind.
TEST(World, FaultsBeyondTheBudgetAreConvicted) {
  for (const char* fault : {"lying-sync", "wiped-under-old-name", "clock-bound-violated"}) {
    PlanShape shape;
    shape.time = seconds(30);
    shape.beyond_budget = true;
    shape.faults = {fault, "partition-isolate-leader"};
    if (std::string_view(fault) == "lying-sync") shape.faults.push_back("crash");
    if (std::string_view(fault) == "clock-bound-violated") {
      // A lease that outlives its leader's isolation, and reads that trust it.
      shape.workload = "register";
      shape.clients = 9;
      shape.options = {{"lease", 1}, {"lease-duration-ms", 3'000}, {"check-quorum", 0}};
    }
    bool convicted = false;
    for (std::uint64_t seed = 0; seed < 300 && !convicted; ++seed) {
      convicted = run(generate_plan(seed, shape)).verdict == Verdict::kViolation;
    }
    EXPECT_TRUE(convicted) << fault;
  }
}

// A leader whose clock runs a fifth too slow trusts its lease for too long.
Plan slow_leader(std::uint64_t noise_key) {
  Plan plan;
  plan.noise_key = noise_key;
  plan.time = seconds(12);
  plan.faulty_time = seconds(8);
  plan.options = {{"lease", 2}, {"clock-drift-bound-ppm", 0}};
  plan.workload = {"register", 20, 500'000, 1, {{"lease-read", 6}, {"write", 1}}};
  plan.beyond_budget = true;
  FaultAction slow{"clock-drift", seconds(3), seconds(4), {}, "leader", {{"ppm", -200'000}}};
  FaultAction cut{"partition-isolate-leader", seconds(5), seconds(3), {}, "", {}};
  plan.faults = {slow, cut};
  return plan;
}

TEST(World, WhatIsToleratedIsCountedAndTheRunGoesOnToShowWhatComesOfIt) {
  bool stale = false;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Plan plan = slow_leader(seed);
    const RunResult stopped = run(plan);
    EXPECT_TRUE(stopped.tolerated.empty());
    plan.tolerated = {"lease-disjointness", "stale-read"};
    const RunResult whole = run(plan);
    ASSERT_EQ(whole.tolerated.size(), 2u);
    EXPECT_EQ(whole.tolerated.at("lease-disjointness") > 0,
              stopped.violated == "lease-disjointness");
    EXPECT_GE(whole.virtual_seconds, 10.8) << "it ended early, by " << whole.violated;
    if (stopped.verdict == Verdict::kOk) {
      EXPECT_EQ(whole.digest, stopped.digest);
    } else {
      EXPECT_LT(stopped.virtual_seconds, 10);
    }
    // What the checkers find in the history is not tolerated with it.
    stale = stale || whole.violated == "linearizability";
    EXPECT_EQ(run(plan).digest, whole.digest);
  }
  EXPECT_TRUE(stale);
}

TEST(World, WhatIsNotToleratedEndsTheRunAsBefore) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Plan plan = slow_leader(seed);
    const RunResult plain = run(plan);
    plan.tolerated = {"election-safety"};
    const RunResult other = run(plan);
    EXPECT_EQ(other.digest, plain.digest);
    EXPECT_EQ(other.violated, plain.violated);
    EXPECT_EQ(other.tolerated.at("election-safety"), 0u);
  }
}

}  // namespace
}  // namespace synchrodb::sim
