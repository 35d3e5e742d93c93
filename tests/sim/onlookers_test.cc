// Those who watch a run: they see it as it is, and change nothing.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "sim/run.h"
#include "sim/world/view.h"

namespace synchrodb::sim {
namespace {

Plan plan_of(std::uint64_t seed, Duration time = seconds(15)) {
  PlanShape shape;
  shape.time = time;
  return generate_plan(seed, shape);
}

struct Seen {
  std::vector<TraceLine> lines;
  std::vector<MessageEvent> messages;
  std::vector<std::int64_t> moments;
  std::vector<std::vector<NodeView>> samples;
  int polls = 0;
};

RunOptions watching(Seen& seen) {
  RunOptions options;
  options.trace_lines = [&seen](const TraceLine& line) { seen.lines.push_back(line); };
  options.messages = [&seen](const MessageEvent& event) { seen.messages.push_back(event); };
  options.sample_every = milliseconds(100);
  options.sample = [&seen](const WorldView& view) {
    seen.moments.push_back(view.now().ns);
    seen.samples.push_back(view.nodes());
  };
  options.poll = [&seen] { ++seen.polls; };
  return options;
}

TEST(Onlookers, ChangeNothing) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Plan plan = plan_of(seed);
    const RunResult alone = run(plan);
    Seen seen;
    const RunResult watched = run(plan, watching(seen));
    EXPECT_EQ(watched.digest, alone.digest) << seed;
    EXPECT_EQ(watched.events, alone.events) << seed;
    EXPECT_EQ(watched.virtual_seconds, alone.virtual_seconds) << seed;
    EXPECT_EQ(watched.verdict, alone.verdict) << seed;
    EXPECT_EQ(watched.marks, alone.marks) << seed;
    EXPECT_GT(seen.polls, 0) << seed;
  }
}

TEST(Onlookers, LinesAreThoseOfTheTextLog) {
  std::vector<std::string> texts;
  Seen seen;
  RunOptions options = watching(seen);
  options.trace = [&texts](const std::string& line) { texts.push_back(line); };
  run(plan_of(3), options);
  ASSERT_EQ(texts.size(), seen.lines.size());
  for (std::size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(texts[i], format(seen.lines[i]));
}

TEST(Onlookers, SamplesComeAtTheirMoments) {
  Seen seen;
  const RunResult result = run(plan_of(3), watching(seen));
  ASSERT_GT(seen.moments.size(), 50U);
  for (std::size_t i = 0; i < seen.moments.size(); ++i) {
    EXPECT_EQ(seen.moments[i], static_cast<std::int64_t>(i) * milliseconds(100).ns);
    EXPECT_GE(seen.samples[i].size(), result.nodes);
  }
  EXPECT_LE(static_cast<double>(seen.moments.back()) * 1e-9, result.virtual_seconds);
}

TEST(Onlookers, EveryMessageIsSentOnceBeforeAllElse) {
  Seen seen;
  run(plan_of(5), watching(seen));
  std::map<std::tuple<std::uint64_t, std::uint64_t, std::uint64_t>, std::int64_t> sent;
  std::size_t delivered = 0;
  for (const MessageEvent& event : seen.messages) {
    const std::tuple key{event.from, event.to, event.number};
    if (event.kind == MessageEvent::Kind::kSent) {
      EXPECT_TRUE(sent.emplace(key, event.time_ns).second);
      EXPECT_STRNE(event.type, "");
      continue;
    }
    ASSERT_TRUE(sent.contains(key));
    EXPECT_GE(event.time_ns, sent[key]);
    const bool lost = event.kind == MessageEvent::Kind::kLost;
    EXPECT_EQ(std::string(event.why).empty(), !lost);
    delivered += lost ? 0 : 1;
  }
  EXPECT_GT(delivered, 100U);
}

TEST(Onlookers, WhoGivesUpEndsTheRun) {
  struct GaveUp {};
  const Plan plan = plan_of(3, seconds(60));
  const std::uint64_t digest = run(plan).digest;
  for (int after : {1, 2, 3}) {
    RunOptions options;
    options.poll = [left = after]() mutable {
      if (--left == 0) throw GaveUp{};
    };
    EXPECT_THROW(run(plan, options), GaveUp) << after;
    EXPECT_EQ(run(plan).digest, digest) << "after one that was given up";
  }
}

TEST(Onlookers, TheHistoryItselfIsThatOfTheFile) {
  RecordedHistory recorded;
  std::string lines;
  RunOptions options;
  options.history = &lines;
  options.recorded = [&recorded](RecordedHistory history) { recorded = std::move(history); };
  const RunResult result = run(plan_of(4), options);
  EXPECT_EQ(recorded.history.count(check::Outcome::kOk), result.ok);
  EXPECT_NE(lines.find(std::string(name(recorded.model))), std::string::npos);
}

}  // namespace
}  // namespace synchrodb::sim
