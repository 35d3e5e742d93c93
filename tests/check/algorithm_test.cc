// Each algorithm by itself, on histories that one can check by eye.
#include <gtest/gtest.h>

#include "sim/check/check.h"
#include "tests/check/support/draft.h"
#include "tests/check/support/generate.h"

namespace synchrodb::check::testing {
namespace {

Datum i(std::int64_t number) {
  return Datum::integer(number);
}
Datum s(const char* text) {
  return Datum::string(text);
}

Draft append(std::int32_t process, const char* text, During during) {
  Draft draft = write(process, s(text), during);
  draft.function = Function::kAppend;
  return draft;
}

Draft at(Draft draft, std::uint64_t index) {
  Witness witness;
  (draft.function == Function::kRead ? witness.read_index : witness.index) = index;
  draft.witness = witness;
  return draft;
}

Verdict only(Algorithm algorithm, const Drafts& drafts, Model model = Model::kRegister) {
  Options options;
  options.model = model;
  options.only = algorithm;
  options.explain = false;
  return check(record(drafts), options).verdict;
}

constexpr Verdict kValid = Verdict::kValid;
constexpr Verdict kInvalid = Verdict::kInvalid;
constexpr Verdict kUnknown = Verdict::kUnknown;

TEST(ZonesTest, ForwardZonesMustNotOverlap) {
  // 1 must hold during [10, 30], 2 during [15, 40].
  const Drafts drafts = {write(1, i(1), {0, 10}), read(2, i(1), {30, 35}), write(3, i(2), {12, 15}),
                         read(4, i(2), {40, 45})};
  EXPECT_EQ(only(Algorithm::kZones, drafts), kInvalid);
}

TEST(ZonesTest, ABackwardZoneMayOverlapTheEndOfAForwardZone) {
  Drafts drafts = {write(1, i(1), {0, 10}), read(2, i(1), {30, 35}), write(3, i(2), {20, 40})};
  EXPECT_EQ(only(Algorithm::kZones, drafts), kValid);
  drafts[2].complete = 25;
  EXPECT_EQ(only(Algorithm::kZones, drafts), kInvalid);
}

TEST(ZonesTest, AReadNeedsItsWrite) {
  EXPECT_EQ(only(Algorithm::kZones, {read(1, i(9), {0, 10})}), kInvalid);
  EXPECT_EQ(only(Algorithm::kZones, {read(1, i(9), {0, 10}), write(2, i(9), {11, 20})}), kInvalid);
  EXPECT_EQ(only(Algorithm::kZones, {read(1, i(9), {0, 10}), write(2, i(9), {9, 20})}), kValid);
}

TEST(ZonesTest, AnUnansweredWriteCountsOnlyIfItWasRead) {
  const Drafts unread = {write(1, i(1), {0, 10}), crashed(write(2, i(2), {12, 0})),
                         read(3, i(1), {20, 30}), read(3, i(1), {40, 50})};
  EXPECT_EQ(only(Algorithm::kZones, unread), kValid);
  Drafts seen = unread;
  seen[2].result = i(2);
  EXPECT_EQ(only(Algorithm::kZones, seen), kInvalid);
  seen[3].result = i(2);
  EXPECT_EQ(only(Algorithm::kZones, seen), kValid);
}

TEST(ZonesTest, TheInitialValueWasWrittenBeforeEverything) {
  const Drafts drafts = {write(1, i(1), {0, 10}), read(2, Datum::absent(), {5, 20})};
  EXPECT_EQ(only(Algorithm::kZones, drafts), kValid);
  EXPECT_EQ(only(Algorithm::kZones, {drafts[0], read(2, Datum::absent(), {11, 20})}), kInvalid);
}

TEST(ZonesTest, RepeatedValuesAreNotItsBusiness) {
  EXPECT_EQ(only(Algorithm::kZones, {write(1, i(1), {0, 1}), write(1, i(1), {2, 3})}), kUnknown);
}

TEST(WitnessTest, AGoodWitnessAcquits) {
  const Drafts drafts = {at(write(1, i(1), {0, 50}), 2), at(write(2, i(2), {0, 50}), 1),
                         at(read(3, i(2), {0, 50}), 1), at(read(4, i(1), {40, 50}), 2)};
  EXPECT_EQ(only(Algorithm::kWitness, drafts), kValid);
}

TEST(WitnessTest, ABadWitnessProvesNothing) {
  // The order claimed is impossible, another one is not.
  Drafts drafts = {at(write(1, i(1), {0, 50}), 2), at(write(2, i(2), {0, 50}), 1),
                   at(read(3, i(2), {0, 50}), 2)};
  EXPECT_EQ(only(Algorithm::kWitness, drafts), kUnknown);
  EXPECT_EQ(check(record(drafts), {}).verdict, kValid);
  EXPECT_NE(check(record(drafts), {}).algorithm, Algorithm::kWitness);
}

TEST(WitnessTest, TheOrderClaimedMustRespectTime) {
  // Replay alone would accept this: the write came first in the log, but last in time.
  const Drafts drafts = {at(read(1, i(1), {0, 10}), 1), at(write(2, i(1), {20, 30}), 1)};
  EXPECT_EQ(only(Algorithm::kWitness, drafts), kUnknown);
  EXPECT_EQ(check(record(drafts), {}).verdict, kInvalid);
}

TEST(WitnessTest, AnUnansweredWriteIsPutWhereARreadNeedsIt) {
  const Drafts drafts = {at(write(1, i(1), {0, 10}), 1), crashed(write(2, i(2), {12, 0})),
                         at(read(3, i(2), {20, 30}), 2)};
  EXPECT_EQ(only(Algorithm::kWitness, drafts), kValid);
  Drafts late = drafts;
  late[1].invoke = 31;
  EXPECT_EQ(only(Algorithm::kWitness, late), kUnknown);
}

TEST(WitnessTest, GeneratedWitnessesAcquit) {
  int witnessed = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    Dice dice(seed);
    Shape shape;
    shape.model = seed % 2 == 0 ? Model::kCasRegister : Model::kKeyValue;
    shape.operations = 100;
    shape.keys = 3;
    shape.witnesses = true;
    shape.crash_percent = seed % 4 == 0 ? 0 : 5;
    const History history = record(generate(dice, shape));
    const Judgement judgement = check(history, options_for(shape));
    ASSERT_EQ(judgement.verdict, kValid) << seed;
    witnessed += judgement.algorithm == Algorithm::kWitness ? 1 : 0;
    if (shape.crash_percent == 0) {
      ASSERT_EQ(judgement.algorithm, Algorithm::kWitness) << seed;
    }
  }
  EXPECT_GT(witnessed, 250);
}

TEST(VersionsTest, AllReadsLieOnOnePath) {
  const Drafts forked = {append(1, "a", {0, 50}), append(2, "b", {0, 50}),
                         read(3, s("ab"), {0, 50}), read(4, s("ba"), {0, 50})};
  EXPECT_EQ(only(Algorithm::kVersions, forked, Model::kKeyValue), kInvalid);
}

TEST(VersionsTest, NothingThatWasSeenIsLost) {
  const Drafts drafts = {append(1, "a", {0, 50}), read(3, s("a"), {10, 20}),
                         read(4, Datum::absent(), {30, 40})};
  EXPECT_EQ(only(Algorithm::kVersions, drafts, Model::kKeyValue), kInvalid);
}

TEST(VersionsTest, NothingThatWasAppendedIsLost) {
  const Drafts drafts = {append(1, "a", {0, 5}), append(1, "a", {6, 8}), read(3, s("a"), {10, 20})};
  EXPECT_EQ(only(Algorithm::kVersions, drafts, Model::kKeyValue), kInvalid);
}

TEST(VersionsTest, NothingIsSeenThatNobodyHadBegunToAppend) {
  const Drafts drafts = {append(1, "a", {0, 5}), read(3, s("aa"), {10, 20}),
                         append(1, "a", {21, 28})};
  EXPECT_EQ(only(Algorithm::kVersions, drafts, Model::kKeyValue), kInvalid);
}

TEST(SearchTest, RepeatedAppendsAreToldApartByPlaceOnly) {
  const Drafts drafts = {append(1, "aa", {0, 50}),   append(2, "a", {0, 50}),
                         append(3, "b", {0, 50}),    read(4, s("aaab"), {10, 20}),
                         append(5, "aab", {60, 70}), read(6, s("aaabaab"), {80, 90})};
  EXPECT_EQ(only(Algorithm::kFrontier, drafts, Model::kKeyValue), kValid);
  EXPECT_EQ(only(Algorithm::kDepthFirst, drafts, Model::kKeyValue), kValid);
}

TEST(SearchTest, LimitsEndInUnknownAndSayWhy) {
  Dice dice(7);
  Shape shape;
  shape.operations = 400;
  shape.processes = 30;
  const History history = record(generate(dice, shape));
  Options options = options_for(shape);
  options.limits.steps = 50;
  const Judgement judgement = check(history, options);
  EXPECT_EQ(judgement.verdict, kUnknown);
  EXPECT_EQ(judgement.exhausted, "steps");
  EXPECT_LT(judgement.steps, 2'000U);
}

TEST(SearchTest, WhoIsAskedMayGiveUpAndElseChangesNothing) {
  struct GaveUp {};
  Shape shape;
  shape.operations = 400;
  shape.processes = 30;
  int searched = 0;
  for (std::uint64_t seed = 1; seed < 20; ++seed) {
    Dice dice(seed);
    const History history = record(generate(dice, shape));
    Options options = options_for(shape);
    options.limits.steps = 300'000;
    options.use_witness = false;
    const Judgement alone = check(history, options);
    int asked = 0;
    options.poll = [&asked] { ++asked; };
    const Judgement polled = check(history, options);
    EXPECT_EQ(polled.verdict, alone.verdict) << seed;
    EXPECT_EQ(polled.algorithm, alone.algorithm) << seed;
    EXPECT_EQ(polled.steps, alone.steps) << seed;
    if (asked == 0) continue;  // decided without a search
    ++searched;
    options.poll = [] { throw GaveUp{}; };
    EXPECT_THROW(check(history, options), GaveUp) << seed;
  }
  EXPECT_GT(searched, 5);
}

TEST(SearchTest, MoreThanSixtyFourOperationsMayBeOpen) {
  Drafts drafts;
  for (std::int32_t process = 0; process < 150; ++process) {
    drafts.push_back(read(200 + process, i(process % 3), {process, 1'000 + process}));
  }
  for (std::int32_t process = 0; process < 3; ++process) {
    drafts.push_back(write(process, i(process), {500, 1'100 + process}));
  }
  drafts.push_back(read(999, i(1), {2'000, 2'001}));
  for (const Algorithm algorithm : {Algorithm::kFrontier, Algorithm::kDepthFirst}) {
    EXPECT_EQ(only(algorithm, drafts), kValid) << name(algorithm);
  }
  drafts.back().result = i(3);
  for (const Algorithm algorithm : {Algorithm::kFrontier, Algorithm::kDepthFirst}) {
    EXPECT_EQ(only(algorithm, drafts), kInvalid) << name(algorithm);
  }
}

TEST(SearchTest, FrontierAndDepthFirstAgreeOnLongHistories) {
  int convicted = 0;
  for (std::uint64_t seed = 0; seed < 600; ++seed) {
    Dice dice(seed);
    Shape shape;
    shape.model = static_cast<Model>(seed % 4);
    shape.operations = 80;
    shape.processes = 5;
    shape.crash_percent = seed % 3 == 0 ? 10 : 2;
    Drafts drafts = generate(dice, shape);
    if (seed % 2 == 0) mutate(dice, shape, &drafts);
    const Verdict breadth = only(Algorithm::kFrontier, drafts, shape.model);
    const Verdict depth = only(Algorithm::kDepthFirst, drafts, shape.model);
    if (breadth == kUnknown || depth == kUnknown) continue;
    ASSERT_EQ(breadth, depth) << "seed " << seed;
    convicted += breadth == kInvalid ? 1 : 0;
  }
  EXPECT_GT(convicted, 20);
}

TEST(CheckTest, TheSameHistoryGetsTheSameJudgement) {
  Dice dice(3);
  Shape shape;
  shape.operations = 300;
  shape.processes = 8;
  Drafts drafts = generate(dice, shape);
  mutate(dice, shape, &drafts);
  const History history = record(drafts);
  const Judgement first = check(history, options_for(shape));
  const Judgement second = check(history, options_for(shape));
  EXPECT_EQ(first.verdict, second.verdict);
  EXPECT_EQ(first.steps, second.steps);
  EXPECT_EQ(first.contradiction.has_value(), second.contradiction.has_value());
  if (first.contradiction && second.contradiction) {
    EXPECT_EQ(first.contradiction->operations, second.contradiction->operations);
  }
}

TEST(CheckTest, WhatAModelDoesNotKnowIsSaid) {
  const History history = record({append(1, "a", {0, 5})});
  EXPECT_EQ(unsupported(history, Model::kRegister), "the model register has no operation append");
  EXPECT_EQ(unsupported(history, Model::kKeyValue), "");
  EXPECT_EQ(check(history, {}).verdict, kUnknown);
}

}  // namespace
}  // namespace synchrodb::check::testing
