// Reading transactions: what Jepsen and Elle write is understood, what nobody should write refused.
#include "sim/check/transactions/read_transactions.h"

#include <gtest/gtest.h>

#include <string>

#include "sim/check/transactions/check_transactions.h"
#include "sim/check/transactions/words.h"
#include "tests/check/support/generate.h"

namespace synchrodb::check::testing {
namespace {

constexpr TransactionKind kLists = TransactionKind::kListAppend;
constexpr TransactionKind kRegisters = TransactionKind::kRwRegister;

TEST(ReadTransactionsTest, ListsAsEdn) {
  const TransactionsResult read = read_transactions(R"(
{:index 0, :type :invoke, :f :txn, :process 0, :time 5, :value [[:append :x 1] [:r "y" nil]]}
{:index 1, :type :invoke, :f :txn, :process 1, :time 6, :value [[:r :x nil]]}
{:type :info, :f :start, :process :nemesis}
{:index 2, :type :ok, :f :txn, :process 0, :time 7, :value [[:append :x 1] [:r "y" [-7 :a]]]}
{:index 3, :type :info, :f :txn, :process 1, :time 8, :value [[:r :x nil]], :error :timeout}
{:index 4, :type :invoke, :f :txn, :process 2, :time 9, :value [[:append 3 1]]})",
                                                    kLists);
  ASSERT_EQ(read.error, "");
  EXPECT_EQ(read.format, Format::kEdn);
  ASSERT_EQ(read.history.size(), 3U);
  EXPECT_TRUE(read.history.knows_real_time());
  EXPECT_EQ(print_transaction(read.history, 0),
            "{:process 0, :type :ok, :f :txn, :value [[:append :x 1] [:r \"y\" [-7 :a]]]}");
  EXPECT_EQ(print_transaction(read.history, 1),
            "{:process 1, :type :info, :f :txn, :value [[:r :x nil]]}");
  EXPECT_EQ(print_transaction(read.history, 2),
            "{:process 2, :type :info, :f :txn, :value [[:append 3 1]]}");
  EXPECT_EQ(read.history[0].complete_time, 7);
  EXPECT_EQ(read.history[0].complete_order, 2U);
  EXPECT_EQ(read.history[2].complete_order, kNeverCompleted);
}

TEST(ReadTransactionsTest, RegistersAsJsonWithoutInvocations) {
  const TransactionsResult read = read_transactions(
      "{\"index\":1,\"process\":1,\"type\":\"ok\",\"value\":[[\"w\",253,1],[\"r\",255,null]]}\n"
      "{\"index\":2,\"process\":2,\"type\":\"ok\",\"value\":[[\"r\",253,null]]}\n",
      kRegisters);
  ASSERT_EQ(read.error, "");
  EXPECT_EQ(read.format, Format::kJsonLines);
  ASSERT_EQ(read.history.size(), 2U);
  EXPECT_FALSE(read.history.knows_real_time());
  EXPECT_EQ(print_micros(read.history, 0), "[[:w 253 1] [:r 255 nil]]");
  // With times the second would be a stale read.
  EXPECT_EQ(check_transactions(read.history).verdict, Verdict::kValid);
}

TEST(ReadTransactionsTest, WhatIsWrongIsSaidWithItsLine) {
  const struct {
    const char* text;
    const char* error;
  } kCases[] = {
      {"", "empty"},
      {"{:process 0, :type :invoke, :f :read, :value nil}", "line 1: the operation is a read"},
      {"\n{:process 0, :type :invoke, :f :txn, :value [[:w 1 1]]}",
       "line 2: the micro-operation [:w 1 1] is neither an append nor an r"},
      {"{:process 0, :type :invoke, :f :txn, :value [[:append 1 nil]]}", "needs a value"},
      {"{:process 0, :type :invoke, :f :txn, :value [[:r]]}", "is not of the form"},
      {"{:process 0, :type :invoke, :f :txn, :value 7}", "must be a vector"},
      {"{:process 0, :type :ok, :f :txn, :value [[:r 1 2]]}", "has read no list"},
      {"{:process 0, :type :ok, :f :txn}", "has no :value"},
      {"{:type :ok, :f :txn, :value []}", "has no :process"},
      {"{:process 0, :f :txn, :value []}", "has no :type"},
      {"{:process 0, :type :maybe, :f :txn, :value []}", "unknown :type maybe"},
      {"{:process 99999999999, :type :ok, :value []}", "does not fit 32 bits"},
      {"[1 2]", "must be a map"},
      {"{:process 0, :type :invoke, :value []}\n{:process 0, :type :invoke, :value []}",
       "line 2: process 0 invokes an operation while that of line 1 is open"},
      {"{:process 0, :type :invoke, :value []}\n{:process 1, :type :ok, :value []}",
       "line 2: process 1 completes an operation that it has not invoked"},
      {"{:process 0, :type :ok, :value []}\n{:process 0, :type :invoke, :value []}",
       "line 2: this is an invocation, but the transactions before it have none"},
  };
  for (const auto& [text, error] : kCases) {
    const TransactionsResult read = read_transactions(text, kLists);
    EXPECT_NE(read.error.find(error), std::string::npos) << text << "\n" << read.error;
  }
}

TEST(ReadTransactionsTest, SpoiledBytesGiveAnErrorOrAHistoryThatIsJudged) {
  const std::string good = R"(
{:index 0, :type :invoke, :f :txn, :process 0, :value [[:append 1 1] [:r 2 nil]]}
{:index 1, :type :invoke, :f :txn, :process 1, :value [[:r 1 nil]]}
{:index 2, :type :ok, :f :txn, :process 0, :value [[:append 1 1] [:r 2 [7 8]]]}
{:index 3, :type :ok, :f :txn, :process 1, :value [[:r 1 [1]]]})";
  int read_well = 0;
  for (std::uint64_t seed = 0; seed < 5'000; ++seed) {
    Dice dice(seed);
    std::string text = good;
    for (std::uint64_t i = 0; i <= dice.roll(4); ++i) {
      const std::size_t at = dice.roll(text.size());
      if (dice.chance(50)) {
        text[at] = static_cast<char>(dice.roll(256));
      } else {
        text.erase(at, dice.roll(5));
      }
    }
    for (const TransactionKind kind : {kLists, kRegisters}) {
      const TransactionsResult read = read_transactions(text, kind);
      if (!read.error.empty()) continue;
      ++read_well;
      check_transactions(read.history);
    }
  }
  EXPECT_GT(read_well, 100);
}

}  // namespace
}  // namespace synchrodb::check::testing
