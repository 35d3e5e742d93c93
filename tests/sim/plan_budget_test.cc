// What a plan within the fault budget may not ask for.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "sim/buggify_sites.h"
#include "sim/duration_text.h"
#include "sim/plan.h"
#include "sim/swarm/schedule.h"

namespace synchrodb::sim {
namespace {

Plan plan_with(std::vector<FaultAction> faults) {
  Plan plan;
  plan.workload.mix = default_mix(plan.workload.name);
  plan.faults = std::move(faults);
  return plan;
}

FaultAction fault(std::string name, std::map<std::string, std::int64_t> parameters = {},
                  std::vector<std::uint32_t> nodes = {}) {
  FaultAction action;
  action.fault = std::move(name);
  action.parameters = std::move(parameters);
  action.nodes = std::move(nodes);
  return action;
}

// Refused within the budget, with this beginning; welcome beyond it.
void expect_beyond(Plan plan, const std::string& message) {
  const Result<> within = validate(plan);
  ASSERT_FALSE(within);
  EXPECT_TRUE(within.error().message.starts_with(message)) << within.error().message;
  plan.beyond_budget = true;
  const Result<> beyond = validate(plan);
  EXPECT_TRUE(beyond) << beyond.error().message;
}

TEST(PlanBudget, LiesAndForgottenIdentities) {
  expect_beyond(plan_with({fault("lying-sync")}), "faults[0].fault: lying-sync exceeds");
  expect_beyond(plan_with({fault("wiped-under-old-name")}), "faults[0].fault: ");
  expect_beyond(plan_with({fault("clock-bound-violated")}), "faults[0].fault: ");
}

TEST(PlanBudget, ClocksThatBreakLeases) {
  EXPECT_TRUE(validate(plan_with({fault("clock-drift", {{"ppm", -500}})})));
  expect_beyond(plan_with({fault("clock-drift", {{"ppm", 501}})}), "faults[0].parameters.ppm: ");
  expect_beyond(plan_with({fault("clock-drift", {{"ppm", -501}})}), "faults[0].parameters.ppm: ");
  expect_beyond(plan_with({fault("pause-clock-stopped")}), "faults[0].fault: a stopped clock");
  Plan without_lease = plan_with({fault("pause-clock-stopped")});
  without_lease.options["lease"] = 0;
  EXPECT_TRUE(validate(without_lease));
  Plan classical = plan_with({fault("reconfigured-restart", {{"timeout-percent", 99}})});
  EXPECT_TRUE(validate(classical));
  classical.options["lease"] = 2;
  expect_beyond(classical, "faults[0].parameters.timeout-percent: ");
}

TEST(PlanBudget, DamagedDisksAreAtMostAMinority) {
  EXPECT_TRUE(
      validate(plan_with({fault("bit-rot", {}, {0, 4}), fault("wipe-and-rejoin", {}, {4})})));
  expect_beyond(plan_with({fault("bit-rot", {}, {0, 4}), fault("wipe-and-rejoin", {}, {1})}),
                "faults[1].nodes: more than 2");
  expect_beyond(plan_with({fault("misdirected-write")}),
                "faults[0].nodes: misdirected-write needs");
  // Membership changes may shrink the cluster to three voters.
  expect_beyond(plan_with({fault("bit-rot", {}, {0, 4}), fault("membership-change")}),
                "faults[0].nodes: more than 1");
  EXPECT_TRUE(validate(plan_with({fault("bit-rot", {}, {4}), fault("membership-change")})));
}

TEST(PlanBudget, HalfTheVotersRoundedDown) {
  Plan plan;
  const std::uint32_t expected[] = {0, 0, 0, 1, 1, 2, 2, 3};
  for (std::uint32_t nodes = 1; nodes < 8; ++nodes) {
    plan.nodes = nodes;
    EXPECT_EQ(damage_budget(plan, false), expected[nodes]) << nodes;
  }
}

TEST(DurationText, IsExactBothWays) {
  for (const std::int64_t ns :
       {std::int64_t{0}, std::int64_t{1}, std::int64_t{999}, std::int64_t{1'000},
        std::int64_t{1'001}, std::int64_t{1'500'000}, std::int64_t{999'999'999},
        std::int64_t{60'000'000'000}, std::int64_t{60'000'000'001}, INT64_MAX}) {
    const std::string text = format_duration(Duration{ns});
    const Result<Duration> again = parse_duration(text);
    ASSERT_TRUE(again) << text;
    EXPECT_EQ(again.value().ns, ns) << text;
  }
  EXPECT_EQ(format_duration(milliseconds(1'500)), "1.5s");
  EXPECT_EQ(format_duration(microseconds(250)), "250us");
  EXPECT_EQ(parse_duration("2min").value(), seconds(120));
  EXPECT_EQ(parse_duration("0.25h").value(), seconds(900));
  for (const char* wrong : {"", "5", "s", "-1s", "1.s", ".5s", "1 s", "1s ", "0.5ns", "1e3s", "nan",
                            "9223372036854775808ns", "999999999999999999999999999999999999999s",
                            "99999999999999999999999999999999999999s", "1S", "1m"}) {
    EXPECT_FALSE(parse_duration(wrong)) << wrong;
  }
}

// The sites that plans may name are those that the engine asks for.
TEST(BuggifySites, AreThoseInTheSources) {
  std::set<std::string> expected(buggify_sites().begin(), buggify_sites().end());
  EXPECT_TRUE(std::is_sorted(buggify_sites().begin(), buggify_sites().end()));
  std::set<std::string> found;
  constexpr std::string_view kCall = "buggify(";
  const std::filesystem::path root = std::filesystem::path(SYNCHRODB_TEST_DATA) / "../../engine";
  ASSERT_TRUE(std::filesystem::exists(root));
  for (const auto& file : std::filesystem::recursive_directory_iterator(root)) {
    if (file.path().extension() != ".cc") continue;
    std::ifstream stream(file.path());
    std::stringstream text;
    text << stream.rdbuf();
    const std::string source = text.str();
    for (std::size_t at = source.find(kCall); at != std::string::npos;
         at = source.find(kCall, at)) {
      at = source.find_first_not_of(" \n", at + kCall.size());
      if (source[at] == '"') found.insert(source.substr(at + 1, source.find('"', at + 1) - at - 1));
    }
  }
  EXPECT_EQ(found, expected);
}

}  // namespace
}  // namespace synchrodb::sim
