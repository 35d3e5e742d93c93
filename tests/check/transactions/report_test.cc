// What a judgement says, to people and to programs; what cannot be judged.
#include "sim/check/transactions/report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/check/support/transaction_script.h"

namespace synchrodb::check::testing {
namespace {

TransactionHistory lists(std::string_view script) {
  return record(parse_script(TransactionKind::kListAppend, script));
}

// Keys are the numbers of their letters: x is 120.
TEST(TransactionReportTest, ProvesACycleStepByStep) {
  const TransactionJudgement judgement = check_transactions(lists("rx1ry | ax1ay1"));
  ASSERT_EQ(judgement.cases.size(), 1U);
  EXPECT_EQ(judgement.cases[0].words,
            "Let:\n"
            "  T1 = {:process 100, :type :ok, :f :txn, :value [[:r 120 [1]] [:r 121 []]]}\n"
            "  T2 = {:process 101, :type :ok, :f :txn, :value [[:append 120 1] [:append 121 1]]}\n"
            "\n"
            "Then:\n"
            "  - T1 < T2, because T1 saw key 121 in its initial state, to which T2 appended 1.\n"
            "  - However, T2 < T1, because T1 saw T2's append of 1 to key 120: a contradiction!\n");
}

TEST(TransactionReportTest, NamesTheTransactionsThatPutTwoValuesInOrder) {
  const TransactionJudgement judgement = check_transactions(
      record(parse_script(TransactionKind::kRwRegister, "wx1 ; p0rx1 ; p0rx2 | ~wx2 ; p0rx1")));
  ASSERT_FALSE(judgement.cases.empty());
  const std::string& words = judgement.cases[0].words;
  EXPECT_NE(words.find("met the one, and its process the other with"), std::string::npos) << words;
}

TEST(TransactionReportTest, SaysTheSameAsData) {
  const TransactionHistory history = lists("ax1 ; rx");
  const TransactionOptions options;
  const auto json = to_json(history, options, check_transactions(history, options));
  EXPECT_EQ(json["verdict"], "invalid");
  EXPECT_EQ(json["required"], "strict-serializable");
  EXPECT_EQ(json["anomalies"].dump(), R"({"G-single-realtime":1})");
  EXPECT_EQ(json["not"].dump(), R"(["strong-snapshot-isolation"])");
  EXPECT_EQ(json["also_not"].dump(), R"(["strict-serializable"])");
  EXPECT_EQ(json["strongest"].dump(), R"(["strong-session-serializable","strong-read-committed"])");
  ASSERT_EQ(json["cases"].size(), 1U);
  const auto& steps = json["cases"][0]["steps"];
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[0]["type"], "realtime");
  EXPECT_TRUE(steps[0]["key"].is_null());
  EXPECT_EQ(steps[1]["type"], "rw");
  EXPECT_EQ(steps[1]["from"], "T2");
  EXPECT_EQ(steps[1]["to"], "T1");
  EXPECT_EQ(steps[1]["key"], "120");
  EXPECT_EQ(steps[1]["value"], "nil");
  EXPECT_EQ(steps[1]["next_value"], "1");
  const auto& transactions = json["cases"][0]["transactions"];
  EXPECT_EQ(transactions[0]["value"], "[[:append 120 1]]");
  EXPECT_EQ(transactions[0]["invoke_time"], 2'000'000);
  const std::string text = to_text(history, options, check_transactions(history, options));
  EXPECT_NE(text.find("strongest model not ruled out: strong-session-serializable, "
                      "strong-read-committed\n"),
            std::string::npos)
      << text;
}

TEST(TransactionReportTest, TheVerdictIsAboutWhatIsRequired) {
  const TransactionHistory skew = lists("rxay1 | ryax1");
  const struct {
    ConsistencyModel required;
    Verdict verdict;
  } kCases[] = {{ConsistencyModel::kStrictSerializable, Verdict::kInvalid},
                {ConsistencyModel::kSerializable, Verdict::kInvalid},
                {ConsistencyModel::kStrongSnapshotIsolation, Verdict::kValid},
                {ConsistencyModel::kReadUncommitted, Verdict::kValid}};
  for (const auto& [required, verdict] : kCases) {
    TransactionOptions options;
    options.required = required;
    EXPECT_EQ(check_transactions(skew, options).verdict, verdict) << name(required);
  }
}

TEST(TransactionReportTest, WhereAValueIsWrittenTwiceNothingIsSaid) {
  for (const char* script : {"ax1 | ax1", "ax1 ; ax1 ; rx1", "ax1ax1"}) {
    const TransactionJudgement judgement = check_transactions(lists(script));
    EXPECT_EQ(judgement.verdict, Verdict::kUnknown) << script;
    EXPECT_NE(judgement.exhausted.find("the value 1 goes to key 120 twice"), std::string::npos)
        << judgement.exhausted;
    EXPECT_TRUE(judgement.strongest().empty());
  }
}

// Fifteen pairs of values that come one after the other, but few dependencies.
TEST(TransactionReportTest, ValuesWhoseOrderDoesNotFitTheMemoryAreUndecided) {
  const TransactionHistory history =
      record(parse_script(TransactionKind::kRwRegister, "wx1 | wx2 | wx3 ; wx4 | wx5 | wx6"));
  TransactionOptions options;
  EXPECT_EQ(check_transactions(history, options).verdict, Verdict::kValid);
  options.memory_bytes = 12 * 24;
  const TransactionJudgement judgement = check_transactions(history, options);
  EXPECT_EQ(judgement.verdict, Verdict::kUnknown);
  EXPECT_EQ(judgement.exhausted, "memory");
}

TEST(TransactionReportTest, CountsAllAndTellsAFew) {
  std::string script = "ax1";
  for (int i = 0; i < 20; ++i) script += " ; rx";
  const TransactionJudgement judgement = check_transactions(lists(script + " ; rx8 | rx9"));
  EXPECT_EQ(judgement.counts[static_cast<std::size_t>(Anomaly::kGarbageRead)], 2U);
  script = "ax1";
  for (int i = 0; i < 20; ++i) script += " | rx77";
  const TransactionJudgement many = check_transactions(lists(script));
  EXPECT_EQ(many.counts[static_cast<std::size_t>(Anomaly::kDuplicateElements)], 20U);
  EXPECT_EQ(many.cases.size(), 2 * TransactionOptions().examples);
}

}  // namespace
}  // namespace synchrodb::check::testing
