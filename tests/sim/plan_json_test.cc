#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "sim/buggify_sites.h"
#include "sim/plan.h"

namespace synchrodb::sim {
namespace {

using Json = nlohmann::ordered_json;

Plan rich_plan() {
  Plan plan;
  plan.seed = ~std::uint64_t{0};
  plan.noise_key = 1'234'567'890'123'456'789ULL;
  plan.nodes = 3;
  plan.time = Duration{59'999'999'999};
  plan.faulty_time = seconds(30);
  plan.strategy = "pct";
  plan.encode_messages = true;
  plan.options = {{"heartbeat-ms", 50}, {"lease", 0}};
  plan.workload = {"kv", 7, 1'500, 3, {{"get", 1}, {"append", 2}}};
  FaultAction crash;
  crash.fault = "crash";
  crash.at = Duration{1};
  crash.nodes = {2, 0};
  crash.parameters = {{"down-ms", 17}};
  FaultAction loss;
  loss.fault = "loss";
  loss.at = milliseconds(1'500);
  loss.lasting = microseconds(7);
  loss.target = "minority";
  plan.faults = {crash, loss};
  plan.buggify = {{std::string(buggify_sites().front()), 1'000'000}};
  plan.overrides = {{"link-delay", 1, 2, 3, ~std::uint64_t{0}}};
  plan.beyond_budget = true;
  plan.tolerated = {"stale-read", "lease-disjointness"};
  return plan;
}

std::string error_of(const std::string& text) {
  const Result<Plan> plan = read_plan(text);
  return plan ? "" : plan.error().message;
}

// The rich plan with one field replaced (or, with null, removed).
std::string with(const std::string& pointer, const Json& value) {
  Json json = Json::parse(write_plan(rich_plan()));
  const Json::json_pointer where(pointer);
  if (value.is_null()) {
    json[where.parent_pointer()].erase(where.back());
  } else {
    json[where] = value;
  }
  return json.dump();
}

TEST(PlanJson, AWrittenPlanReadsBackEqual) {
  const Plan plan = rich_plan();
  ASSERT_TRUE(validate(plan)) << validate(plan).error().message;
  const Result<Plan> again = read_plan(write_plan(plan));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again.value(), plan);
}

TEST(PlanJson, EveryGeneratedPlanIsValidAndReadsBackEqual) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    PlanShape shape;
    shape.nodes = 1 + static_cast<std::uint32_t>(seed % 9);
    shape.time = milliseconds(1 + static_cast<std::int64_t>(seed * seed * 3));
    shape.beyond_budget = seed % 4 == 0;
    const Plan plan = generate_plan(seed, shape);
    const Result<Plan> again = read_plan(write_plan(plan));
    ASSERT_TRUE(again) << seed << ": " << again.error().message;
    EXPECT_EQ(again.value(), plan) << seed;
  }
}

TEST(PlanJson, WhatIsToleratedStandsInItOnlyWhereSomethingIs) {
  Plan plan = rich_plan();
  EXPECT_NE(write_plan(plan).find("tolerated"), std::string::npos);
  plan.tolerated.clear();
  EXPECT_EQ(write_plan(plan).find("tolerated"), std::string::npos);
}

TEST(PlanJson, AMissingMixTakesTheDefaults) {
  const Result<Plan> plan = read_plan(with("/workload/mix", nullptr));
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan.value().workload.mix, default_mix("kv"));
  EXPECT_FALSE(default_mix("kv").empty());
}

TEST(PlanJson, RefusesEveryTruncation) {
  const std::string text = write_plan(rich_plan());
  for (std::size_t length = 0; length + 2 < text.size(); ++length) {
    EXPECT_NE(error_of(text.substr(0, length)), "") << length;
  }
}

TEST(PlanJson, RefusesWhatIsNoPlan) {
  for (const char* text : {"", "null", "[]", "7", "\"plan\"", "{}", "{\"version\":1}", "\x00",
                           "\xff\xfe", "{\"version\":1,}", "<plan/>"}) {
    EXPECT_NE(error_of(text), "") << text;
  }
  EXPECT_NE(error_of(std::string(1'000'000, '[')), "");
  std::string deep = "{\"version\":1,\"faults\":";
  for (int i = 0; i < 100'000; ++i) deep += "{\"a\":";
  EXPECT_NE(error_of(deep), "");
  EXPECT_NE(error_of(write_plan(rich_plan()) + "x"), "");
}

TEST(PlanJson, AMutatedByteNeverCrashesTheReader) {
  const std::string text = write_plan(rich_plan());
  std::uint64_t state = 7;
  for (int i = 0; i < 20'000; ++i) {
    std::string mutated = text;
    for (int j = 0; j < 1 + i % 3; ++j) {
      state = state * 6'364'136'223'846'793'005ULL + 1'442'695'040'888'963'407ULL;
      mutated[(state >> 33) % mutated.size()] = static_cast<char>(state >> 25);
    }
    const Result<Plan> plan = read_plan(mutated);
    if (plan) {
      EXPECT_TRUE(validate(plan.value()));
    }
  }
}

struct Hostile {
  const char* pointer;
  const char* value;     // JSON; "null" removes the field
  const char* expected;  // the beginning of the message: the field's name
};

class PlanJsonHostile : public ::testing::TestWithParam<Hostile> {};

TEST_P(PlanJsonHostile, TheMessageNamesTheField) {
  const Hostile& hostile = GetParam();
  const std::string error = error_of(with(hostile.pointer, Json::parse(hostile.value)));
  EXPECT_TRUE(error.starts_with(hostile.expected)) << "\"" << error << "\"";
}

INSTANTIATE_TEST_SUITE_P(
    Fields, PlanJsonHostile,
    ::testing::Values(
        Hostile{"/version", "2", "version: 2 is not 1"}, Hostile{"/version", "\"1\"", "version: "},
        Hostile{"/version", "null", "version: is missing"},
        Hostile{"/version", "18446744073709551616", "version: "},
        Hostile{"/nodes", "0", "nodes: 0 is outside 1 to 15"},
        Hostile{"/nodes", "16", "nodes: 16 is outside 1 to 15"}, Hostile{"/nodes", "-1", "nodes: "},
        Hostile{"/nodes", "3.0", "nodes: "}, Hostile{"/nodes", "4294967299", "nodes: "},
        Hostile{"/nodes", "null", "nodes: is missing"},
        Hostile{"/seed", "18446744073709551616", "seed: "}, Hostile{"/seed", "-1", "seed: "},
        Hostile{"/noise_key", "\"7\"", "noise_key: "},
        Hostile{"/time", "60", "time: must be a duration as a string"},
        Hostile{"/time", "\"0s\"", "time: "}, Hostile{"/time", "\"-5s\"", "time: "},
        Hostile{"/time", "\"99999h\"", "time: "}, Hostile{"/time", "\"60\"", "time: "},
        Hostile{"/time", "\"1e9s\"", "time: "}, Hostile{"/time", "\"0.0000000001s\"", "time: "},
        Hostile{"/faulty_time", "\"61s\"", "faulty_time: "},
        Hostile{"/strategy", "\"luck\"", "strategy: \"luck\""},
        Hostile{"/encode_messages", "1", "encode_messages: must be true or false"},
        Hostile{"/options", "[]", "options: must be an object"},
        Hostile{"/options/warp", "1", "options.warp: unknown option"},
        Hostile{"/options/lease", "1.5", "options.lease: "},
        Hostile{"/options/lease", "9223372036854775808", "options.lease: "},
        Hostile{"/options/lease", "3", "options.lease: 3 is outside 0 to 2"},
        Hostile{"/workload", "7", "workload."},
        Hostile{"/workload", "null", "workload: is missing"},
        Hostile{"/workload/name", "\"chess\"", "workload.name: unknown workload \"chess\""},
        Hostile{"/workload/clients", "0", "workload.clients: "},
        Hostile{"/workload/clients", "1001", "workload.clients: "},
        Hostile{"/workload/milli_rate", "0", "workload.milli_rate: "},
        Hostile{"/workload/keys", "0", "workload.keys: "},
        Hostile{"/workload/mix", "{}", "workload.mix: "},
        Hostile{"/workload/mix/cas", "1", "workload.mix.\"cas\": the workload kv has no such"},
        Hostile{"/workload/mix/get", "-1", "workload.mix.\"get\": "},
        Hostile{"/workload/colour", "1", "workload.colour: unknown field"}));

INSTANTIATE_TEST_SUITE_P(
    Tolerated, PlanJsonHostile,
    ::testing::Values(
        Hostile{"/tolerated", "\"stale-read\"", "tolerated: must be an array"},
        Hostile{"/tolerated/1", "7", "tolerated[1]: must be a string"},
        Hostile{"/tolerated/1", "\"rain\"",
                "tolerated[1]: unknown property \"rain\"; `synchrodb-sim list properties`"},
        Hostile{"/tolerated/1", "\"stale-read\"", "tolerated[1]: \"stale-read\" is named twice"}));

INSTANTIATE_TEST_SUITE_P(
    Faults, PlanJsonHostile,
    ::testing::Values(
        Hostile{"/faults", "{}", "faults: must be an array"},
        Hostile{"/faults", "null", "faults: is missing"}, Hostile{"/faults/0", "7", "faults[0]"},
        Hostile{"/faults/1/fault", "\"meteor\"", "faults[1].fault: unknown fault \"meteor\""},
        Hostile{"/faults/1/fault", "null", "faults[1].fault: is missing"},
        Hostile{"/faults/1/fault", "\"knobs\"", "faults[1].fault: knobs is no timed fault"},
        Hostile{"/faults/1/fault", "\"buggify\"", "faults[1].fault: buggify is no timed fault"},
        Hostile{"/faults/1/at", "null", "faults[1].at: is missing"},
        Hostile{"/faults/1/at", "\"31s\"", "faults[1].at: outside the faulty phase"},
        Hostile{"/faults/0/at", "\"2s\"", "faults[1].at: earlier than the fault before it"},
        Hostile{"/faults/1/lasting", "\"999999h\"", "faults[1].lasting: "},
        Hostile{"/faults/1/target", "\"enemy\"", "faults[1].target: \"enemy\""},
        Hostile{"/faults/0/target", "\"all\"", "faults[0].target: either nodes or a target"},
        Hostile{"/faults/0/nodes", "[3]", "faults[0].nodes: 3 is no founding member"},
        Hostile{"/faults/0/nodes", "[1,1]", "faults[0].nodes: 1 is named twice"},
        Hostile{"/faults/0/nodes", "[-1]", "faults[0].nodes[0]: "},
        Hostile{"/faults/0/parameters/up-ms", "1", "faults[0].parameters.\"up-ms\": unknown"},
        Hostile{"/faults/0/parameters/down-ms", "0",
                "faults[0].parameters.\"down-ms\": 0 is outside"},
        Hostile{"/faults/0/when", "1", "faults[0].when: unknown field"},
        Hostile{"/buggify/nowhere", "1", "buggify.\"nowhere\": unknown site"},
        Hostile{"/buggify/wal.early-rotate", "1000001", "buggify.\"wal.early-rotate\": "},
        Hostile{"/overrides/0/purpose", "\"\"", "overrides[0].purpose: "},
        Hostile{"/overrides/0/value", "-1", "overrides[0].value: "},
        Hostile{"/overrides/0/value", "null", "overrides[0].value: is missing"},
        Hostile{"/defect", "\"gremlins\"", "defect: unknown defect \"gremlins\""},
        Hostile{"/surprise", "1", "surprise: unknown field"}));

TEST(PlanJson, AFieldNamedTwiceIsRefused) {
  std::string text = write_plan(rich_plan());
  text.replace(text.find("\"seed\""), 6, "\"nodes\": 3, \"seed\"");
  EXPECT_EQ(error_of(text), "nodes: named twice");
}

}  // namespace
}  // namespace synchrodb::sim
