// Scripts, invariants, nemeses that decide as they see, other futures, and states at a moment.
#include "sim/script/script.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <tuple>

#include "sim/run.h"

namespace synchrodb::sim {
namespace {

Plan quiet_plan() {
  PlanShape shape;
  shape.time = seconds(20);
  shape.faults = {"none"};
  shape.clients = 4;
  shape.workload = "register";
  return generate_plan(3, shape);
}

// Each client increments a counter of its own, at a mean interval, then reads it in the end.
class CounterScript : public Script {
 public:
  void start(std::uint32_t clients, Stream random) override {
    random_ = random;
    due_.assign(clients, TrueTime{});
    busy_.assign(clients, false);
    count_.assign(clients, 0);
    read_.assign(clients, -1);
  }
  ScriptStep next(TrueTime now) override {
    ScriptStep step;
    step.until = kEndOfTime;
    for (std::uint32_t i = 0; i < due_.size(); ++i) {
      if (busy_[i]) continue;
      if (final_) {
        if (read_[i] >= 0) continue;
        busy_[i] = true;
        return call(i, ScriptCall::Kind::kRead, {"GET", key(i)});
      }
      if (due_[i] <= now) {
        busy_[i] = true;
        return call(i, ScriptCall::Kind::kWrite, {"INCR", key(i)});
      }
      step.until = std::min(step.until, due_[i]);
    }
    const bool waits = std::find(busy_.begin(), busy_.end(), true) != busy_.end();
    step.kind = step.until != kEndOfTime ? ScriptStep::Kind::kSleep
                : waits                  ? ScriptStep::Kind::kWait
                                         : ScriptStep::Kind::kDone;
    return step;
  }
  std::optional<ScriptCall> completed(std::uint32_t client, const Outcome& outcome,
                                      TrueTime now) override {
    busy_[client] = false;
    due_[client] = now + random_.exponential(milliseconds(100));
    const bool ok = outcome.kind == Outcome::Kind::kOk;
    if (final_ && ok) read_[client] = std::stoll(outcome.reply.text());
    if (!final_ && ok) ++count_[client];
    return std::nullopt;
  }
  void final_phase(TrueTime) override { final_ = true; }
  std::vector<Violation> judge() override {
    std::vector<Violation> found;
    for (std::size_t i = 0; i < count_.size(); ++i) {
      if (read_[i] != count_[i]) found.push_back({"lost-increment", key(i)});
    }
    return found;
  }

  std::int64_t total() const { return std::accumulate(count_.begin(), count_.end(), 0LL); }

 protected:
  static std::string key(std::size_t client) { return "c" + std::to_string(client); }
  static ScriptStep call(std::uint32_t client, ScriptCall::Kind kind,
                         std::vector<std::string> argv) {
    ScriptStep step;
    step.kind = ScriptStep::Kind::kCall;
    step.client = client;
    step.call.kind = kind;
    step.call.commands.push_back(std::move(argv));
    return step;
  }

  Stream random_{0};
  std::vector<TrueTime> due_;
  std::vector<bool> busy_;
  std::vector<std::int64_t> count_;
  std::vector<std::int64_t> read_;
  bool final_ = false;
};

RunResult run_counters(const Plan& plan, RunOptions options = {}, std::int64_t* total = nullptr) {
  CounterScript script;
  options.script = &script;
  RunResult result = run(plan, options);
  if (total != nullptr) *total = script.total();
  return result;
}

TEST(Script, ItsCallsAreMadeAndItsJudgementHolds) {
  std::int64_t total = 0;
  const RunResult result = run_counters(quiet_plan(), {}, &total);
  EXPECT_EQ(result.verdict, Verdict::kOk) << result.violated << ": " << result.detail;
  EXPECT_GT(total, 500);
  EXPECT_EQ(result.ok, static_cast<std::uint64_t>(total) + 4);
}

TEST(Script, WhatItHoldsAgainstTheRunIsTheVerdict) {
  struct Liar : CounterScript {
    std::vector<Violation> judge() override { return {{"property", "what was seen"}}; }
  } script;
  RunOptions options;
  options.script = &script;
  const RunResult result = run(quiet_plan(), options);
  EXPECT_EQ(result.verdict, Verdict::kViolation);
  EXPECT_EQ(result.violated, "property");
  EXPECT_EQ(result.detail, "what was seen");
}

TEST(Script, TheSamePlanAndScriptGiveTheSameRun) {
  PlanShape shape;
  shape.time = seconds(15);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Plan plan = generate_plan(seed, shape);
    const RunResult first = run_counters(plan);
    EXPECT_EQ(first.digest, run_counters(plan).digest) << "seed " << seed;
    EXPECT_NE(first.digest, run(plan).digest) << "seed " << seed;
  }
}

// Reads a key under WATCH, lets another client write it, and tries to write what it read.
TEST(Script, ATransactionWhoseWatchedKeyChangedAnswersNil) {
  struct Watcher : CounterScript {
    ScriptStep next(TrueTime now) override {
      ScriptStep step;
      if (turn >= script.size()) return step;
      if (std::exchange(waiting, true)) {
        step.kind = ScriptStep::Kind::kWait;
        return step;
      }
      const auto& [client, kind, argv] = script[turn];
      (void)now;
      return call(client, kind, argv);
    }
    std::optional<ScriptCall> completed(std::uint32_t, const Outcome& outcome, TrueTime) override {
      replies.push_back(outcome.reply);
      waiting = false;
      ++turn;
      return std::nullopt;
    }
    std::vector<Violation> judge() override { return {}; }
    using Kind = ScriptCall::Kind;
    std::vector<std::tuple<std::uint32_t, Kind, std::vector<std::string>>> script{
        {0, Kind::kWatch, {"k"}},
        {1, Kind::kWrite, {"SET", "k", "other"}},
        {0, Kind::kTransaction, {"SET", "k", "mine"}},
        {0, Kind::kWatch, {"k"}},
        {0, Kind::kTransaction, {"SET", "k", "mine"}},
        {0, Kind::kWatch, {"k"}},
        {1, Kind::kWrite, {"SET", "k", "other"}},
        {0, Kind::kUnwatch, {}},
        {0, Kind::kTransaction, {"SET", "k", "mine"}}};
    std::size_t turn = 0;
    bool waiting = false;
    std::vector<Reply> replies;
  } script;
  RunOptions options;
  options.script = &script;
  const RunResult result = run(quiet_plan(), options);
  EXPECT_EQ(result.verdict, Verdict::kOk) << result.detail;
  ASSERT_EQ(script.replies.size(), 9u);
  EXPECT_TRUE(script.replies[2].is_nil()) << to_string(script.replies[2]);
  EXPECT_EQ(script.replies[4], Reply::array({Reply::ok()})) << to_string(script.replies[4]);
  EXPECT_EQ(script.replies[8], Reply::array({Reply::ok()})) << to_string(script.replies[8]);
}

TEST(Script, WhatItThrowsComesOutOfTheRunAndTheNextRunIsWell) {
  struct Thrower : CounterScript {
    std::optional<ScriptCall> completed(std::uint32_t client, const Outcome& outcome,
                                        TrueTime now) override {
      if (now > TrueTime{} + seconds(5)) throw std::logic_error("mine");
      return CounterScript::completed(client, outcome, now);
    }
  } script;
  RunOptions options;
  options.script = &script;
  const Plan plan = generate_plan(5, PlanShape{});
  EXPECT_THROW(run(plan, options), std::logic_error);
  EXPECT_EQ(run_counters(quiet_plan()).verdict, Verdict::kOk);
}

TEST(Script, CallsThatNoScriptMayMakeAreNamed) {
  struct Wrong : CounterScript {
    ScriptStep next(TrueTime) override { return call(99, ScriptCall::Kind::kRead, {"GET", "k"}); }
  } script;
  RunOptions options;
  options.script = &script;
  try {
    run(quiet_plan(), options);
    FAIL() << "a client that does not exist made a call";
  } catch (const ScriptError& error) {
    EXPECT_STREQ(error.what(),
                 "the script's call of client 99: there are 4 clients, numbered "
                 "from 0");
  }
}

// ---- Invariants ------------------------------------------------------------------------------

TEST(Invariant, IsAskedAtItsMomentsAndChangesNothing) {
  const Plan plan = generate_plan(8, PlanShape{});
  std::vector<TrueTime> seen;
  RunOptions options;
  options.invariants.push_back({Moments{seconds(10), {milliseconds(2'500)}},
                                [&](const WorldView& view) -> std::optional<Violation> {
                                  seen.push_back(view.now());
                                  view.keys(0);
                                  return std::nullopt;
                                }});
  EXPECT_EQ(run(plan, options).digest, run(plan).digest);
  ASSERT_GT(seen.size(), 5u);
  EXPECT_EQ(seen[0], TrueTime{} + milliseconds(2'500));
  EXPECT_EQ(seen[1], TrueTime{} + seconds(10));
  EXPECT_EQ(seen[2], TrueTime{} + seconds(20));
}

TEST(Invariant, WhatItFindsEndsTheRun) {
  RunOptions options;
  options.invariants.push_back(
      {Moments{milliseconds(100), {}}, [](const WorldView& view) -> std::optional<Violation> {
         for (const NodeView& node : view.nodes()) {
           if (node.role == Role::kLeader && node.applied > Index{50}) {
             return Violation{"too-far", std::to_string(node.index)};
           }
         }
         return std::nullopt;
       }});
  const RunResult result = run(quiet_plan(), options);
  EXPECT_EQ(result.verdict, Verdict::kViolation);
  EXPECT_EQ(result.violated, "too-far");
  EXPECT_LT(result.virtual_seconds, 15);
}

// ---- Nemeses ---------------------------------------------------------------------------------

FaultAction isolate(std::uint32_t node) {
  FaultAction action;
  action.fault = "crash";
  action.lasting = {};
  action.nodes = {node};
  return action;
}

std::vector<FaultAction> at_the_leader(const WorldView& view) {
  for (const NodeView& node : view.nodes()) {
    if (node.role == Role::kLeader && node.founder) return {isolate(node.index)};
  }
  return {};
}

TEST(LiveNemesis, StrikesWhatItSeesAndThePlanWithItsActionsGivesTheSameRun) {
  PlanShape shape;
  shape.time = seconds(30);
  shape.workload = "register";
  Plan plan = generate_plan(4, shape);
  RunOptions options;
  std::vector<std::string> live;
  std::string live_history;
  options.history = &live_history;
  options.trace = [&](const std::string& line) { live.push_back(line); };
  options.nemeses.push_back({Moments{seconds(3), {}}, at_the_leader});
  const RunResult first = run(plan, options);
  ASSERT_GT(first.begun.size(), 2u);
  EXPECT_EQ(first.begun[0].at, seconds(3));

  plan.faults.insert(plan.faults.end(), first.begun.begin(), first.begun.end());
  std::stable_sort(plan.faults.begin(), plan.faults.end(),
                   [](const FaultAction& a, const FaultAction& b) { return a.at < b.at; });
  std::vector<std::string> replayed;
  std::string history;
  RunOptions again;
  again.history = &history;
  again.trace = [&](const std::string& line) { replayed.push_back(line); };
  const RunResult second = run(plan, again);
  EXPECT_EQ(second.verdict, first.verdict);
  const auto differs = std::mismatch(live.begin(), live.end(), replayed.begin(), replayed.end());
  EXPECT_TRUE(differs.first == live.end() && differs.second == replayed.end())
      << (differs.first == live.end() ? "" : *differs.first) << " | "
      << (differs.second == replayed.end() ? "" : *differs.second);
  EXPECT_EQ(history, live_history);
}

TEST(LiveNemesis, AnActionThatCannotBeIsNamed) {
  RunOptions options;
  options.nemeses.push_back({Moments{{}, {seconds(1)}}, [](const WorldView&) {
                               FaultAction action = isolate(77);
                               return std::vector<FaultAction>{action};
                             }});
  try {
    run(quiet_plan(), options);
    FAIL() << "an unknown node was struck";
  } catch (const ScriptError& error) {
    EXPECT_NE(std::string(error.what()).find("77 is no founding member"), std::string::npos)
        << error.what();
  }
}

// ---- Time travel -----------------------------------------------------------------------------

std::vector<std::string> trace_of(const Plan& plan) {
  std::vector<std::string> lines;
  RunOptions options;
  options.trace = [&](const std::string& line) { lines.push_back(line); };
  run(plan, options);
  return lines;
}

std::vector<NodeContents> state_at(const Plan& plan, Duration at) {
  RunOptions options;
  options.stop_at = TrueTime{at.ns};
  return run(plan, options).contents;
}

TEST(Branch, SharesThePastAndHasAnotherFuture) {
  PlanShape shape;
  shape.time = seconds(30);
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const Plan plan = generate_plan(seed, shape);
    const Plan other = branch(plan, seconds(12), 1);
    const Plan third = branch(plan, seconds(12), 2);
    EXPECT_EQ(state_at(plan, seconds(12)), state_at(other, seconds(12))) << "seed " << seed;
    EXPECT_NE(run(plan).digest, run(other).digest) << "seed " << seed;
    EXPECT_NE(run(third).digest, run(other).digest) << "seed " << seed;
    EXPECT_EQ(run(other).digest, run(other).digest) << "seed " << seed;
  }
}

TEST(Branch, TheTracesAgreeUpToItsMoment) {
  const Plan plan = generate_plan(6, PlanShape{});
  const std::vector<std::string> lines = trace_of(plan);
  const std::vector<std::string> others = trace_of(branch(plan, seconds(20), 1));
  std::size_t common = 0;
  while (common < std::min(lines.size(), others.size()) && lines[common] == others[common]) {
    ++common;
  }
  ASSERT_LT(common, lines.size());
  EXPECT_GE(std::stod(lines[common]), 20.0) << lines[common];
}

TEST(Branch, IsWrittenAndReadAndLaterBranchesGo) {
  Plan plan = generate_plan(1, PlanShape{});
  EXPECT_EQ(write_plan(plan).find("branches"), std::string::npos);
  plan = branch(branch(branch(plan, seconds(5), 1), seconds(9), 2), seconds(7), 3);
  ASSERT_EQ(plan.branches.size(), 2u);
  EXPECT_EQ(plan.branches[1], (PlanBranch{seconds(7), 3}));
  const Result<Plan> read = read_plan(write_plan(plan));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read.value(), plan);
  plan.branches[0].at = seconds(8);
  EXPECT_EQ(validate(plan).error().message, "branches[1].at: earlier than the branch before it");
}

TEST(StopAt, ShowsWhatEveryNodeHasApplied) {
  const Plan plan = quiet_plan();
  const std::vector<NodeContents> contents = state_at(plan, seconds(10));
  ASSERT_EQ(contents.size(), 7u);
  EXPECT_TRUE(contents[0].view.serving);
  EXPECT_GT(contents[0].view.applied, Index{100});
  EXPECT_EQ(contents[0].values.size(), contents[0].view.keys);
  EXPECT_FALSE(contents[0].values.empty());
  EXPECT_FALSE(contents[6].view.running);
}

}  // namespace
}  // namespace synchrodb::sim
