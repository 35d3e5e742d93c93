// Shrinking: what is left is small, still fails, and every part of it is needed.
#include "sim/shrink/shrink.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "sim/shrink/ddmin.h"

namespace synchrodb::sim {
namespace {

TEST(Ddmin, FindsTheFewThatAreNeeded) {
  std::vector<int> all(100);
  for (int i = 0; i < 100; ++i) all[static_cast<std::size_t>(i)] = i;
  const std::vector<std::set<int>> wanted{{}, {0}, {99}, {3, 50}, {1, 2, 3}, {0, 33, 66, 99}};
  for (const std::set<int>& needed : wanted) {
    int asked = 0;
    const std::vector<int> left = ddmin(all, [&](const std::vector<int>& list) {
      ++asked;
      EXPECT_TRUE(std::is_sorted(list.begin(), list.end()));
      return std::all_of(needed.begin(), needed.end(), [&](int each) {
        return std::find(list.begin(), list.end(), each) != list.end();
      });
    });
    EXPECT_EQ(std::set<int>(left.begin(), left.end()), needed);
    EXPECT_LT(asked, 120);
  }
}

TEST(Ddmin, LeavesNothingThatCouldGoAlone) {
  // Shown by any two of equal parity: not monotonic in what is left out.
  const auto shows = [](const std::vector<int>& list) {
    return list.size() >= 2 &&
           std::all_of(list.begin(), list.end(), [&](int each) { return each % 2 == list[0] % 2; });
  };
  const std::vector<int> left = ddmin(std::vector<int>{2, 4, 6, 8, 10, 12}, shows);
  EXPECT_EQ(left.size(), 2u);
  EXPECT_TRUE(shows(left));
}

// Fails where at least one crash of node 2 and a write are in the plan.
RunResult judge(const Plan& plan) {
  RunResult result;
  const bool crash =
      std::any_of(plan.faults.begin(), plan.faults.end(), [](const FaultAction& action) {
        return action.fault == "crash" &&
               std::find(action.nodes.begin(), action.nodes.end(), 2u) != action.nodes.end();
      });
  if (!crash || !plan.workload.mix.contains("write")) return result;
  result.verdict = Verdict::kViolation;
  result.violated = "mine";
  return result;
}

Plan large_plan() {
  PlanShape shape;
  shape.workload = "register";
  shape.clients = 9;
  Plan plan = generate_plan(12, shape);
  plan.workload.mix = {{"read", 5}, {"write", 5}};
  for (int i = 0; i < 8; ++i) {
    FaultAction crash;
    crash.fault = "crash";
    crash.at = seconds(30) + milliseconds(i);
    crash.nodes = {1, 2, 4};
    crash.parameters["down-ms"] = 100 + i;
    plan.faults.push_back(crash);
  }
  std::stable_sort(plan.faults.begin(), plan.faults.end(),
                   [](const FaultAction& a, const FaultAction& b) { return a.at < b.at; });
  return plan;
}

TEST(Shrink, LeavesWhatIsNeededAlone) {
  const Result<ShrinkResult> shrunk = shrink(large_plan(), {}, judge);
  ASSERT_TRUE(shrunk.ok()) << shrunk.error().message;
  const Plan& plan = shrunk.value().plan;
  EXPECT_TRUE(shrunk.value().complete);
  EXPECT_EQ(shrunk.value().property, "mine");
  ASSERT_EQ(plan.faults.size(), 1u);
  EXPECT_EQ(plan.faults[0].fault, "crash");
  EXPECT_EQ(plan.faults[0].nodes, std::vector<std::uint32_t>{2});
  EXPECT_TRUE(plan.faults[0].parameters.empty());
  EXPECT_EQ(plan.nodes, 3u);
  EXPECT_EQ(plan.workload.clients, 1u);
  EXPECT_EQ(plan.workload.keys, 1u);
  EXPECT_EQ(plan.workload.mix.size(), 1u);
  EXPECT_EQ(plan.workload.milli_rate, 1'000);
  EXPECT_TRUE(plan.options.empty());
  EXPECT_TRUE(plan.buggify.empty());
  EXPECT_LE(plan.time, seconds(2));
  EXPECT_TRUE(validate(plan).ok());
  ASSERT_FALSE(shrunk.value().path.empty());
  EXPECT_EQ(shrunk.value().path[0].what, "faults");
  EXPECT_EQ(shrunk.value().path.back().size, size_of(plan));
  EXPECT_EQ(describe(size_of(plan)).substr(0, 17), "1 fault, 3 nodes,");
}

TEST(Shrink, IsDeterministic) {
  const auto once = [] { return shrink(large_plan(), {}, judge).value().plan; };
  EXPECT_EQ(once(), once());
}

TEST(Shrink, KeepsToItsBudgetAndStopsWhenAsked) {
  ShrinkOptions options;
  options.max_runs = 7;
  std::uint64_t seen = 0;
  Result<ShrinkResult> shrunk =
      shrink(large_plan(), options, judge, [&](const ShrinkProgress& now) { seen = now.runs; });
  EXPECT_EQ(shrunk.value().runs, 7u);
  EXPECT_EQ(seen, 7u);
  EXPECT_FALSE(shrunk.value().complete);
  EXPECT_EQ(judge(shrunk.value().plan).violated, "mine");

  int asked = 0;
  options.max_runs = 1'000;
  options.stop = [&] { return ++asked > 20; };
  shrunk = shrink(large_plan(), options, judge);
  EXPECT_FALSE(shrunk.value().complete);
  EXPECT_EQ(shrunk.value().runs, 21u);
  EXPECT_EQ(judge(shrunk.value().plan).violated, "mine");
}

TEST(Shrink, AnotherPropertyIsNotTheSameFailure) {
  const auto runner = [](const Plan& plan) {
    RunResult result;
    result.verdict = Verdict::kViolation;
    result.violated = plan.faults.size() > 5 ? "mine" : "another";
    return result;
  };
  EXPECT_EQ(shrink(large_plan(), {}, runner).value().plan.faults.size(), 6u);
}

TEST(Shrink, RefusesWhatDoesNotFail) {
  Plan plan = large_plan();
  plan.faults.clear();
  EXPECT_EQ(shrink(plan, {}, judge).error().message,
            "the plan violates nothing (its verdict is ok): there is nothing to shrink it to");
  plan.nodes = 99;
  EXPECT_EQ(shrink(plan, {}, judge).error().message.substr(0, 5), "nodes");
}

// A real world: a stale lease beyond what is promised.
TEST(Shrink, ARealFailureBecomesAFewFaults) {
  PlanShape shape;
  shape.time = seconds(30);
  shape.beyond_budget = true;
  shape.faults = {"lying-sync", "crash", "loss", "delay"};
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Plan plan = generate_plan(seed, shape);
    const PlanRunner runner = [](const Plan& candidate) { return run(candidate); };
    if (plan.faults.size() < 6 || runner(plan).verdict != Verdict::kViolation) continue;
    ShrinkOptions options;
    options.max_runs = 400;
    const Result<ShrinkResult> shrunk = shrink(plan, options, runner);
    const RunResult again = run(shrunk.value().plan);
    EXPECT_EQ(again.violated, shrunk.value().property);
    EXPECT_EQ(again.digest, shrunk.value().result.digest);
    EXPECT_LE(shrunk.value().plan.faults.size(), 4u)
        << describe(size_of(plan)) << " became " << describe(size_of(shrunk.value().plan));
    return;
  }
  FAIL() << "no seed failed";
}

}  // namespace
}  // namespace synchrodb::sim
