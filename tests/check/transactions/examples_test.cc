// Each anomaly on an example made for it.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "sim/check/transactions/check_transactions.h"
#include "tests/check/support/transaction_script.h"

namespace synchrodb::check::testing {
namespace {

constexpr TransactionKind kLists = TransactionKind::kListAppend;
constexpr TransactionKind kRegisters = TransactionKind::kRwRegister;

struct Example {
  TransactionKind kind;
  const char* script;
  // Exactly these are found. Some cannot come alone: who reads what an aborted transaction wrote,
  // for a dirty update, reads an aborted write.
  std::set<std::string> anomalies;
  // The weakest models that it rules out.
  std::set<std::string> ruled_out;
};

void PrintTo(const Example& example, std::ostream* out) {
  *out << example.script;
}

std::set<std::string> anomalies_of(const TransactionJudgement& judgement) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < kAnomalies; ++i) {
    const auto anomaly = static_cast<Anomaly>(i);
    EXPECT_EQ((judgement.anomalies & set_of(anomaly)) != 0, judgement.counts[i] != 0);
    if (judgement.counts[i] != 0) names.emplace(name(anomaly));
  }
  return names;
}

std::set<std::string> names_of(const std::vector<ConsistencyModel>& models) {
  std::set<std::string> names;
  for (const ConsistencyModel model : models) names.emplace(name(model));
  return names;
}

class ExampleTest : public ::testing::TestWithParam<Example> {};

TEST_P(ExampleTest, YieldsItsAnomaliesAndNoOther) {
  const Example& example = GetParam();
  const TransactionHistory history = record(parse_script(example.kind, example.script));
  const TransactionJudgement judgement = check_transactions(history);
  EXPECT_EQ(anomalies_of(judgement), example.anomalies);
  EXPECT_EQ(names_of(judgement.weakest_ruled_out()), example.ruled_out);
  EXPECT_EQ(judgement.verdict, example.anomalies.empty() ? Verdict::kValid : Verdict::kInvalid);
  EXPECT_EQ(judgement.undecided, 0U);
  EXPECT_EQ(judgement.cases.size(), example.anomalies.size());
  for (const AnomalyCase& one : judgement.cases) {
    EXPECT_NE(one.words.find("Let:\n  T1 = {"), std::string::npos) << one.words;
    // Whoever is told of is introduced.
    for (std::size_t i = 1; i < 5; ++i) {
      const std::string called = "T" + std::to_string(i) + " ";
      const bool introduced = one.words.find("\n  " + called + "= {") != std::string::npos;
      EXPECT_EQ(one.words.find(called) != std::string::npos, introduced) << called << one.words;
    }
  }
}

// Two values of one register: the order that data tells, processes tell, real time tells.
INSTANTIATE_TEST_SUITE_P(
    Registers, ExampleTest,
    ::testing::Values(
        Example{kRegisters, "wx1 | rx1wx2 | rx2 ; rx2", {}, {}},
        Example{kRegisters, "wx1wx2 | rx1", {"G1b"}, {"read-committed"}},
        Example{kRegisters, "!wx1 | rx1", {"G1a"}, {"read-committed"}},
        Example{kRegisters, "rx7", {"garbage-read"}, {"read-uncommitted"}},
        Example{kRegisters, "wx1rx2 | wx2", {"internal"}, {"read-atomic"}},
        Example{kRegisters, "rx1wx1", {"future-read"}, {"read-committed"}},
        Example{kRegisters, "rx1wx2 | rx2wx1", {"cyclic-versions", "G1c"}, {"read-committed"}},
        Example{kRegisters,
                "rxwx1 | rxwx2",
                {"lost-update", "G2-item"},
                {"cursor-stability", "parallel-snapshot-isolation"}},
        Example{kRegisters, "wx1wy1 | rx1ry", {"G-single"}, {"consistent-view", "repeatable-read"}},
        Example{kRegisters, "rxwy1 | rywx1", {"G2-item"}, {"repeatable-read"}},
        // Nobody read one and wrote the other, but a process wrote both.
        Example{kRegisters,
                "p0wx1 ; p0wx2 ; rx1",
                {"G-single-realtime"},
                {"strong-snapshot-isolation"}},
        Example{kRegisters,
                "p0wx1 ; p0wx2 ; p0rx1",
                {"G-single-process"},
                {"strong-session-snapshot-isolation"}},
        Example{
            kRegisters, "wx1 ; wx2 ; rx1", {"G-single-realtime"}, {"strong-snapshot-isolation"}}));

INSTANTIATE_TEST_SUITE_P(
    Lists, ExampleTest,
    ::testing::Values(
        Example{kLists, "ax1 ; rx1ax2rx12 | ry ; ay1 ; rx12ry1", {}, {}},
        Example{kLists, "", {}, {}}, Example{kLists, "rx7", {"garbage-read"}, {"read-uncommitted"}},
        Example{kLists, "ax1 | rx11", {"duplicate-elements"}, {"read-uncommitted"}},
        Example{kLists, "ax1rx", {"internal"}, {"read-atomic"}},
        Example{kLists,
                "rxrx1 | ax1",
                {"internal", "G-single"},
                {"read-atomic", "consistent-view", "repeatable-read"}},
        Example{kLists, "ax1ax2 | ax3 | rx213", {"internal"}, {"read-atomic"}},
        Example{kLists, "?ax1ax2 | ax3 | rx213", {"internal"}, {"read-atomic"}},
        Example{kLists, "rx1ax1", {"future-read"}, {"read-committed"}},
        Example{kLists, "!ax1 | rx1", {"G1a"}, {"read-committed"}},
        Example{kLists, "?ax1 | rx1", {}, {}},
        Example{kLists, "!ax1 | ax2 | rx12", {"G1a", "dirty-update"}, {"read-committed"}},
        Example{kLists, "ax1 | ax2 | rx12 | rx21", {"incompatible-order"}, {"read-committed"}},
        Example{
            kLists, "ax1 | ax2 | rx12rx21", {"internal", "incompatible-order"}, {"read-committed"}},
        // Nothing is said of an order that cannot be.
        Example{kLists,
                "ax1ay2 | ax2ay1 | rx1 | rx21 | ry12",
                {"incompatible-order"},
                {"read-committed"}},
        Example{kLists, "ax1ax2 | rx1", {"G1b", "G-single"}, {"read-committed"}},
        Example{kLists,
                "rxax1 | rxax2 | rx12",
                {"lost-update", "G-single"},
                {"cursor-stability", "parallel-snapshot-isolation"}},
        Example{kLists, "ax1ay1 | ax2ay2 | rx12ry21", {"G0"}, {"read-uncommitted"}},
        Example{kLists, "ax1ry1 | ay1rx1", {"G1c"}, {"read-committed"}},
        Example{kLists, "rx1ry | ax1ay1", {"G-single"}, {"consistent-view", "repeatable-read"}},
        Example{kLists,
                "ax1 | ay1 | rx1ry | rxry1",
                {"G-nonadjacent"},
                {"snapshot-isolation", "repeatable-read"}},
        Example{kLists, "rxay1 | ryax1", {"G2-item"}, {"repeatable-read"}}));

INSTANTIATE_TEST_SUITE_P(
    Processes, ExampleTest,
    ::testing::Values(
        Example{
            kLists, "p0ax1 ; p0ax2 ; rx21", {"G0-process"}, {"strong-session-read-uncommitted"}},
        Example{kLists, "p0rx1 ; p0ax1", {"G1c-process"}, {"strong-session-read-committed"}},
        Example{
            kLists, "p0ax1 ; p0rx", {"G-single-process"}, {"strong-session-snapshot-isolation"}},
        Example{kLists,
                "p0ax1 ; p0ry | ~ay1 | ~ry1rx",
                {"G-nonadjacent-process"},
                {"strong-session-snapshot-isolation"}},
        Example{kLists,
                "p0ay1 ; p0rx | ~ax1ry",
                {"G2-item-process"},
                {"strong-session-serializable"}}));

INSTANTIATE_TEST_SUITE_P(
    RealTime, ExampleTest,
    ::testing::Values(
        Example{kLists, "ax1 ; ax2 ; rx21", {"G0-realtime"}, {"strong-read-uncommitted"}},
        Example{kLists, "rx1 ; ax1", {"G1c-realtime"}, {"strong-read-committed"}},
        Example{kLists, "ax1 ; rx", {"G-single-realtime"}, {"strong-snapshot-isolation"}},
        Example{kLists,
                "ax1 ; ry | ~ay1 | ~ry1rx",
                {"G-nonadjacent-realtime"},
                {"strong-snapshot-isolation"}},
        Example{kLists, "ay1 ; rx | ~ax1ry", {"G2-item-realtime"}, {"strict-serializable"}}));

}  // namespace
}  // namespace synchrodb::check::testing
