// Nodes whose behaviour somebody else thinks out: effects, storage over crashes, faults.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "sim/explain/run_log.h"
#include "sim/protocol/behaviour.h"
#include "sim/protocol/envelope.h"
#include "sim/run.h"

namespace synchrodb::sim {
namespace {

using Kind = ProtocolEffect::Kind;

ProtocolEffect effect(Kind kind) {
  ProtocolEffect made;
  made.kind = kind;
  return made;
}

// Each node keeps a number. "+" raises it and answers it, durably or not; "?" asks the next node
// for its number and answers that.
class Counting : public Behaviour {
 public:
  explicit Counting(bool durable) : durable_(durable) {}

  ProtocolEffects started(const ProtocolMoment& at, const ProtocolContents& contents, bool first,
                          Stream) override {
    starts.push_back({at.node, first});
    const auto found = contents.find("number");
    numbers_[at.node] = found == contents.end() ? 0 : std::stoi(found->second);
    ProtocolEffect tick = effect(Kind::kSetTimer);
    tick.name = "tick";
    tick.after = seconds(1);
    return {tick};
  }
  ProtocolEffects message(const ProtocolMoment& at, std::uint32_t from,
                          const std::string& bytes) override {
    ++messages;
    if (bytes == "?") {
      ProtocolEffect answer = effect(Kind::kSend);
      answer.to = from;
      answer.bytes = std::to_string(numbers_[at.node]);
      return {answer};
    }
    ProtocolEffects replies;
    for (const std::uint64_t request : asked_[at.node]) {
      ProtocolEffect reply = effect(Kind::kReply);
      reply.request = request;
      reply.bytes = bytes;
      replies.push_back(reply);
    }
    asked_[at.node].clear();
    return replies;
  }
  ProtocolEffects timer(const ProtocolMoment& at, const std::string& name) override {
    ++ticks;
    ProtocolEffect again = effect(Kind::kSetTimer);
    again.name = name;
    again.after = seconds(1);
    last_tick = at.now;
    return {again};
  }
  ProtocolEffects request(const ProtocolMoment& at, std::uint64_t request,
                          const std::string& bytes) override {
    if (bytes == "?") {
      asked_[at.node].push_back(request);
      ProtocolEffect ask = effect(Kind::kSend);
      ask.to = (at.node + 1) % 3;
      ask.bytes = "?";
      return {ask};
    }
    const std::string number = std::to_string(++numbers_[at.node]);
    ProtocolEffect persist = effect(Kind::kPersist);
    persist.name = "number";
    persist.bytes = number;
    ProtocolEffect reply = effect(Kind::kReply);
    reply.request = request;
    reply.bytes = number;
    ProtocolEffects effects{persist};
    if (durable_) effects.push_back(effect(Kind::kSync));
    effects.push_back(reply);
    return effects;
  }
  void stopped(std::uint32_t node) override {
    ++stops;
    asked_[node].clear();
  }

  std::vector<std::pair<std::uint32_t, bool>> starts;
  int stops = 0;
  int messages = 0;
  int ticks = 0;
  Instant last_tick;

 private:
  bool durable_;
  std::map<std::uint32_t, int> numbers_;
  std::map<std::uint32_t, std::vector<std::uint64_t>> asked_;
};

// Client i raises the number of node i, over and over; no number may come twice.
class Raising : public Script {
 public:
  explicit Raising(std::string request = "+") : request_(std::move(request)) {}
  void start(std::uint32_t clients, Stream) override {
    due_.assign(clients, TrueTime{});
    busy_.assign(clients, false);
    highest_.assign(clients, 0);
  }
  ScriptStep next(TrueTime now) override {
    ScriptStep step;
    if (final_) return step;
    step.kind = ScriptStep::Kind::kWait;
    for (std::uint32_t i = 0; i < due_.size(); ++i) {
      if (busy_[i]) continue;
      if (due_[i] <= now) {
        busy_[i] = true;
        step.kind = ScriptStep::Kind::kCall;
        step.client = i;
        step.call.kind = ScriptCall::Kind::kRequest;
        step.call.request = request_;
        step.call.node = i;
        return step;
      }
      if (step.kind == ScriptStep::Kind::kWait || due_[i] < step.until) step.until = due_[i];
      step.kind = ScriptStep::Kind::kSleep;
    }
    return step;
  }
  std::optional<ScriptCall> completed(std::uint32_t client, const Outcome& outcome,
                                      TrueTime now) override {
    busy_[client] = false;
    due_[client] = now + milliseconds(20);
    if (outcome.kind != Outcome::Kind::kOk) return std::nullopt;
    ++answers;
    const int number = std::stoi(outcome.reply.text());
    if (request_ == "+" && number <= highest_[client]) ++repeated;
    highest_[client] = number;
    return std::nullopt;
  }
  void final_phase(TrueTime) override { final_ = true; }
  std::vector<Violation> judge() override {
    if (repeated == 0) return {};
    return {{"number-repeated", std::to_string(repeated)}};
  }
  int answers = 0;
  int repeated = 0;

 private:
  std::string request_;
  std::vector<TrueTime> due_;
  std::vector<bool> busy_;
  std::vector<int> highest_;
  bool final_ = false;
};

Plan plan_of(std::uint64_t seed, std::vector<std::string> faults = {"none"}) {
  PlanShape shape;
  shape.nodes = 3;
  shape.clients = 3;
  shape.time = seconds(30);
  shape.faults = std::move(faults);
  Plan plan = generate_plan(seed, shape);
  std::erase_if(plan.faults, [](const FaultAction& action) { return !suits_protocols(action); });
  return plan;
}

RunResult run_with(const Plan& plan, Behaviour& behaviour, Script& script) {
  RunOptions options;
  options.behaviour = &behaviour;
  options.script = &script;
  return run(plan, options);
}

TEST(Protocol, NodesStartAnswerSendAndKeepTimers) {
  Counting counting(true);
  Raising asking("?");
  const RunResult result = run_with(plan_of(1), counting, asking);
  EXPECT_EQ(result.verdict, Verdict::kOk) << result.violated << ": " << result.detail;
  EXPECT_EQ(counting.starts.size(), 3u);
  EXPECT_TRUE(std::all_of(counting.starts.begin(), counting.starts.end(),
                          [](const auto& start) { return start.second; }));
  EXPECT_EQ(counting.stops, 3);
  EXPECT_GT(asking.answers, 500);
  EXPECT_GE(counting.messages, 2 * asking.answers);
  EXPECT_GT(counting.ticks, 3 * 20);
}

TEST(Protocol, WhatIsSyncedSurvivesCrashesAndWhatIsNotMayNot) {
  int durable = 0;
  int careless = 0;
  int crashes = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Plan plan = plan_of(seed, {"process", "lost-writes", "torn-write", "disk-latency"});
    for (const bool synced : {true, false}) {
      Counting counting(synced);
      Raising raising;
      const RunResult result = run_with(plan, counting, raising);
      (synced ? durable : careless) += raising.repeated;
      EXPECT_EQ(result.verdict == Verdict::kViolation, raising.repeated > 0) << result.detail;
      for (const auto& [node, first] : counting.starts) crashes += first ? 0 : 1;
    }
  }
  EXPECT_EQ(durable, 0);
  EXPECT_GT(careless, 0);
  EXPECT_GT(crashes, 50);
}

// The same with so much history that the storage is written anew, over and over.
TEST(Protocol, WhatIsSyncedSurvivesCompaction) {
  struct Padding : Counting {
    Padding() : Counting(true) {}
    ProtocolEffects request(const ProtocolMoment& at, std::uint64_t request,
                            const std::string& bytes) override {
      ProtocolEffects effects = Counting::request(at, request, bytes);
      ProtocolEffect pad = effect(Kind::kPersist);
      pad.name = "padding";
      pad.bytes = std::string(30'000, '.');
      effects.insert(effects.begin(), pad);
      return effects;
    }
  };
  std::size_t starts = 0;
  int answers = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Padding padding;
    Raising raising;
    const RunResult result = run_with(
        plan_of(seed, {"process", "lost-writes", "torn-write", "lost-rename"}), padding, raising);
    EXPECT_EQ(result.verdict, Verdict::kOk) << result.violated << ": " << result.detail;
    EXPECT_EQ(raising.repeated, 0) << seed;
    starts += padding.starts.size();
    answers += raising.answers;
  }
  EXPECT_GT(starts, 100u);
  EXPECT_GT(answers, 5'000);
}

// A process that was killed leaves unsynced writes to the next one, which takes them for its own:
// a loss of power must not take them back.
TEST(Protocol, WhatAStartHasFoundTheNextFindsToo) {
  struct Finding : Counting {
    Finding() : Counting(false) {}
    ProtocolEffects started(const ProtocolMoment& at, const ProtocolContents& contents, bool first,
                            Stream random) override {
      const auto number = contents.find("number");
      const int now = number == contents.end() ? 0 : std::stoi(number->second);
      if (now < found[at.node]) ++lost;
      found[at.node] = now;
      return Counting::started(at, contents, first, std::move(random));
    }
    std::map<std::uint32_t, int> found;
    int lost = 0;
  };
  int starts = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Finding finding;
    Raising raising;
    run_with(plan_of(seed, {"process", "lost-writes", "torn-write"}), finding, raising);
    EXPECT_EQ(finding.lost, 0) << seed;
    starts += static_cast<int>(finding.starts.size());
  }
  EXPECT_GT(starts, 200);
}

TEST(Protocol, TheSamePlanGivesTheSameRunUnderAllFaults) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const Plan plan = plan_of(seed, {});
    std::uint64_t digests[2];
    for (std::uint64_t& digest : digests) {
      Counting counting(true);
      Raising raising;
      const RunResult result = run_with(plan, counting, raising);
      EXPECT_EQ(result.verdict, Verdict::kOk) << seed << result.violated << ": " << result.detail;
      digest = result.digest;
    }
    EXPECT_EQ(digests[0], digests[1]) << "seed " << seed;
  }
}

TEST(Protocol, APausedNodeKeepsSilentAndADriftingClockMovesItsTimers) {
  Plan plan = plan_of(1);
  plan.options["clock-drift-bound-ppm"] = 400'000;
  FaultAction drift;
  drift.fault = "clock-drift";
  drift.lasting = seconds(20);
  drift.nodes = {0, 1, 2};
  drift.parameters["ppm"] = 400'000;
  plan.beyond_budget = true;
  plan.faults = {drift};
  plan.faulty_time = seconds(20);
  Counting fast(true);
  Raising raising;
  run_with(plan, fast, raising);
  EXPECT_GE(fast.ticks, 3 * (28 + 6));
  FaultAction pause;
  pause.fault = "pause-clock-running";
  pause.lasting = seconds(15);
  pause.nodes = {0, 1, 2};
  plan.faults = {pause};
  Counting paused(true);
  Raising again;
  run_with(plan, paused, again);
  EXPECT_LT(again.answers, raising.answers * 2 / 3);
}

TEST(Protocol, FaultsOfTheEngineAloneAreRefusedByName) {
  Plan plan = plan_of(1);
  FaultAction change;
  change.fault = "membership-change";
  plan.faults = {change};
  Counting counting(true);
  Raising raising;
  try {
    run_with(plan, counting, raising);
    FAIL() << "a protocol's members were changed";
  } catch (const ScriptError& error) {
    EXPECT_NE(std::string(error.what()).find("faults[0]: membership-change does not suit"),
              std::string::npos)
        << error.what();
  }
}

TEST(Protocol, VictimsThatOnlyALeaderTellsApartAreRefused) {
  for (const char* target : {"leader", "follower", "followers", "random", "majority", "all"}) {
    FaultAction crash;
    crash.fault = "crash";
    crash.target = target;
    const std::string_view name = target;
    EXPECT_EQ(suits_protocols(crash), name == "random" || name == "majority" || name == "all")
        << target;
  }
}

TEST(Protocol, OnlookersSeeMessagesAndNothingOfTheirEnvelope) {
  Counting counting(true);
  Raising asking("?");
  std::set<std::string> types;
  RunOptions options;
  options.behaviour = &counting;
  options.script = &asking;
  options.messages = [&types](const MessageEvent& event) { types.insert(event.type); };
  run(plan_of(1), options);
  EXPECT_EQ(types, (std::set<std::string>{"message", "reply", "request"}));
}

// Its names are the protocol's, on the way as bytes too, and good for as long as a log is.
TEST(Protocol, MessagesAreCalledWhatTheProtocolCallsThem) {
  struct Named : Counting {
    Named() : Counting(true) {}
    std::string name_of(const std::string& bytes) const override {
      return bytes == "?" ? "question" : "answer";
    }
  };
  for (const bool encoded : {false, true}) {
    RunLog log;
    {
      Plan plan = plan_of(1);
      plan.encode_messages = encoded;
      Named named;
      Raising asking("?");
      RunOptions options;
      options.behaviour = &named;
      options.script = &asking;
      const std::uint64_t unwatched = run(plan, options).digest;
      Named again;
      Raising once_more("?");
      options.behaviour = &again;
      options.script = &once_more;
      log.watch(options);
      EXPECT_EQ(run(plan, options).digest, unwatched);
    }
    std::set<std::string> types;
    for (const LogEntry& entry : log.entries()) {
      if (const auto* event = std::get_if<MessageEvent>(&entry)) types.insert(event->type);
    }
    EXPECT_EQ(types, (std::set<std::string>{"answer", "question", "reply", "request"}));
  }
}

TEST(Protocol, DamagedBytesDoNotArrive) {
  const NetworkCodec codec = protocol_codec();
  const PeerMessage message{GroupId{1}, NodeId{2}, NodeId{3}, to_message("some bytes")};
  const std::string frame = codec.encode_message(message);
  const Result<PeerMessage> read = codec.decode_message(frame);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*bytes_of(read.value().message), "some bytes");
  EXPECT_EQ(read.value().to, NodeId{3});
  for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
    std::string damaged = frame;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(codec.decode_message(damaged).ok()) << bit;
  }
  EXPECT_FALSE(codec.decode_message(frame.substr(0, 20)).ok());
}

}  // namespace
}  // namespace synchrodb::sim
