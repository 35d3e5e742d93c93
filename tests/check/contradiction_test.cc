// What a conviction comes with: a genuine contradiction, as small as it gets, in words.
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/check/brute_force.h"
#include "sim/check/check.h"
#include "sim/check/read.h"
#include "sim/check/write.h"
#include "tests/check/support/draft.h"
#include "tests/check/support/generate.h"
#include "tests/check/support/public_histories.h"

namespace synchrodb::check::testing {
namespace {

// A delete that found nothing changes nothing.
bool reads_only(const Draft& draft) {
  return draft.function == Function::kDelete && draft.outcome == Outcome::kOk &&
         draft.result == Datum::integer(0);
}

// The law of check.h, spelled out anew: the listed operations as they are; of the others, those
// that may change the state may have happened at any time, with the answer that they got, or never;
// the rest is gone. `undecided` gets the places of operations that may be there or not.
Drafts relaxed(const History& history, const std::vector<OperationId>& listed,
               const Contradiction& contradiction, std::vector<std::size_t>* undecided) {
  Drafts all = drafts_of(history, kOnlyKey);
  Drafts out;
  for (OperationId id = 0; id < all.size(); ++id) {
    Draft& draft = all[id];
    if (draft.invoke >= contradiction.horizon) continue;
    if (contradiction.from_any_state && draft.complete < contradiction.cut) continue;
    const bool refuted = draft.outcome == Outcome::kFail || draft.outcome == Outcome::kRefused;
    const bool observes = refuted || draft.function == Function::kRead;
    const bool open = draft.outcome != Outcome::kInfo && draft.complete >= contradiction.horizon;
    if (std::find(listed.begin(), listed.end(), id) != listed.end()) {
      if (open && (observes || reads_only(draft))) continue;
      if (open) {
        draft.complete = kForever;
        undecided->push_back(out.size());
      }
    } else {
      if (observes || reads_only(draft)) continue;
      draft.invoke = -1;
      draft.complete = kForever;
      if (draft.outcome != Outcome::kInfo) undecided->push_back(out.size());
    }
    out.push_back(draft);
  }
  return out;
}

// Whether it is valid when the undecided operations whose bit is set are there.
Drafts choose(const Drafts& drafts, const std::vector<std::size_t>& undecided, std::uint64_t bits) {
  Drafts chosen;
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    const auto found = std::find(undecided.begin(), undecided.end(), i);
    const auto bit = static_cast<std::uint64_t>(found - undecided.begin());
    if (found == undecided.end() || (bits >> bit & 1) != 0) chosen.push_back(drafts[i]);
  }
  return chosen;
}

// Whether some initial state makes it valid.
bool explained(const Drafts& drafts, const Options& options, bool from_any_state) {
  if (!from_any_state) {
    return brute_force(record(drafts), options) == Verdict::kValid;
  }
  if (options.model == Model::kMutex) {
    // Held at first is free, then acquired by somebody whose call came before everything.
    Drafts held = drafts;
    Draft acquire = read(999, Datum::none(), {-9, -8});
    acquire.function = Function::kAcquire;
    held.push_back(acquire);
    return brute_force(record(drafts), options) == Verdict::kValid ||
           brute_force(record(held), options) == Verdict::kValid;
  }
  std::vector<Datum> states = {Datum::absent(), Datum::integer(123'456)};
  for (const Draft& draft : drafts) {
    for (const Datum& datum : {draft.argument, draft.expected, draft.result}) {
      if (datum.kind != Value::Kind::kNone) states.push_back(datum);
    }
  }
  for (const Datum& state : states) {
    History history = record(drafts);
    Options from = options;
    from.initial = to_value(history, state);
    if (brute_force(history, from) == Verdict::kValid) return true;
  }
  return false;
}

bool possible(const History& history, const std::vector<OperationId>& listed,
              const Options& options, const Contradiction& contradiction) {
  std::vector<std::size_t> undecided;
  const Drafts drafts = relaxed(history, listed, contradiction, &undecided);
  for (std::uint64_t bits = 0; bits < std::uint64_t{1} << undecided.size(); ++bits) {
    if (explained(choose(drafts, undecided, bits), options, contradiction.from_any_state)) {
      return true;
    }
  }
  return false;
}

class ContradictionTest : public ::testing::TestWithParam<Model> {};

TEST_P(ContradictionTest, IsGenuineAndMinimal) {
  int convictions = 0;
  int from_any_state = 0;
  std::size_t listed = 0;
  for (std::uint64_t seed = 0; seed < 6'000; ++seed) {
    Dice dice(seed);
    Shape shape;
    shape.model = GetParam();
    shape.dialect = seed % 2 == 0 ? Dialect::kJepsenLog : Dialect::kKnossos;
    shape.crash_percent = 5;
    shape.values = 3;
    Drafts drafts = generate(dice, shape);
    mutate(dice, shape, &drafts);
    if (drafts.size() >= kBruteForceMost) drafts.resize(kBruteForceMost - 1);
    // A mutation may have made a process do two things at once.
    for (std::size_t i = 0; i < drafts.size(); ++i) {
      drafts[i].process = static_cast<std::int32_t>(i);
    }
    const History history = record(drafts);
    const Options options = options_for(shape);
    const Judgement judgement = check(history, options);
    if (judgement.verdict != Verdict::kInvalid) continue;
    ++convictions;
    ASSERT_TRUE(judgement.contradiction.has_value());
    const Contradiction& found = *judgement.contradiction;
    EXPECT_TRUE(found.minimal);
    from_any_state += found.from_any_state ? 1 : 0;
    listed += found.operations.size();
    ASSERT_FALSE(possible(history, found.operations, options, found))
        << "seed " << seed << "\n"
        << write_edn(history) << found.words;
    // Spare one: no longer a contradiction (the horizon and the cut stay).
    for (std::size_t spared = 0; spared < found.operations.size() && found.operations.size() > 1;
         ++spared) {
      std::vector<OperationId> fewer = found.operations;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(spared));
      ASSERT_TRUE(possible(history, fewer, options, found))
          << "seed " << seed << ", without " << found.operations[spared] << "\n"
          << write_edn(history) << found.words;
    }
    const ReadResult again = read_history(found.edn);
    ASSERT_EQ(again.error, "") << found.edn;
    EXPECT_EQ(again.history.size(), found.operations.size());
  }
  EXPECT_GT(convictions, 250);
  EXPECT_LT(listed, static_cast<std::size_t>(4 * convictions));
  if (GetParam() == Model::kCasRegister) {
    EXPECT_GT(from_any_state, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, ContradictionTest,
                         ::testing::Values(Model::kRegister, Model::kCasRegister, Model::kMutex,
                                           Model::kKeyValue));

Judgement judge(const Drafts& drafts, Model model = Model::kCasRegister) {
  Options options;
  options.model = model;
  return check(record(drafts), options);
}

TEST(ContradictionWordsTest, AStaleRead) {
  const Judgement judgement = judge({
      write(1, Datum::integer(4), {0, 10}),
      write(2, Datum::integer(5), {3'190, 3'200}),
      read(3, Datum::integer(4), {3'250, 3'260}),
  });
  ASSERT_EQ(judgement.verdict, Verdict::kInvalid);
  const std::string& words = judgement.contradiction->words;
  EXPECT_NE(words.find("process 2: write of 5; began at 3.190000 s, completed at 3.200000 s"),
            std::string::npos)
      << words;
  EXPECT_NE(words.find("process 3: read returned 4; began at 3.250000 s"), std::string::npos)
      << words;
}

TEST(ContradictionWordsTest, AValueFromNowhere) {
  const Judgement judgement = judge({
      write(1, Datum::integer(4), {0, 10}),
      read(3, Datum::integer(7), {20, 30}),
      write(2, Datum::integer(7), {40, 50}),
  });
  ASSERT_EQ(judgement.verdict, Verdict::kInvalid);
  EXPECT_LE(judgement.contradiction->operations.size(), 2U);
}

TEST(ContradictionWordsTest, ALostAppend) {
  Drafts drafts;
  std::string text;
  for (int i = 0; i < 200; ++i) {
    Draft append = write(1, Datum::string("x" + std::to_string(i) + ";"), {10 * i, 10 * i + 3});
    append.function = Function::kAppend;
    drafts.push_back(append);
    if (i != 150) text += append.argument.text;
    if (i % 3 == 0) drafts.push_back(read(2, Datum::string(text), {10 * i + 5, 10 * i + 7}));
  }
  const Judgement judgement = judge(drafts, Model::kKeyValue);
  ASSERT_EQ(judgement.verdict, Verdict::kInvalid);
  ASSERT_LE(judgement.contradiction->operations.size(), 2U);
  EXPECT_NE(judgement.contradiction->words.find("append of \"x150;\""), std::string::npos)
      << judgement.contradiction->words;
}

TEST(ContradictionWordsTest, EveryPublicConvictionIsShort) {
  for (const PublicHistory& one : public_histories()) {
    if (one.verdict == Verdict::kValid) continue;
    const Judgement judgement = check(one.history, one.options);
    ASSERT_TRUE(judgement.contradiction.has_value()) << one.file;
    EXPECT_TRUE(judgement.contradiction->minimal) << one.file;
    // The mutex is a matter of counting: 131 acquisitions, 130 releases.
    const std::size_t most = one.options.model == Model::kMutex ? 131 : 6;
    EXPECT_LE(judgement.contradiction->operations.size(), most) << one.file;
  }
}

}  // namespace
}  // namespace synchrodb::check::testing
