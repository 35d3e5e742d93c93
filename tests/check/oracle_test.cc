// Every algorithm against brute force, on tens of thousands of small histories.
#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "sim/check/brute_force.h"
#include "sim/check/check.h"
#include "sim/check/write.h"
#include "tests/check/support/draft.h"
#include "tests/check/support/generate.h"

namespace synchrodb::check::testing {
namespace {

struct Tally {
  int valid = 0;
  int invalid = 0;
  int decided = 0;
};

struct Case {
  const char* name;
  Shape shape;
};

void PrintTo(const Case& test_case, std::ostream* out) {
  *out << test_case.name;
}

class OracleTest : public ::testing::TestWithParam<Case> {};

// Judges with each algorithm alone and with all together.
void compare(const History& history, const Options& base, std::uint64_t seed, Tally* tally) {
  const Verdict truth = brute_force(history, base);
  (truth == Verdict::kValid ? tally->valid : tally->invalid) += 1;
  Options options = base;
  options.explain = false;
  ASSERT_EQ(check(history, options).verdict, truth) << "seed " << seed << "\n"
                                                    << write_edn(history);
  for (const Algorithm algorithm :
       {Algorithm::kZones, Algorithm::kFrontier, Algorithm::kVersions, Algorithm::kDepthFirst}) {
    options.only = algorithm;
    const Verdict verdict = check(history, options).verdict;
    if (verdict == Verdict::kUnknown) continue;
    ++tally->decided;
    ASSERT_EQ(verdict, truth) << name(algorithm) << ", seed " << seed << "\n" << write_edn(history);
  }
}

TEST_P(OracleTest, EveryAlgorithmAgreesWithBruteForce) {
  Tally tally;
  const Shape& shape = GetParam().shape;
  for (std::uint64_t seed = 0; seed < 4'000; ++seed) {
    Dice dice(seed);
    Drafts drafts = generate(dice, shape);
    compare(record(drafts), options_for(shape), seed, &tally);
    for (int i = 0; i < 3; ++i) {
      mutate(dice, shape, &drafts);
      compare(record(drafts), options_for(shape), seed, &tally);
      if (HasFatalFailure()) return;
    }
  }
  // The comparison means something only if both verdicts occur often.
  EXPECT_GT(tally.valid, 4'000);
  EXPECT_GT(tally.invalid, 1'000);
  EXPECT_GE(tally.decided, 2 * 16'000);
}

TEST_P(OracleTest, GeneratedHistoriesAreValid) {
  Shape shape = GetParam().shape;
  for (std::uint64_t seed = 0; seed < 1'000; ++seed) {
    Dice dice(seed);
    const History history = record(generate(dice, shape));
    ASSERT_EQ(brute_force(history, options_for(shape)), Verdict::kValid) << seed << "\n"
                                                                         << write_edn(history);
  }
}

Shape shaped(Model model, Dialect dialect, std::int64_t values, std::uint64_t crash_percent,
             std::size_t processes = 4) {
  Shape shape;
  shape.model = model;
  shape.dialect = dialect;
  shape.values = values;
  shape.crash_percent = crash_percent;
  shape.processes = processes;
  return shape;
}

Shape with(Shape shape, void (*change)(Shape*)) {
  change(&shape);
  return shape;
}

constexpr Dialect kOurs = Dialect::kJepsenLog;
constexpr Dialect kTheirs = Dialect::kKnossos;

INSTANTIATE_TEST_SUITE_P(
    Models, OracleTest,
    ::testing::Values(Case{"register", shaped(Model::kRegister, kOurs, 3, 10)},
                      Case{"register_knossos", shaped(Model::kRegister, kTheirs, 2, 30)},
                      Case{"register_unique", with(shaped(Model::kRegister, kOurs, 3, 20),
                                                   [](Shape* s) { s->unique_writes = true; })},
                      Case{"register_unique_wide", with(shaped(Model::kRegister, kOurs, 3, 10, 8),
                                                        [](Shape* s) { s->unique_writes = true; })},
                      Case{"cas", shaped(Model::kCasRegister, kOurs, 3, 15)},
                      Case{"cas_wide", shaped(Model::kCasRegister, kOurs, 2, 30, 8)},
                      Case{"cas_knossos", shaped(Model::kCasRegister, kTheirs, 3, 25)},
                      Case{"cas_unique", with(shaped(Model::kCasRegister, kOurs, 3, 20),
                                              [](Shape* s) { s->unique_writes = true; })},
                      Case{"mutex", shaped(Model::kMutex, kTheirs, 2, 20)},
                      Case{"kv", shaped(Model::kKeyValue, kOurs, 2, 20)},
                      Case{"kv_wide", shaped(Model::kKeyValue, kOurs, 2, 10, 8)},
                      Case{"kv_knossos", shaped(Model::kKeyValue, kTheirs, 2, 20)},
                      Case{"kv_appends", with(shaped(Model::kKeyValue, kOurs, 2, 20),
                                              [](Shape* s) { s->increments = false; })},
                      Case{"kv_counters", with(shaped(Model::kKeyValue, kOurs, 2, 20),
                                               [](Shape* s) { s->appends = false; })}),
    [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace synchrodb::check::testing
