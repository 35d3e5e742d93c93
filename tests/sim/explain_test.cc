// Explanations: the chain is a path of happened-before that ends at the anomaly, and every format
// says the same.
#include "sim/explain/explanation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "sim/explain/chain.h"
#include "sim/explain/page.h"
#include "sim/explain/perfetto.h"
#include "sim/explain/shiviz.h"
#include "sim/explain/spans.h"
#include "sim/explain/strokes.h"

namespace synchrodb::sim {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;
using Kind = Happening::Kind;

// ---- Runs by hand.

TraceLine event(std::int64_t ms, std::int32_t node, const char* name, std::uint64_t term = 0) {
  return {.time_ns = ms * 1'000'000, .node = node, .event = name, .term = term};
}

MessageEvent message(std::int64_t ms, MessageEvent::Kind kind, std::uint64_t from, std::uint64_t to,
                     std::uint64_t number, const char* type) {
  return {.kind = kind,
          .time_ns = ms * 1'000'000,
          .from = from,
          .to = to,
          .number = number,
          .type = type};
}

RunLog log_of(const std::vector<LogEntry>& entries) {
  RunLog log;
  RunOptions options;
  log.watch(options);
  for (const LogEntry& entry : entries) {
    if (const auto* line = std::get_if<TraceLine>(&entry)) options.trace_lines(*line);
    if (const auto* told = std::get_if<MessageEvent>(&entry)) options.messages(*told);
  }
  return log;
}

constexpr auto kSent = MessageEvent::Kind::kSent;
constexpr auto kDelivered = MessageEvent::Kind::kDelivered;
constexpr auto kLost = MessageEvent::Kind::kLost;

SeenOperation operation(std::uint64_t client, std::int64_t begin_ms, std::int64_t end_ms,
                        std::string question, bool wrong) {
  SeenOperation made;
  made.lane = kFirstClient + client;
  made.begin_ns = begin_ms * 1'000'000;
  made.end_ns = end_ms * 1'000'000;
  made.type = "ok";
  made.question = std::move(question);
  made.wrong = wrong;
  return made;
}

Evidence evidence_of(const std::vector<LogEntry>& entries,
                     std::vector<SeenOperation> operations = {}, std::string detail = "") {
  Evidence evidence;
  evidence.result.verdict = Verdict::kViolation;
  evidence.result.violated = "mine";
  evidence.result.detail = std::move(detail);
  evidence.log = log_of(entries);
  evidence.operations = std::move(operations);
  accuse_answered(evidence.log, evidence.operations);
  evidence.anomaly = find_anomaly(evidence.result, evidence.log, evidence.operations);
  return evidence;
}

std::vector<std::string> words_of(const std::vector<ChainStep>& steps) {
  std::vector<std::string> words;
  for (const ChainStep& step : steps) words.push_back(step.words);
  return words;
}

TEST(Explain, FollowsTheVoteToTheNodeThatForgotIt) {
  const Explanation story = explain(evidence_of(
      {event(1, 0, "became-candidate", 3), message(1, kSent, 1, 2, 1, "vote-request"),
       message(1, kSent, 1, 3, 1, "vote-request"), message(2, kDelivered, 1, 2, 1, "vote-request"),
       event(2, 1, "vote-granted", 3), message(3, kDelivered, 1, 3, 1, "vote-request"),
       event(4, 1, "power-lost"), event(5, 1, "recovered"), event(5, -1, "violation")},
      {}, "n2 voted for n1 in term 3 and its disk does not know it"));
  EXPECT_EQ(words_of(story.chain),
            (std::vector<std::string>{"n1 campaigns in term 3", "n1 → n2: vote-request",
                                      "n2 votes for n0 in term 3",
                                      "n2 loses its power; unsynced writes lost: 0",
                                      "n2 has read its disk: term 0, log up to index 0"}));
  EXPECT_EQ(story.chain[1].begin_ns, 1'000'000);
  EXPECT_EQ(story.chain[1].end_ns, 2'000'000);
  EXPECT_EQ(story.anomaly.node, 1u);
  EXPECT_EQ(story.anomaly.time_ns, 5'000'000);
}

TEST(Explain, JoinsContradictingOperationsInRealTime) {
  const Explanation story = explain(evidence_of(
      {message(10, kSent, 1001, 1, 1, "request"), message(11, kDelivered, 1001, 1, 1, "request"),
       message(12, kSent, 1, 1001, 1, "reply"), message(13, kDelivered, 1, 1001, 1, "reply"),
       message(20, kSent, 1002, 2, 1, "request"), message(21, kDelivered, 1002, 2, 1, "request"),
       message(22, kSent, 2, 1002, 1, "reply"), message(23, kDelivered, 2, 1002, 1, "reply")},
      {operation(0, 10, 13, "write k 2", true), operation(1, 20, 23, "read k", true)}));
  EXPECT_EQ(words_of(story.chain),
            (std::vector<std::string>{"client 0 asks: write k 2", "client 0 → n1: request",
                                      "n1 → client 0: reply", "client 0 is answered: write k 2",
                                      "client 1 asks: read k", "client 1 → n2: request",
                                      "n2 → client 1: reply", "client 1 is answered: read k"}));
  for (std::size_t i = 0; i < story.chain.size(); ++i) {
    EXPECT_EQ(story.chain[i].by_real_time, i == 4) << i;
  }
}

TEST(Explain, AccusesTheOperationThatWasJustAnswered) {
  const Explanation story = explain(evidence_of(
      {event(1, 1, "committed", 2), message(10, kSent, 1001, 1, 1, "request"),
       message(11, kDelivered, 1001, 1, 1, "request"), message(12, kSent, 1, 1001, 1, "reply"),
       message(13, kDelivered, 1, 1001, 1, "reply"), event(13, -1, "violation"),
       event(13, 0, "killed")},
      {operation(0, 2, 5, "read j", false), operation(0, 10, 13, "read k", false)}));
  ASSERT_FALSE(story.chain.empty());
  EXPECT_EQ(story.chain.back().words, "client 0 is answered: read k");
  EXPECT_TRUE(story.meanwhile.empty()) << "the end of the processes is no part of the story";
}

TEST(Explain, TellsWhatWentOnElsewhere) {
  const Explanation story = explain(evidence_of(
      {event(0, 0, "became-leader", 1), event(1, 1, "killed"), event(2, 0, "stepped-down", 1),
       event(3, 2, "appended"), event(4, 0, "truncated"), event(5, -1, "violation")},
      {}, "n1 holds another entry"));
  EXPECT_EQ(words_of(story.chain).back(), "n1 drops its log behind index 0");
  EXPECT_EQ(words_of(story.meanwhile), std::vector<std::string>{"n2 is killed"});
}

TEST(Explain, NamesTheMessageThatBroughtTheLastEventAbout) {
  const Explanation story = explain(evidence_of(
      {event(0, 0, "became-leader", 1), message(1, kSent, 1, 2, 1, "append-request"),
       message(2, kDelivered, 1, 2, 1, "append-request"),
       message(3, kSent, 2, 1, 1, "append-reply"), message(4, kDelivered, 2, 1, 1, "append-reply"),
       event(4, 0, "committed", 1), event(4, -1, "violation")},
      {}, "n1 committed index 7, which no quorum has on disk"));
  EXPECT_EQ(
      words_of(story.chain),
      (std::vector<std::string>{"n1 becomes the leader of term 1", "n1 → n2: append-request",
                                "n2 → n1: append-reply", "n1 commits up to index 0, in term 1"}));
}

TEST(Explain, AnEmptyRunHasNoChain) {
  const Explanation story = explain(evidence_of({}));
  EXPECT_TRUE(story.chain.empty());
  EXPECT_THAT(to_text(story), HasSubstr("violated     mine"));
  EXPECT_EQ(Json::parse(to_json(story))["chain"].size(), 0u);
  EXPECT_EQ(Json::parse(to_perfetto(story)).count("traceEvents"), 1u);
  EXPECT_FALSE(to_shiviz(story).empty());
  EXPECT_FALSE(to_html(story).empty());
}

// A machine that lost its disk sends under another id, and stays where it was in the picture.
TEST(Happenings, FollowAMachineThatChangesItsId) {
  TraceLine wiped = event(1, 1, "wiped");
  wiped.peer = 6;
  const Happenings run = happenings_of(log_of({wiped, message(2, kSent, 6, 1, 1, "vote-request"),
                                               message(3, kDelivered, 6, 1, 1, "vote-request")}),
                                       {});
  EXPECT_EQ(run.all[1].lane, 2u);
  EXPECT_EQ(run.all[2].other, 2u);
  EXPECT_EQ(run.all[2].sending, 1u);
}

TEST(Happenings, KnowDuplicatesAndLosses) {
  const Happenings run = happenings_of(
      log_of({message(1, kSent, 1, 2, 7, "heartbeat"), message(2, kDelivered, 1, 2, 7, "heartbeat"),
              message(3, kDelivered, 1, 2, 7, "heartbeat"),
              message(4, kLost, 1, 2, 7, "heartbeat")}),
      {});
  for (const std::size_t i : {1u, 2u, 3u}) EXPECT_EQ(run.all[i].sending, 0u);
  EXPECT_EQ(run.all[2].previous, 1u);
  EXPECT_EQ(run.all[3].previous, kNone) << "what is lost happens nowhere";
}

TEST(Strokes, EndWithTheRunOrAtOnce) {
  const auto fault = [](std::int64_t ms, std::int32_t node, const char* what, const char* name) {
    TraceLine line = event(ms, node, what);
    line.subject = name;
    return line;
  };
  const Happenings run = happenings_of(
      log_of({fault(1, -1, "fault-begins", "loss"), fault(2, 1, "fault-begins", "crash"),
              fault(3, -1, "fault-begins", "loss"), fault(4, -1, "fault-ends", "loss"),
              event(9, 0, "started")}),
      {});
  const std::vector<Stroke> strokes = strokes_of(run);
  ASSERT_EQ(strokes.size(), 3u);
  EXPECT_EQ(strokes[0].end_ns, 4'000'000);
  EXPECT_EQ(strokes[1].end_ns, 2'000'000);
  EXPECT_EQ(strokes[1].lane, 2u);
  EXPECT_EQ(strokes[2].end_ns, 9'000'000);
  ASSERT_EQ(going_on(run, 5).size(), 1u);
  EXPECT_EQ(going_on(run, 5)[0].begin_ns, 3'000'000);
}

TEST(Spans, SayWhatANodeWas) {
  const Happenings run = happenings_of(
      log_of({event(0, 0, "started"), event(1, 0, "recovered", 2),
              event(2, 0, "became-candidate", 3), event(3, 0, "became-leader", 3),
              event(4, 0, "became-leader", 3), event(6, 0, "killed"), event(9, 1, "started")}),
      {});
  std::vector<std::string> told;
  for (const Span& span : spans_of(run)) {
    told.push_back(span.role + std::to_string(span.term) + " " +
                   std::to_string(span.begin_ns / 1'000'000) + "-" +
                   std::to_string(span.end_ns / 1'000'000));
  }
  EXPECT_EQ(told, (std::vector<std::string>{"recovering0 0-1", "follower2 1-2", "candidate3 2-3",
                                            "leader3 3-6"}));
}

// ---- Real runs that fail: faults beyond the budget convict the engine as it is.

Plan failing_plan() {
  PlanShape shape;
  shape.time = seconds(30);
  shape.beyond_budget = true;
  shape.faults = {"lying-sync", "crash", "loss"};
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Plan plan = generate_plan(seed, shape);
    if (run(plan).verdict == Verdict::kViolation) return plan;
  }
  ADD_FAILURE() << "no seed fails";
  return {};
}

class ExplainRealRun : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    Result<Evidence> evidence = gather(failing_plan());
    ASSERT_TRUE(evidence.ok()) << evidence.error().message;
    story_ = new Explanation(explain(std::move(evidence).value()));
  }
  static void TearDownTestSuite() { delete story_; }

  static Explanation* story_;
};
Explanation* ExplainRealRun::story_ = nullptr;

TEST_F(ExplainRealRun, TheChainIsAPathOfHappenedBefore) {
  const Happenings& run = story_->run;
  const std::vector<std::size_t> chain = causal_chain(run, story_->anomaly);
  ASSERT_GT(chain.size(), 2u);
  for (std::size_t i = 1; i < chain.size(); ++i) {
    const Happening& each = run.all[chain[i]];
    const Happening& before = run.all[chain[i - 1]];
    ASSERT_LT(chain[i - 1], chain[i]);
    ASSERT_LE(before.time_ns, each.time_ns);
    if (each.previous == chain[i - 1]) {
      ASSERT_EQ(each.lane, before.lane);
    } else if (each.sending == chain[i - 1]) {
      ASSERT_EQ(before.kind, Kind::kSent);
      ASSERT_EQ(each.kind, Kind::kDelivered);
      ASSERT_EQ(before.lane, each.other);
      ASSERT_EQ(before.other, each.lane);
    } else {
      ASSERT_EQ(each.earlier, chain[i - 1]);
      ASSERT_EQ(each.kind, Kind::kInvoked);
    }
  }
}

TEST_F(ExplainRealRun, TheChainEndsAtTheAnomaly) {
  ASSERT_GT(story_->chain.size(), 2u);
  ASSERT_TRUE(story_->anomaly.time_ns.has_value());
  EXPECT_LE(story_->chain.back().end_ns, *story_->anomaly.time_ns);
  if (story_->anomaly.node) {
    EXPECT_EQ(story_->chain.back().to, *story_->anomaly.node + 1);
  }
  for (std::size_t i = 1; i < story_->chain.size(); ++i) {
    const ChainStep& step = story_->chain[i];
    EXPECT_LE(story_->chain[i - 1].end_ns, step.begin_ns) << step.words;
    if (!step.by_real_time) {
      EXPECT_EQ(story_->chain[i - 1].to, step.from) << step.words;
    }
  }
}

TEST_F(ExplainRealRun, IsDeterministicAndWatchingChangesNothing) {
  Result<Evidence> again = gather(story_->plan);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again.value().result.digest, run(story_->plan).digest);
  const Explanation twice = explain(std::move(again).value());
  EXPECT_EQ(to_text(twice), to_text(*story_));
  EXPECT_EQ(to_json(twice), to_json(*story_));
  EXPECT_EQ(to_html(twice), to_html(*story_));
}

TEST_F(ExplainRealRun, TheTextTellsPlanAnomalyAndChain) {
  const std::string text = to_text(*story_);
  EXPECT_THAT(text, HasSubstr(story_->property));
  EXPECT_THAT(text, HasSubstr(story_->detail));
  EXPECT_THAT(text, HasSubstr(story_->plan.faults.front().fault + " at "));
  for (const ChainStep& step : story_->chain) EXPECT_THAT(text, HasSubstr(step.words));
  EXPECT_THAT(text, Not(HasSubstr("%")));
}

// ShiViz refuses a log in which a host's own clock does not count from 1, one by one, or in which
// somebody knows of an event that is not there.
TEST_F(ExplainRealRun, ShivizClocksAreConsistent) {
  std::istringstream log(to_shiviz(*story_));
  std::string line;
  std::getline(log, line);
  EXPECT_EQ(line, R"((?<time>\d+\.\d+) s (?<event>.*)\n(?<host>\S*) (?<clock>{.*}))");
  std::getline(log, line);
  EXPECT_EQ(line, "");
  std::map<std::string, Json> last;
  std::size_t joins = 0;
  std::size_t events = 0;
  while (std::getline(log, line)) {
    ASSERT_THAT(line, HasSubstr(" s "));
    ASSERT_TRUE(std::getline(log, line));
    ++events;
    const std::string host = line.substr(0, line.find(' '));
    const Json clock = Json::parse(line.substr(line.find(' ') + 1));
    Json& before = last[host];
    EXPECT_EQ(clock[host], before.is_null() ? 1 : before[host].get<int>() + 1);
    for (const auto& [other, count] : clock.items()) {
      if (other == host) continue;
      ASSERT_TRUE(last.contains(other)) << line;
      EXPECT_LE(count, last[other][other]) << line;
      const bool known = !before.is_null() && before.contains(other);
      EXPECT_GE(count, known ? before[other].get<int>() : 1) << "knowledge is never lost";
      if (!known || count > before[other]) ++joins;
    }
    before = clock;
  }
  EXPECT_GT(events, 20u);
  EXPECT_GT(joins, 5u);
}

TEST_F(ExplainRealRun, PerfettoFlowsHangOnSlices) {
  const Json trace = Json::parse(to_perfetto(*story_));
  using Place = std::tuple<std::uint64_t, int, double>;
  std::set<Place> slices;
  std::map<std::uint64_t, int> starts;
  std::map<std::uint64_t, int> finishes;
  std::size_t steps = 0;
  const auto place = [](const Json& each) {
    return Place{each["pid"], each["tid"].get<int>(), each["ts"].get<double>()};
  };
  for (const Json& each : trace["traceEvents"]) {
    if (each["ph"] != "X") continue;
    slices.insert(place(each));
    EXPECT_GT(each["dur"].get<double>(), 0);
    steps += each["name"] == story_->chain.back().words ? 1 : 0;
  }
  EXPECT_EQ(steps, 1u);
  for (const Json& each : trace["traceEvents"]) {
    if (each["ph"] != "s" && each["ph"] != "f") continue;
    ++(each["ph"] == "s" ? starts : finishes)[each["id"]];
    EXPECT_TRUE(slices.contains(place(each))) << each;
  }
  EXPECT_GT(starts.size(), 100u);
  EXPECT_EQ(starts, finishes);
  for (const auto& [id, count] : starts) EXPECT_EQ(count, 1) << id;
}

TEST_F(ExplainRealRun, ThePageHoldsTheRunAndTheChain) {
  const std::string page = to_html(*story_);
  const std::string begin = R"(<script type="application/json" id="data">)";
  const std::size_t at = page.find(begin) + begin.size();
  const Json data = Json::parse(page.substr(at, page.find("</script>", at) - at));
  EXPECT_EQ(data["synchrodb-spacetime"], 1);
  EXPECT_EQ(data["violated"], story_->property);
  EXPECT_EQ(data["chain"].size(), story_->chain.size());
  std::size_t sent = 0;
  for (const Happening& each : story_->run.all) sent += each.kind == Kind::kSent ? 1 : 0;
  EXPECT_GE(data["messages"]["sent"].size(), sent);
  EXPECT_TRUE(std::is_sorted(data["messages"]["sent"].begin(), data["messages"]["sent"].end()));
  EXPECT_EQ(data["lanes"][0]["name"], "n1");
  EXPECT_FALSE(data["spans"].empty());
  EXPECT_FALSE(data["faults"].empty());
}

TEST(Explain, HostileWordsStayWords) {
  const std::string hostile = "</script><script>alert(1)</script>\nn9 {\"n9\": 7}";
  Evidence evidence = evidence_of({event(0, 0, "started"), event(1, 0, "killed")},
                                  {operation(0, 0, 1, hostile, true)}, hostile);
  evidence.reproduce = hostile;
  const Explanation story = explain(std::move(evidence));
  EXPECT_THAT(to_html(story), Not(HasSubstr("<script>alert")));
  EXPECT_EQ(Json::parse(to_json(story))["detail"], hostile);
  EXPECT_TRUE(Json::accept(to_perfetto(story)));
  EXPECT_THAT(to_shiviz(story), Not(HasSubstr("\nn9 {")));
}

TEST(Explain, ARunThatViolatesNothingHasNoStory) {
  PlanShape shape;
  shape.nodes = 3;
  shape.time = seconds(5);
  shape.faults = {"none"};
  const Result<Evidence> evidence = gather(generate_plan(1, shape));
  ASSERT_FALSE(evidence.ok());
  EXPECT_EQ(evidence.error().message, "there is nothing to explain: the run's verdict is ok");
}

}  // namespace
}  // namespace synchrodb::sim
