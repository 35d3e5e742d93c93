// Laws that hold of every history of transactions.
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/check/transactions/check_transactions.h"
#include "tests/check/support/generate_transactions.h"

namespace synchrodb::check::testing {
namespace {

TransactionsDraft draft_of(std::uint64_t seed) {
  Dice dice(seed);
  TransactionShape shape;
  shape.kind = seed % 2 == 0 ? TransactionKind::kListAppend : TransactionKind::kRwRegister;
  shape.isolation = static_cast<Isolation>(seed / 2 % 3);
  shape.transactions = 30;
  shape.processes = 5;
  shape.keys = 4;
  TransactionsDraft draft = generate(dice, shape);
  for (std::uint64_t i = 0; i < dice.roll(3); ++i) mutate(dice, &draft);
  return draft;
}

template <typename Law>
void for_all(Law law) {
  int valid = 0;
  constexpr std::uint64_t kSeeds = 1'500;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const TransactionsDraft draft = draft_of(seed);
    const TransactionJudgement judgement = check_transactions(record(draft));
    valid += judgement.verdict == Verdict::kValid ? 1 : 0;
    Dice dice(seed + 1'000'000);
    law(draft, judgement, dice);
    if (::testing::Test::HasFatalFailure()) FAIL() << "seed " << seed;
  }
  // Both verdicts occur.
  EXPECT_GT(valid, 100);
  EXPECT_LT(valid, 1'400);
}

TEST(TransactionLawTest, OtherNamesOfKeysAndValuesChangeNothing) {
  for_all([](const TransactionsDraft& draft, const TransactionJudgement& judgement, Dice&) {
    for (const Shifts shifts : {Shifts{100, 1'000, 0}, Shifts{-100, -1'000, 0}}) {
      const TransactionJudgement other = check_transactions(record(draft, shifts));
      ASSERT_EQ(other.counts, judgement.counts);
      ASSERT_EQ(other.ruled_out, judgement.ruled_out);
    }
  });
}

TEST(TransactionLawTest, TimesAreForPeopleOnly) {
  for_all([](const TransactionsDraft& draft, const TransactionJudgement& judgement, Dice&) {
    const TransactionJudgement other = check_transactions(record(draft, {0, 0, 1'000'000'000}));
    ASSERT_EQ(other.counts, judgement.counts);
  });
}

TEST(TransactionLawTest, TwiceTheSameHistoryTwiceTheSameWords) {
  for_all([](const TransactionsDraft& draft, const TransactionJudgement& judgement, Dice&) {
    const TransactionJudgement other = check_transactions(record(draft));
    ASSERT_EQ(other.cases.size(), judgement.cases.size());
    for (std::size_t i = 0; i < other.cases.size(); ++i) {
      ASSERT_EQ(other.cases[i].words, judgement.cases[i].words);
    }
  });
}

TEST(TransactionLawTest, WithOneReadLessAValidHistoryIsValid) {
  for_all([](TransactionsDraft draft, const TransactionJudgement& judgement, Dice& dice) {
    if (judgement.verdict != Verdict::kValid) return;
    std::vector<MicroDraft>& micros =
        draft.transactions[dice.roll(draft.transactions.size())].micros;
    if (micros.empty()) return;
    const auto at = micros.begin() + static_cast<std::ptrdiff_t>(dice.roll(micros.size()));
    if (at->function != 'r') return;
    micros.erase(at);
    ASSERT_EQ(check_transactions(record(draft)).verdict, Verdict::kValid);
  });
}

TEST(TransactionLawTest, WithLongerTransactionsAValidHistoryIsValid) {
  for_all([](TransactionsDraft draft, const TransactionJudgement& judgement, Dice& dice) {
    if (judgement.verdict != Verdict::kValid) return;
    // A completion after an invocation changes places with it, unless one process did both.
    for (int i = 0; i < 20; ++i) {
      const std::size_t at = dice.roll(draft.events.size() - 1);
      std::size_t& a = draft.events[at];
      std::size_t& b = draft.events[at + 1];
      const auto begin = draft.events.begin();
      const bool completes = std::count(begin, begin + static_cast<std::ptrdiff_t>(at), a) > 0;
      const bool invokes = std::count(begin, begin + static_cast<std::ptrdiff_t>(at), b) == 0;
      const bool apart = draft.transactions[a].process != draft.transactions[b].process;
      if (completes && invokes && apart) std::swap(a, b);
    }
    ASSERT_EQ(check_transactions(record(draft)).verdict, Verdict::kValid);
  });
}

// Whatever the limits, who convicts does so rightly, and who does not says that he does not know.
TEST(TransactionLawTest, WithFewerStepsLessIsSaidAndNothingWrong) {
  for_all([](const TransactionsDraft& draft, const TransactionJudgement& judgement, Dice&) {
    TransactionOptions options;
    options.steps = 1;
    const TransactionJudgement hasty = check_transactions(record(draft), options);
    ASSERT_EQ(hasty.verdict, judgement.verdict);
    ASSERT_EQ(hasty.ruled_out & ~judgement.ruled_out, 0U);
    ASSERT_EQ(judgement.ruled_out & ~hasty.ruled_out & ~hasty.undecided, 0U);
    options.memory_bytes = 100;
    const TransactionJudgement blind = check_transactions(record(draft), options);
    ASSERT_EQ(blind.ruled_out & ~judgement.ruled_out, 0U);
    ASSERT_EQ(judgement.ruled_out & ~blind.ruled_out & ~blind.undecided, 0U);
    ASSERT_TRUE(blind.verdict != Verdict::kValid || judgement.verdict == Verdict::kValid);
  });
}

// Every step of every cycle names what it rests on.
TEST(TransactionLawTest, EveryCycleIsExplained) {
  std::size_t cycles = 0;
  for_all([&](const TransactionsDraft& draft, const TransactionJudgement& judgement, Dice&) {
    const TransactionHistory history = record(draft);
    for (const AnomalyCase& one : judgement.cases) {
      if (one.steps.empty()) continue;
      ++cycles;
      ASSERT_EQ(one.steps.size(), one.transactions.size());
      for (std::size_t i = 0; i < one.steps.size(); ++i) {
        const DependencyStep& step = one.steps[i];
        ASSERT_EQ(step.from, one.transactions[i]);
        ASSERT_EQ(step.to, one.transactions[(i + 1) % one.transactions.size()]);
        ASSERT_FALSE(step.words.empty());
        const bool time = step.dependency >= Dependency::kProcess;
        ASSERT_EQ(step.key.has_value(), !time);
        if (time) {
          ASSERT_LT(history[step.from].complete_order, history[step.to].invoke_order);
        }
      }
      ASSERT_NE(one.words.find("a contradiction!"), std::string::npos);
    }
  });
  EXPECT_GT(cycles, 1'000U);
}

// Whoever wants to give up is heard in the midst of the search for cycles, and nobody else is
// disturbed.
TEST(TransactionLawTest, WhoeverAsksToStopIsHeard) {
  Dice dice(7);
  TransactionShape shape;
  shape.isolation = Isolation::kNone;
  shape.transactions = 20'000;
  shape.processes = 40;
  shape.keys = 20;
  const TransactionHistory history = record(generate(dice, shape));
  struct Stop {};
  int polls = 0;
  TransactionOptions options;
  options.poll = [&polls] { ++polls; };
  const TransactionJudgement polled = check_transactions(history, options);
  EXPECT_GT(polls, 10);
  const TransactionJudgement judgement = check_transactions(history);
  EXPECT_EQ(polled.ruled_out, judgement.ruled_out);
  EXPECT_EQ(polled.counts, judgement.counts);
  const int all = polls;
  options.poll = [&polls] {
    if (--polls == 0) throw Stop();
  };
  polls = all - 1;
  EXPECT_THROW(check_transactions(history, options), Stop);
}

}  // namespace
}  // namespace synchrodb::check::testing
