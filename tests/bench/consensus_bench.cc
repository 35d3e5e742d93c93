// What one turn of the Raft core costs: no network, no disk, no state machine.
#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "consensus/raft.h"

namespace synchrodb {
namespace {

class CountingRandom final : public RandomStream {
 public:
  std::uint64_t next() override { return state_ += 0x9e3779b97f4a7c15ULL; }

 private:
  std::uint64_t state_ = 1;
};

// Nodes 1..n wired back to back: every message is delivered, every write durable at once.
class Group {
 public:
  explicit Group(std::uint64_t size, RaftOptions options = {}) : effects_(size) {
    Configuration configuration;
    for (std::uint64_t i = 1; i <= size; ++i) configuration.voters.push_back(NodeId{i});
    for (std::uint64_t i = 1; i <= size; ++i) {
      nodes_.push_back(std::make_unique<Raft>(NodeId{i}, options, configuration, DurableState{},
                                              random_, io_, now_));
    }
    now_.mono = now_.mono + seconds(3);
    now_.wall.synchronised = true;
    nodes_[0]->timeout(now_);
    settle(0);
    while (!nodes_[0]->leader_state()) {
      now_.mono = now_.mono + seconds(3);
      nodes_[0]->timeout(now_);
      settle(0);
    }
  }

  Raft& leader() { return *nodes_[0]; }
  Now& now() { return now_; }

  // Lets node `i` act, and whoever it talks to.
  void settle(std::size_t i) {
    Effects& effects = effects_[i];
    nodes_[i]->drain(now_, effects);
    if (!effects.apply.empty()) nodes_[i]->on_applied(effects.apply.back()->index());
    const IoId written = effects.append ? effects.append->id : IoId{};
    inbox_.reserve(64);
    for (OutgoingMessage& out : effects.send) {
      inbox_.push_back({NodeId{i + 1}, out.to, std::move(out.message)});
    }
    if (written) {
      nodes_[i]->on_durable(now_, written);
      for (GatedMessage& out : effects.gated) {
        inbox_.push_back({NodeId{i + 1}, out.to, std::move(out.message)});
      }
      pending_.push_back(i);
    }
    run();
  }

  // All nodes drop what is applied; false if the leader has not committed all it has.
  bool compact() {
    for (auto& node : nodes_) node->on_snapshot_taken(node->snapshot_meta(node->applied()));
    return leader().commit() == leader().log().last();
  }

  std::uint64_t steps = 0;

 private:
  struct Letter {
    NodeId from, to;
    Message message;
  };

  void run() {
    if (running_) return;
    running_ = true;
    while (!inbox_.empty() || !pending_.empty()) {
      if (!inbox_.empty()) {
        Letter letter = std::move(inbox_.back());
        inbox_.pop_back();
        const auto to = static_cast<std::size_t>(letter.to.value - 1);
        nodes_[to]->step(now_, letter.from, std::move(letter.message));
        ++steps;
        settle(to);
      } else {
        const std::size_t i = pending_.back();
        pending_.pop_back();
        settle(i);
      }
    }
    running_ = false;
  }

  CountingRandom random_;
  IoSequence io_;
  Now now_{Instant{1}, {}};
  std::vector<std::unique_ptr<Raft>> nodes_;
  std::vector<Effects> effects_;
  std::vector<Letter> inbox_;
  std::vector<std::size_t> pending_;
  bool running_ = false;
};

// One proposal all the way: propose, drain, message, durable, acknowledge, commit, apply.
void BM_ProposeCycle(benchmark::State& state) {
  Group group(static_cast<std::uint64_t>(state.range(0)));
  const std::string payload(64, 'x');
  std::uint64_t proposals = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(group.leader().propose(group.now(), payload));
    group.settle(0);
    if (++proposals % 1024 == 0) {
      state.PauseTiming();
      if (!group.compact()) state.SkipWithError("nothing is committed");
      state.ResumeTiming();
    }
  }
  state.counters["steps"] =
      benchmark::Counter(static_cast<double>(group.steps), benchmark::Counter::kAvgIterations);
}
BENCHMARK(BM_ProposeCycle)->Arg(2)->Arg(3)->Arg(5);

// A heartbeat round of an idle group; the counter says how many messages were stepped, so the time
// of one step is time / steps.
void BM_HeartbeatRound(benchmark::State& state) {
  Group group(static_cast<std::uint64_t>(state.range(0)));
  const std::uint64_t before = group.steps;
  for (auto _ : state) {
    group.now().mono = group.now().mono + milliseconds(100);
    group.leader().timeout(group.now());
    group.settle(0);
  }
  const auto steps = static_cast<double>(group.steps - before);
  state.counters["steps"] = benchmark::Counter(steps, benchmark::Counter::kAvgIterations);
  state.counters["s/step"] =
      benchmark::Counter(steps, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(BM_HeartbeatRound)->Arg(3)->Arg(5);

void BM_ReadIndex(benchmark::State& state) {
  Group group(static_cast<std::uint64_t>(state.range(0)));
  std::uint64_t id = 0;
  for (auto _ : state) {
    group.leader().read(group.now(), ReadId{++id}, ReadMode::kReadIndex);
    group.settle(0);
  }
}
BENCHMARK(BM_ReadIndex)->Arg(3)->Arg(5);

}  // namespace
}  // namespace synchrodb
