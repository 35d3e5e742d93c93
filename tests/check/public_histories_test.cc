// Real histories that others recorded and judged: Porcupine's etcd logs and key-value histories,
// Knossos' registers and mutex.
#include <gtest/gtest.h>

#include <map>

#include "sim/check/brute_force.h"
#include "sim/check/check.h"
#include "sim/check/read.h"
#include "sim/check/write.h"
#include "tests/check/support/draft.h"
#include "tests/check/support/generate.h"
#include "tests/check/support/public_histories.h"

namespace synchrodb::check::testing {
namespace {

TEST(PublicHistoriesTest, EachGetsItsListedVerdict) {
  int valid = 0;
  int invalid = 0;
  for (const PublicHistory& one : public_histories()) {
    const Judgement judgement = check(one.history, one.options);
    EXPECT_EQ(name(judgement.verdict), name(one.verdict)) << one.file;
    (one.verdict == Verdict::kValid ? valid : invalid) += 1;
    EXPECT_EQ(judgement.contradiction.has_value(), one.verdict == Verdict::kInvalid) << one.file;
  }
  EXPECT_EQ(valid, 68);
  EXPECT_EQ(invalid, 47);
}

// Each search alone reaches the listed verdict or runs out; between them they reach all.
TEST(PublicHistoriesTest, FrontierAndDepthFirstAgree) {
  std::map<Algorithm, int> decided;
  for (const PublicHistory& one : public_histories()) {
    for (const Algorithm algorithm : {Algorithm::kFrontier, Algorithm::kDepthFirst}) {
      Options options = one.options;
      options.only = algorithm;
      options.explain = false;
      options.limits.steps = 2'000'000;
      const Verdict verdict = check(one.history, options).verdict;
      if (verdict == Verdict::kUnknown) continue;
      ++decided[algorithm];
      EXPECT_EQ(name(verdict), name(one.verdict)) << one.file << " " << name(algorithm);
    }
  }
  EXPECT_EQ(decided[Algorithm::kFrontier], 115);
  EXPECT_GT(decided[Algorithm::kDepthFirst], 100);
}

TEST(PublicHistoriesTest, TheFormImpliesTheListedModelAndDialect) {
  const std::string root = std::string(SYNCHRODB_TEST_DATA) + "/histories/";
  for (const PublicHistory& one : public_histories()) {
    const ReadResult read = read_history(read_file(root + one.file));
    EXPECT_EQ(*read.model, one.options.model) << one.file;
    EXPECT_EQ(*read.dialect, one.options.dialect) << one.file;
    Options options;
    options.model = *read.model;
    options.dialect = *read.dialect;
    options.initial = read.initial;
    EXPECT_EQ(check(read.history, options).verdict, one.verdict) << one.file;
  }
}

TEST(PublicHistoriesTest, WrittenAndReadAgainTheyAreJudgedTheSame) {
  for (const PublicHistory& one : public_histories()) {
    const Label label{one.options.model, one.options.dialect,
                      one.options.initial.value_or(Value::absent())};
    const std::string texts[] = {write_edn(one.history, label),
                                 write_json_lines(one.history, label)};
    for (const std::string& text : texts) {
      const ReadResult read = read_history(text);
      ASSERT_EQ(read.error, "") << one.file;
      ASSERT_EQ(read.history.size(), one.history.size()) << one.file;
      Options options;
      options.model = *read.model;
      options.dialect = *read.dialect;
      options.initial = read.initial;
      EXPECT_EQ(check(read.history, options).verdict, one.verdict) << one.file;
    }
  }
}

// A few operations in a row of one key of a public history.
Drafts excerpt(Dice& dice, const PublicHistory& source) {
  std::vector<KeyId> keys;
  for (KeyId key = 0; key < source.history.key_count(); ++key) {
    if (!drafts_of(source.history, key).empty()) keys.push_back(key);
  }
  const Drafts all = drafts_of(source.history, keys[dice.roll(keys.size())]);
  const std::size_t count = std::min<std::size_t>(all.size(), 4 + dice.roll(kBruteForceMost - 3));
  const std::size_t start = dice.roll(all.size() - count + 1);
  return Drafts(all.begin() + static_cast<std::ptrdiff_t>(start),
                all.begin() + static_cast<std::ptrdiff_t>(start + count));
}

// A value to start from with which the excerpt may be valid.
Datum likely_start(Dice& dice, const Drafts& drafts) {
  for (const Draft& draft : drafts) {
    if (draft.function == Function::kRead && draft.outcome == Outcome::kOk && dice.chance(80)) {
      return draft.result;
    }
    if (draft.function == Function::kCas && draft.outcome == Outcome::kOk && dice.chance(80)) {
      return draft.expected;
    }
    if (draft.function == Function::kWrite) break;
  }
  return Datum::integer(static_cast<std::int64_t>(dice.roll(5)));
}

TEST(PublicHistoriesTest, AThousandMutatedExcerptsAreJudgedAsByBruteForce) {
  std::vector<PublicHistory> sources;
  for (PublicHistory& one : public_histories()) {
    if (!one.history.empty()) sources.push_back(std::move(one));
  }
  int valid = 0;
  for (std::uint64_t seed = 0; seed < 1'000; ++seed) {
    Dice dice(seed);
    const PublicHistory& source = sources[dice.roll(sources.size())];
    Drafts drafts = excerpt(dice, source);
    Shape shape;
    shape.model = source.options.model;
    shape.dialect = source.options.dialect;
    shape.values = 5;
    for (std::uint64_t i = 0; i <= dice.roll(3); ++i) mutate(dice, shape, &drafts);
    Options options = options_for(shape);
    const Datum start = likely_start(dice, drafts);
    History history = record(drafts);
    options.initial = to_value(history, start);
    const Verdict truth = brute_force(history, options);
    valid += truth == Verdict::kValid ? 1 : 0;
    ASSERT_EQ(name(check(history, options).verdict), name(truth))
        << source.file << " seed " << seed << "\n"
        << write_edn(history);
  }
  // Both verdicts occur.
  EXPECT_GT(valid, 200);
  EXPECT_LT(valid, 800);
}

}  // namespace
}  // namespace synchrodb::check::testing
