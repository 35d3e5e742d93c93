// The checker of transactions against brute force, on tens of thousands of small histories.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>

#include "sim/check/transactions/check_transactions.h"
#include "sim/check/transactions/report.h"
#include "sim/check/transactions/words.h"
#include "tests/check/support/generate_transactions.h"
#include "tests/check/support/serial_oracle.h"

namespace synchrodb::check::testing {
namespace {

using M = ConsistencyModel;

struct TransactionCase {
  const char* name;
  TransactionShape shape;
  // The strongest model that what the database does is of, if it is of any.
  std::optional<ConsistencyModel> promised;
};

void PrintTo(const TransactionCase& one, std::ostream* out) {
  *out << one.name;
}

std::string show(const TransactionHistory& history, const TransactionJudgement& judgement) {
  std::string out = to_text(history, {}, judgement);
  for (TransactionId id = 0; id < history.size(); ++id) {
    out += std::to_string(history[id].invoke_order) + " to " +
           std::to_string(history[id].complete_order) + " " + print_transaction(history, id) + "\n";
  }
  return out;
}

bool rules_out(const TransactionJudgement& judgement, M model) {
  return (judgement.ruled_out & set_of(model)) != 0;
}

// Whether the versions of each key are all in order: of lists, if no append that must have taken
// effect was overlooked by all reads. (Transactions without an answer count as such if others saw a
// part of what they did; here it is enough to ask for all or nothing.)
bool is_ordered(const TransactionsDraft& draft) {
  for (const TransactionDraft& one : draft.transactions) {
    std::size_t appends = 0;
    std::size_t seen = 0;
    for (const MicroDraft& micro : one.micros) {
      if (micro.function != 'a') continue;
      ++appends;
      bool found = false;
      for (const TransactionDraft& other : draft.transactions) {
        if (other.outcome != Outcome::kOk) continue;
        for (const MicroDraft& read : other.micros) {
          found = found || (read.function == 'r' && read.key == micro.key &&
                            std::count(read.list.begin(), read.list.end(), micro.value) > 0);
        }
      }
      seen += found ? 1 : 0;
    }
    if (one.outcome == Outcome::kOk && seen != appends) return false;
    if (one.outcome == Outcome::kInfo && seen != appends && seen != 0) return false;
  }
  return true;
}

class TransactionOracleTest : public ::testing::TestWithParam<TransactionCase> {
 protected:
  void compare(const TransactionsDraft& draft, bool complete, std::uint64_t seed) {
    const TransactionHistory history = record(draft);
    const TransactionJudgement judgement = check_transactions(history);
    ASSERT_EQ(judgement.undecided, 0U);
    const struct {
      M model;
      OracleOrder order;
    } kModels[] = {{M::kSerializable, OracleOrder::kAny},
                   {M::kStrongSessionSerializable, OracleOrder::kProcess},
                   {M::kStrictSerializable, OracleOrder::kRealtime}};
    for (const auto& [model, order] : kModels) {
      const bool possible = is_serializable(draft, order);
      (possible ? valid_ : invalid_) += 1;
      if (possible) {
        ASSERT_FALSE(rules_out(judgement, model)) << name(model) << ", seed " << seed << "\n"
                                                  << show(history, judgement);
      } else if (complete) {
        ASSERT_TRUE(rules_out(judgement, model)) << name(model) << ", seed " << seed << "\n"
                                                 << show(history, judgement);
      } else {
        missed_ += rules_out(judgement, model) ? 0 : 1;
      }
    }
  }

  int valid_ = 0;
  int invalid_ = 0;
  int missed_ = 0;
};

TEST_P(TransactionOracleTest, AgreesWithBruteForce) {
  const TransactionShape& shape = GetParam().shape;
  const bool lists = shape.kind == TransactionKind::kListAppend;
  for (std::uint64_t seed = 0; seed < 3'000; ++seed) {
    Dice dice(seed);
    TransactionsDraft draft = generate(dice, shape);
    for (int i = 0; i < 3; ++i) {
      compare(draft, lists ? is_ordered(draft) : shape.updates_only, seed);
      if (HasFatalFailure()) return;
      mutate(dice, &draft);
    }
  }
  // The comparison means something only if both verdicts occur often.
  EXPECT_GT(valid_, 3'000);
  EXPECT_GT(invalid_, 1'000);
  // Registers do not tell their order, and what a transaction without an answer read is unknown.
  EXPECT_LT(missed_, invalid_ / 2);
}

TEST_P(TransactionOracleTest, WhatTheDatabasePromisesIsNotRuledOut) {
  if (!GetParam().promised) return;
  for (std::uint64_t seed = 0; seed < 3'000; ++seed) {
    Dice dice(seed);
    TransactionShape shape = GetParam().shape;
    shape.transactions = 25;
    shape.processes = 5;
    shape.keys = 3;
    const TransactionHistory history = record(generate(dice, shape));
    const TransactionJudgement judgement = check_transactions(history);
    ASSERT_FALSE(rules_out(judgement, *GetParam().promised)) << "seed " << seed << "\n"
                                                             << show(history, judgement);
  }
}

TransactionShape shaped(TransactionKind kind, Isolation isolation, bool updates_only = false) {
  TransactionShape shape;
  shape.kind = kind;
  shape.isolation = isolation;
  shape.updates_only = updates_only;
  if (updates_only) shape.crash_percent = 0;
  return shape;
}

constexpr TransactionKind kLists = TransactionKind::kListAppend;
constexpr TransactionKind kRegisters = TransactionKind::kRwRegister;

INSTANTIATE_TEST_SUITE_P(
    Databases, TransactionOracleTest,
    ::testing::Values(
        TransactionCase{"lists_serial", shaped(kLists, Isolation::kStrictSerial),
                        M::kStrictSerializable},
        TransactionCase{"lists_snapshot", shaped(kLists, Isolation::kSnapshot),
                        M::kStrongSnapshotIsolation},
        TransactionCase{"lists_none", shaped(kLists, Isolation::kNone), std::nullopt},
        TransactionCase{"registers_serial", shaped(kRegisters, Isolation::kStrictSerial),
                        M::kStrictSerializable},
        TransactionCase{"registers_snapshot", shaped(kRegisters, Isolation::kSnapshot),
                        M::kStrongSnapshotIsolation},
        TransactionCase{"updates_serial", shaped(kRegisters, Isolation::kStrictSerial, true),
                        M::kStrictSerializable},
        TransactionCase{"updates_snapshot", shaped(kRegisters, Isolation::kSnapshot, true),
                        M::kStrongSnapshotIsolation}),
    [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace synchrodb::check::testing
