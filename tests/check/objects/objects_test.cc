// Sets, queues, counters and banks: each finding on an example made for it.
#include "sim/check/objects/check_objects.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "sim/check/objects/read_objects.h"

namespace synchrodb::check::testing {
namespace {

// EDN without the words that repeat: "0 invoke add 1" a line, its process, type, function, value.
ObjectHistory read(ObjectModel model, const std::string& lines) {
  std::string edn;
  std::size_t begin = 0;
  std::int64_t time = 0;
  while (begin < lines.size()) {
    const std::size_t end = std::min(lines.find('\n', begin), lines.size());
    const std::string line = lines.substr(begin, end - begin);
    begin = end + 1;
    const std::size_t first = line.find(' ');
    const std::size_t second = line.find(' ', first + 1);
    const std::size_t third = std::min(line.find(' ', second + 1), line.size());
    edn += "{:process " + line.substr(0, first) +
           ", :type :" + line.substr(first + 1, second - first - 1) +
           ", :f :" + line.substr(second + 1, third - second - 1) + ", :time " +
           std::to_string(time += 1000) + ", :value " +
           (third < line.size() ? line.substr(third) : "nil") + "}\n";
  }
  ObjectsResult result = read_objects(edn, model);
  EXPECT_EQ(result.error, "") << edn;
  return std::move(result.history);
}

using Counts = std::map<std::string, std::size_t>;

Counts found(const ObjectJudgement& judgement) {
  Counts counts;
  for (std::size_t i = 0; i < kFindingKinds; ++i) {
    if (judgement.counts[i] != 0) {
      counts[std::string(name(static_cast<FindingKind>(i)))] = judgement.counts[i];
    }
  }
  return counts;
}

struct ObjectExample {
  ObjectModel model;
  const char* lines;
  Verdict verdict;
  Counts findings;
};

void PrintTo(const ObjectExample& example, std::ostream* out) {
  *out << "\n" << example.lines;
}

class ObjectExampleTest : public ::testing::TestWithParam<ObjectExample> {};

TEST_P(ObjectExampleTest, IsJudgedAsListed) {
  const ObjectExample& example = GetParam();
  const ObjectHistory history = read(example.model, example.lines);
  const ObjectJudgement judgement = check_objects(history);
  EXPECT_EQ(found(judgement), example.findings) << to_text(history, judgement);
  EXPECT_EQ(name(judgement.verdict), name(example.verdict)) << to_text(history, judgement);
  for (const Finding& finding : judgement.findings) {
    EXPECT_FALSE(finding.words.empty());
    EXPECT_FALSE(finding.operations.empty());
  }
}

constexpr ObjectModel kSet = ObjectModel::kSet;
constexpr ObjectModel kQueue = ObjectModel::kQueue;
constexpr ObjectModel kCounter = ObjectModel::kCounter;
constexpr ObjectModel kBank = ObjectModel::kBank;
constexpr Verdict kValid = Verdict::kValid;
constexpr Verdict kInvalid = Verdict::kInvalid;
constexpr Verdict kUnknown = Verdict::kUnknown;

INSTANTIATE_TEST_SUITE_P(
    Sets, ObjectExampleTest,
    ::testing::Values(
        ObjectExample{
            kSet, "0 invoke add 1\n0 ok add 1\n1 invoke read\n1 ok read #{1}", kValid, {}},
        ObjectExample{kSet, "0 invoke add 1\n0 ok add 1", kUnknown, {}},
        // Concurrent: it may have been read before it was added.
        ObjectExample{kSet,
                      "0 invoke add 1\n1 invoke read\n1 ok read []\n0 ok add 1\n"
                      "1 invoke read\n1 ok read [1]",
                      kValid,
                      {}},
        ObjectExample{kSet,
                      "0 invoke add 1\n1 invoke read\n0 ok add 1\n1 ok read []\n"
                      "1 invoke read\n1 ok read [1]",
                      kValid,
                      {}},
        ObjectExample{kSet,
                      "0 invoke add 1\n0 ok add 1\n1 invoke read\n1 ok read []",
                      kInvalid,
                      {{"lost", 1}}},
        ObjectExample{kSet,
                      "0 invoke add 1\n0 ok add 1\n1 invoke read\n1 ok read [1]\n"
                      "1 invoke read\n1 ok read []",
                      kInvalid,
                      {{"lost", 1}}},
        ObjectExample{kSet,
                      "0 invoke add 1\n0 ok add 1\n1 invoke read\n1 ok read []\n"
                      "1 invoke read\n1 ok read [1]",
                      kInvalid,
                      {{"stale", 1}}},
        // Nobody knew that it was there until it was seen; then it went.
        ObjectExample{kSet,
                      "0 invoke add 1\n0 info add 1\n1 invoke read\n1 ok read [1]\n"
                      "1 invoke read\n1 ok read []",
                      kInvalid,
                      {{"lost", 1}}},
        ObjectExample{
            kSet, "0 invoke add 1\n0 info add 1\n1 invoke read\n1 ok read []", kUnknown, {}},
        ObjectExample{kSet,
                      "0 invoke add 1\n0 ok add 1\n1 invoke read\n1 ok read [1 1]",
                      kInvalid,
                      {{"duplicated", 1}}},
        ObjectExample{kSet, "1 invoke read\n1 ok read [7]", kInvalid, {{"unexpected", 1}}},
        ObjectExample{kSet,
                      "0 invoke add 7\n0 fail add 7\n1 invoke read\n1 ok read [7]",
                      kInvalid,
                      {{"unexpected", 1}}},
        ObjectExample{kSet,
                      "1 invoke read\n1 ok read [7]\n0 invoke add 7\n0 ok add 7",
                      kInvalid,
                      {{"unexpected", 1}}}));

INSTANTIATE_TEST_SUITE_P(
    Queues, ObjectExampleTest,
    ::testing::Values(
        ObjectExample{kQueue,
                      "0 invoke enqueue 1\n0 ok enqueue 1\n1 invoke dequeue\n1 ok dequeue 1",
                      kValid,
                      {}},
        // Who knows whether it is still in there?
        ObjectExample{kQueue, "0 invoke enqueue 1\n0 ok enqueue 1", kValid, {}},
        ObjectExample{kQueue,
                      "0 invoke enqueue 1\n0 ok enqueue 1\n1 invoke drain\n1 ok drain []",
                      kInvalid,
                      {{"lost", 1}}},
        ObjectExample{kQueue,
                      "0 invoke enqueue 1\n0 ok enqueue 1\n1 invoke dequeue\n1 ok dequeue nil",
                      kInvalid,
                      {{"lost", 1}}},
        // Somebody who got no answer may have it.
        ObjectExample{kQueue,
                      "0 invoke enqueue 1\n0 ok enqueue 1\n1 invoke dequeue\n1 info dequeue\n"
                      "2 invoke drain\n2 ok drain []",
                      kValid,
                      {}},
        // But not both.
        ObjectExample{kQueue,
                      "0 invoke enqueue 1\n0 ok enqueue 1\n0 invoke enqueue 2\n0 ok enqueue 2\n"
                      "1 invoke dequeue\n1 info dequeue\n2 invoke drain\n2 ok drain []",
                      kInvalid,
                      {{"lost", 2}}},
        ObjectExample{kQueue,
                      "0 invoke enqueue 1\n1 invoke drain\n1 ok drain []\n0 ok enqueue 1",
                      kValid,
                      {}},
        ObjectExample{kQueue,
                      "0 invoke enqueue 1\n0 ok enqueue 1\n1 invoke dequeue\n1 ok dequeue 1\n"
                      "1 invoke drain\n1 ok drain [1]",
                      kInvalid,
                      {{"duplicated", 1}}},
        ObjectExample{kQueue, "1 invoke dequeue\n1 ok dequeue 1", kInvalid, {{"unexpected", 1}}},
        ObjectExample{kQueue,
                      "0 invoke enqueue 1\n0 fail enqueue 1\n1 invoke dequeue\n1 ok dequeue 1",
                      kInvalid,
                      {{"unexpected", 1}}},
        ObjectExample{kQueue,
                      "1 invoke dequeue\n1 ok dequeue 1\n0 invoke enqueue 1\n0 ok enqueue 1",
                      kInvalid,
                      {{"unexpected", 1}}}));

INSTANTIATE_TEST_SUITE_P(
    Counters, ObjectExampleTest,
    ::testing::Values(
        ObjectExample{kCounter, "0 invoke add 5\n0 ok add 5", kValid, {}},
        ObjectExample{
            kCounter, "0 invoke add 5\n0 ok add 5\n1 invoke read\n1 ok read 5", kValid, {}},
        ObjectExample{kCounter,
                      "0 invoke add 5\n0 ok add 5\n1 invoke read\n1 ok read 4",
                      kInvalid,
                      {{"out-of-bounds", 1}}},
        ObjectExample{kCounter,
                      "0 invoke add 5\n0 ok add 5\n1 invoke read\n1 ok read 6",
                      kInvalid,
                      {{"out-of-bounds", 1}}},
        ObjectExample{
            kCounter, "0 invoke add 5\n0 info add 5\n1 invoke read\n1 ok read 0", kValid, {}},
        ObjectExample{kCounter,
                      "0 invoke add 5\n0 fail add 5\n1 invoke read\n1 ok read 5",
                      kInvalid,
                      {{"out-of-bounds", 1}}},
        ObjectExample{
            kCounter,
            "0 invoke add 5\n1 invoke read\n0 ok add 5\n2 invoke decrement 7\n1 ok read -7",
            kValid,
            {}},
        ObjectExample{
            kCounter,
            "0 invoke add 5\n0 ok add 5\n1 invoke read\n2 invoke decrement 7\n1 ok read -7",
            kInvalid,
            {{"out-of-bounds", 1}}}));

INSTANTIATE_TEST_SUITE_P(
    Banks, ObjectExampleTest,
    ::testing::Values(
        ObjectExample{kBank,
                      "1 invoke read\n1 ok read {0 7, 1 3}\n"
                      "0 invoke transfer {:from 0, :to 1, :amount 2}\n"
                      "0 ok transfer {:from 0, :to 1, :amount 2}\n"
                      "1 invoke read\n1 ok read {0 5, 1 5}",
                      kValid,
                      {}},
        ObjectExample{kBank,
                      "1 invoke read\n1 ok read {0 7, 1 3}\n1 invoke read\n1 ok read {0 7, 1 4}",
                      kInvalid,
                      {{"wrong-total", 1}}},
        ObjectExample{
            kBank, "1 invoke read\n1 ok read {0 -7, 1 17}", kInvalid, {{"negative-balance", 1}}},
        ObjectExample{
            kBank, "1 invoke read\n1 ok read {0 7, 1 nil}", kInvalid, {{"nil-balance", 1}}}));

TEST(ObjectOptionsTest, ASetThatNeedNotBeLinearizableMayBeLate) {
  const ObjectHistory history = read(kSet,
                                     "0 invoke add 1\n0 ok add 1\n1 invoke read\n1 ok read []\n"
                                     "1 invoke read\n1 ok read [1]");
  ObjectOptions options;
  options.linearizable = false;
  const ObjectJudgement judgement = check_objects(history, options);
  EXPECT_EQ(judgement.verdict, kValid);
  ASSERT_EQ(judgement.findings.size(), 1U);
  // It was there at 2 us; the read that missed it began at 3 us.
  EXPECT_EQ(judgement.findings[0].latency, 1'001);
  EXPECT_EQ(judgement.findings[0].words,
            "1 was there after process 0's add, from 0.000001 s (event 0) to 0.000002 s (event 1), "
            "but was missed by process 1's read, from 0.000003 s (event 2) to 0.000004 s (event "
            "3)");
}

TEST(ObjectOptionsTest, InitialCountsAndTotals) {
  ObjectOptions options;
  options.initial = 10;
  const ObjectHistory counter = read(kCounter, "1 invoke read\n1 ok read 10");
  EXPECT_EQ(check_objects(counter).verdict, kInvalid);
  EXPECT_EQ(check_objects(counter, options).verdict, kValid);
  const ObjectHistory bank = read(kBank, "1 invoke read\n1 ok read {0 5, 1 6}");
  EXPECT_EQ(check_objects(bank).verdict, kValid);
  EXPECT_EQ(check_objects(bank, options).verdict, kInvalid);
  options.initial = 0;
  options.negative_balances = true;
  EXPECT_EQ(check_objects(read(kBank, "1 invoke read\n1 ok read {0 -5, 1 5}"), options).verdict,
            kValid);
}

TEST(ObjectOptionsTest, SumsThatDoNotFitConvictNobodyWrongly) {
  const std::string most = std::to_string(INT64_MAX);
  const ObjectHistory counter =
      read(kCounter, "0 invoke add " + most + "\n0 ok add\n0 invoke add " + most +
                         "\n0 ok add\n1 invoke read\n1 ok read " + most);
  EXPECT_EQ(check_objects(counter).verdict, kValid);
  // The adds and subtracts come to as much as was read.
  const ObjectHistory back =
      read(kCounter, "0 invoke add " + most + "\n0 ok add\n0 invoke add " + most +
                         "\n0 ok add\n0 invoke decrement " + most +
                         "\n0 ok decrement\n1 invoke read\n1 ok read " + most);
  EXPECT_EQ(check_objects(back).verdict, kValid);
  ObjectOptions options;
  options.negative_balances = true;
  options.initial = INT64_MAX - 4;
  const ObjectHistory debts = read(kBank, "1 invoke read\n1 ok read {0 " + most + ", 1 1, 2 -5}");
  EXPECT_EQ(check_objects(debts, options).verdict, kValid);
  const ObjectHistory bank =
      read(kBank, "1 invoke read\n1 ok read {0 " + most + ", 1 " + most + "}");
  EXPECT_EQ(found(check_objects(bank)), (Counts{{"wrong-total", 1}}));
}

TEST(ObjectReportTest, TellsAFewAndCountsAll) {
  std::string lines;
  for (int i = 0; i < 20; ++i) {
    lines += "0 invoke add " + std::to_string(i) + "\n0 ok add " + std::to_string(i) + "\n";
  }
  const ObjectHistory history = read(kSet, lines + "1 invoke read\n1 ok read [5]");
  const ObjectJudgement judgement = check_objects(history);
  EXPECT_EQ(judgement.findings.size(), ObjectOptions().examples);
  const auto json = to_json(history, judgement);
  EXPECT_EQ(json["findings"].dump(), R"({"lost":19})");
  EXPECT_EQ(json["statistics"]["attempted"], 20);
  EXPECT_EQ(json["examples"][0]["element"], "0");
}

TEST(ReadObjectsTest, WhatIsWrongIsSaidWithItsLine) {
  const struct {
    ObjectModel model;
    const char* text;
    const char* error;
  } kCases[] = {
      {kSet, "", "empty"},
      {kSet, "{:process 0, :type :invoke, :f :dequeue}", "line 1: a set has no operation dequeue"},
      {kSet, "{:process 0, :type :invoke, :f :add}", "add needs a value"},
      {kSet, "{:process 0, :type :ok, :f :add, :value 1}", "that it has not invoked"},
      {kSet, "{:process 0, :type :invoke, :f :add, :value 1}\n{:process 0, :type :ok, :f :read}",
       "line 2: process 0 completes a read, but line 1 invoked a add"},
      {kSet, "{:process 0, :type :invoke, :f :read}\n{:process 0, :type :ok, :f :read, :value 5}",
       "a read needs a collection of elements"},
      {kCounter, "{:process 0, :type :invoke, :f :add, :value \"x\"}", "add needs an integer"},
      {kCounter,
       "{:process 0, :type :invoke, :f :read}\n{:process 0, :type :ok, :f :read, :value nil}",
       "a counter's read needs an integer"},
      {kBank, "{:process 0, :type :invoke, :f :transfer, :value {:from 1}}", "a transfer needs"},
      {kBank,
       "{:process 0, :type :invoke, :f :read}\n{:process 0, :type :ok, :f :read, :value [1]}",
       "a bank's read needs a map"},
  };
  for (const auto& [model, text, error] : kCases) {
    const ObjectsResult result = read_objects(text, model);
    EXPECT_NE(result.error.find(error), std::string::npos) << text << "\n" << result.error;
  }
}

}  // namespace
}  // namespace synchrodb::check::testing
