// Laws that hold whatever the history is (RapidCheck).
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "sim/check/check.h"
#include "sim/check/write.h"
#include "tests/check/support/draft.h"
#include "tests/check/support/generate.h"

namespace synchrodb::check::testing {
namespace {

struct Subject {
  Shape shape;
  Drafts drafts;
};

// A generated history, spoiled `mutations` times at most.
Subject subject(std::uint64_t most_mutations) {
  Subject one;
  const auto model =
      *rc::gen::element(Model::kRegister, Model::kCasRegister, Model::kMutex, Model::kKeyValue);
  one.shape.model = model;
  one.shape.dialect = *rc::gen::element(Dialect::kJepsenLog, Dialect::kKnossos);
  one.shape.operations = static_cast<std::size_t>(*rc::gen::inRange(1, 60));
  one.shape.processes = static_cast<std::size_t>(*rc::gen::inRange(1, 7));
  one.shape.values = *rc::gen::inRange(1, 5);
  one.shape.crash_percent = static_cast<std::uint64_t>(*rc::gen::inRange(0, 30));
  one.shape.unique_writes = model != Model::kKeyValue && *rc::gen::arbitrary<bool>();
  one.shape.keys = *rc::gen::inRange(1, 3);
  one.shape.witnesses = *rc::gen::arbitrary<bool>();
  Dice dice(*rc::gen::arbitrary<std::uint64_t>());
  one.drafts = generate(dice, one.shape);
  const std::uint64_t mutations = most_mutations == 0 ? 0 : dice.roll(most_mutations + 1);
  for (std::uint64_t i = 0; i < mutations; ++i) mutate(dice, one.shape, &one.drafts);
  return one;
}

Verdict verdict_of(const Drafts& drafts, const Shape& shape, std::int64_t tick = 1'000'000,
                   std::int64_t start = 0) {
  Options options = options_for(shape);
  options.explain = false;
  return check(record(drafts, tick, start), options).verdict;
}

RC_GTEST_PROP(Law, WhatACorrectObjectServedIsValid, ()) {
  const Subject one = subject(0);
  RC_ASSERT(verdict_of(one.drafts, one.shape) == Verdict::kValid);
}

RC_GTEST_PROP(Law, FrontierAndDepthFirstAgree, ()) {
  const Subject one = subject(3);
  const History history = record(one.drafts);
  Options options = options_for(one.shape);
  options.explain = false;
  options.only = Algorithm::kFrontier;
  const Verdict breadth = check(history, options).verdict;
  options.only = Algorithm::kDepthFirst;
  const Verdict depth = check(history, options).verdict;
  RC_CLASSIFY(breadth == Verdict::kInvalid);
  if (breadth != Verdict::kUnknown && depth != Verdict::kUnknown) RC_ASSERT(breadth == depth);
}

// Every value becomes another one, different values different ones (integers; the initial value
// stays).
RC_GTEST_PROP(Law, RenamingValuesChangesNothing, ()) {
  Subject one = subject(3);
  RC_PRE(one.shape.model != Model::kKeyValue);
  const Verdict before = verdict_of(one.drafts, one.shape);
  const auto rename = [](Datum* datum) {
    if (datum->kind == Value::Kind::kInteger && datum->number != 0) {
      datum->number = -7 * datum->number + 1'000'000;
    }
  };
  for (Draft& draft : one.drafts) {
    rename(&draft.argument);
    rename(&draft.expected);
    rename(&draft.result);
  }
  RC_CLASSIFY(before == Verdict::kInvalid);
  RC_ASSERT(verdict_of(one.drafts, one.shape) == before);
}

RC_GTEST_PROP(Law, ClocksMeanNothing, ()) {
  const Subject one = subject(3);
  const Verdict before = verdict_of(one.drafts, one.shape);
  RC_ASSERT(verdict_of(one.drafts, one.shape, 1, 5) == before);
  RC_ASSERT(verdict_of(one.drafts, one.shape, -3, -1'000) == before);
}

RC_GTEST_PROP(Law, TheOrderInWhichOverlappingOperationsWereBegunMeansNothing, ()) {
  Subject one = subject(3);
  const Verdict before = verdict_of(one.drafts, one.shape);
  // All events are at different moments but those of mutations; a stretch changes no order.
  for (Draft& draft : one.drafts) {
    draft.invoke *= 3;
    if (draft.outcome != Outcome::kInfo) draft.complete *= 3;
  }
  std::reverse(one.drafts.begin(), one.drafts.end());
  const Verdict after = verdict_of(one.drafts, one.shape);
  RC_ASSERT(before == after);
}

RC_GTEST_PROP(Law, WideningAnIntervalKeepsAValidHistoryValid, ()) {
  Subject one = subject(2);
  RC_PRE(verdict_of(one.drafts, one.shape) == Verdict::kValid);
  for (int i = 0; i < 4; ++i) {
    Draft& draft =
        one.drafts[static_cast<std::size_t>(*rc::gen::inRange<std::size_t>(0, one.drafts.size()))];
    draft.invoke -= *rc::gen::inRange(0, 30);
    if (draft.outcome != Outcome::kInfo) draft.complete += *rc::gen::inRange(0, 30);
  }
  RC_ASSERT(verdict_of(one.drafts, one.shape) == Verdict::kValid);
}

RC_GTEST_PROP(Law, DroppingAReadKeepsAValidHistoryValid, ()) {
  Subject one = subject(2);
  RC_PRE(verdict_of(one.drafts, one.shape) == Verdict::kValid);
  const auto read = std::find_if(one.drafts.begin(), one.drafts.end(), [](const Draft& draft) {
    return draft.function == Function::kRead;
  });
  RC_PRE(read != one.drafts.end());
  one.drafts.erase(read);
  RC_ASSERT(verdict_of(one.drafts, one.shape) == Verdict::kValid);
}

RC_GTEST_PROP(Law, LosingAnAnswerKeepsAValidHistoryValid, ()) {
  Subject one = subject(2);
  RC_PRE(verdict_of(one.drafts, one.shape) == Verdict::kValid);
  Draft& draft =
      one.drafts[static_cast<std::size_t>(*rc::gen::inRange<std::size_t>(0, one.drafts.size()))];
  RC_PRE(draft.outcome == Outcome::kOk);
  draft = crashed(draft);
  RC_ASSERT(verdict_of(one.drafts, one.shape) == Verdict::kValid);
}

RC_GTEST_PROP(Law, AnUnansweredOperationMoreKeepsAValidHistoryValid, ()) {
  Subject one = subject(2);
  RC_PRE(one.shape.model != Model::kMutex);
  RC_PRE(verdict_of(one.drafts, one.shape) == Verdict::kValid);
  one.drafts.push_back(crashed(write(900, Datum::integer(2), {*rc::gen::inRange(0, 50), 0})));
  RC_ASSERT(verdict_of(one.drafts, one.shape) == Verdict::kValid);
}

RC_GTEST_PROP(Law, APrefixOfAValidHistoryIsValid, ()) {
  Subject one = subject(2);
  RC_PRE(verdict_of(one.drafts, one.shape) == Verdict::kValid);
  const std::int64_t end = *rc::gen::inRange(0, 200);
  Drafts prefix;
  for (const Draft& draft : one.drafts) {
    if (draft.invoke >= end) continue;
    const bool answered = draft.outcome != Outcome::kInfo && draft.complete < end;
    prefix.push_back(answered ? draft : crashed(draft));
  }
  RC_ASSERT(verdict_of(prefix, one.shape) == Verdict::kValid);
}

RC_GTEST_PROP(Law, KeysAreJudgedApart, ()) {
  Subject one = subject(2);
  Subject other = subject(2);
  other.shape.model = one.shape.model;
  RC_PRE(other.shape.dialect == one.shape.dialect);
  RC_PRE(unsupported(record(other.drafts), one.shape.model).empty());
  const bool both_valid = verdict_of(one.drafts, one.shape) == Verdict::kValid &&
                          verdict_of(other.drafts, one.shape) == Verdict::kValid;
  for (Draft& draft : other.drafts) {
    draft.key += 100;
    draft.process += 100;
    one.drafts.push_back(draft);
  }
  RC_ASSERT((verdict_of(one.drafts, one.shape) == Verdict::kValid) == both_valid);
}

// The order that a valid history comes with is a proof: replayed by itself, one operation after
// the other, it is still valid; and it never turns two operations around of which one was over
// when the other began.
RC_GTEST_PROP(Law, TheOrderGivenIsAProof, ()) {
  Subject one = subject(1);
  one.shape.keys = 1;
  for (Draft& draft : one.drafts) draft.key = 0;
  const History history = record(one.drafts);
  Options options = options_for(one.shape);
  options.want_order = true;
  const Judgement judgement = check(history, options);
  RC_PRE(judgement.verdict == Verdict::kValid);
  const Drafts all = drafts_of(history, kOnlyKey);
  Drafts replay;
  EventOrder latest = 0;
  for (const OperationId id : judgement.order) {
    RC_ASSERT(history[id].complete_order >= latest);
    latest = std::max(latest, history[id].invoke_order);
    Draft draft = all[id];
    draft.invoke = 10 * static_cast<std::int64_t>(replay.size());
    draft.complete = draft.invoke + 5;
    if (draft.outcome == Outcome::kInfo) draft.outcome = Outcome::kOk;
    replay.push_back(draft);
  }
  RC_ASSERT(verdict_of(replay, one.shape) == Verdict::kValid);
  // Every answer that constrains something is in it.
  std::size_t answers = 0;
  for (const Operation& operation : history.operations()) {
    const bool blind = operation.function == Function::kRead &&
                       (operation.result.is_none() ||
                        (operation.result.is_absent() && one.shape.dialect == Dialect::kKnossos));
    answers += operation.outcome == Outcome::kOk && !blind ? 1 : 0;
  }
  const auto listed =
      std::count_if(judgement.order.begin(), judgement.order.end(),
                    [&](OperationId id) { return history[id].outcome == Outcome::kOk; });
  RC_ASSERT(static_cast<std::size_t>(listed) == answers);
}

}  // namespace
}  // namespace synchrodb::check::testing
