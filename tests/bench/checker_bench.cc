// How fast histories are judged: algorithm by algorithm on generated histories of 10^3 to 10^6
// operations, and on real ones. Parsing is not counted. Counter `ops` is operations a second.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "sim/check/check.h"
#include "sim/check/read.h"

namespace synchrodb::check {
namespace {

// A client's view of one correct object: `clients` processes, each operation takes effect at a
// moment of its own within its interval.
class Recorder {
 public:
  Recorder(std::size_t clients, std::size_t keys)
      : clients_(clients), states_(keys, Value::absent()) {
    keys_.push_back(kOnlyKey);
    for (std::size_t key = 1; key < keys; ++key) {
      keys_.push_back(history_.key(static_cast<std::int64_t>(key)));
    }
  }

  std::uint64_t roll(std::uint64_t sides) {
    random_ = random_ * 6364136223846793005U + 1442695040888963407U;
    return (random_ >> 33) % sides;
  }

  // `crash_permille`: of a thousand operations, so many get no answer.
  History run(Model model, std::size_t operations, std::int64_t values,
              std::uint64_t crash_permille, bool witnesses) {
    history_.reserve(operations);
    crash_permille_ = crash_permille;
    values_ = values;
    for (std::size_t begun = 0; begun < operations;) {
      Client& client = clients_[roll(clients_.size())];
      ++now_;
      if (!client.open) {
        invoke(client, model);
        ++begun;
      } else if (!client.effective) {
        take_effect(client);
      } else {
        complete(client, witnesses);
      }
    }
    for (Client& client : clients_) {
      if (client.open && !client.effective) take_effect(client);
      if (client.open) complete(client, witnesses);
    }
    return std::move(history_);
  }

 private:
  struct Client {
    bool open = false;
    bool effective = false;
    bool ok = false;
    bool lost = false;
    OperationId id = 0;
    std::size_t key = 0;
    Value result;
    Witness witness;
  };

  Value some_value() {
    if (values_ == 0) return Value::integer(++unique_);
    return Value::integer(static_cast<std::int64_t>(roll(static_cast<std::uint64_t>(values_))));
  }

  void invoke(Client& client, Model model) {
    Invocation invocation;
    invocation.process = static_cast<std::int32_t>(&client - clients_.data());
    client = Client();
    client.key = roll(keys_.size());
    invocation.key = keys_[client.key];
    const std::uint64_t kind = roll(model == Model::kRegister ? 2 : 3);
    if (kind == 1) invocation.function = Function::kWrite;
    if (kind == 2) {
      invocation.function = Function::kCas;
      invocation.expected = values_ == 0 ? states_[client.key] : some_value();
    }
    if (model == Model::kKeyValue && kind != 0) {
      invocation.function = Function::kAppend;
      invocation.argument = history_.text("x " + std::to_string(++unique_) + " y");
    } else if (kind != 0) {
      invocation.argument = some_value();
    }
    client.open = true;
    client.id = history_.invoke(invocation, now_);
  }

  void take_effect(Client& client) {
    client.effective = true;
    client.lost = roll(1000) < crash_permille_;
    if (client.lost && roll(2) == 0) return;
    const Operation& operation = history_[client.id];
    Value& state = states_[client.key];
    client.witness = {1, 0, log_, 0, 0};
    if (operation.function != Function::kRead) client.witness = {1, ++log_, 0, 0, 0};
    client.ok = operation.function != Function::kCas || state == operation.expected;
    if (operation.function == Function::kRead) {
      client.result = state;
    } else if (operation.function == Function::kAppend) {
      // Kept short, as a real key would be.
      std::string text(state.is_text() ? history_.bytes(state) : "");
      text += history_.bytes(operation.argument);
      state = history_.text(text);
    } else if (client.ok) {
      state = operation.argument;
    }
  }

  void complete(Client& client, bool witnesses) {
    client.open = false;
    const Outcome outcome = client.lost ? Outcome::kInfo
                            : client.ok ? Outcome::kOk
                                        : Outcome::kFail;
    std::optional<Witness> witness;
    if (witnesses && !client.lost) witness = client.witness;
    history_.complete(client.id, outcome, client.result, now_, witness);
  }

  std::vector<Client> clients_;
  std::vector<Value> states_;
  std::vector<KeyId> keys_;
  History history_;
  std::uint64_t random_ = 42;
  std::int64_t now_ = 0;
  std::int64_t unique_ = 0;
  std::int64_t values_ = 0;
  std::uint64_t crash_permille_ = 0;
  std::uint64_t log_ = 0;
};

void judge(benchmark::State& state, const History& history, Options options) {
  options.explain = false;
  Judgement judgement;
  for (auto _ : state) {
    judgement = check(history, options);
    benchmark::DoNotOptimize(judgement);
  }
  if (judgement.verdict != Verdict::kValid) state.SkipWithError("not valid");
  state.counters["ops"] = benchmark::Counter(static_cast<double>(history.size()),
                                             benchmark::Counter::kIsIterationInvariantRate);
  state.counters["steps/op"] =
      static_cast<double>(judgement.steps) / static_cast<double>(history.size());
  state.SetLabel(std::string(name(judgement.algorithm)));
}

// The history that a simulated run leaves: 8 keys, 10 clients, a witness for each answer.
void BM_Witness(benchmark::State& state) {
  Recorder recorder(10, 8);
  const History history =
      recorder.run(Model::kCasRegister, static_cast<std::size_t>(state.range(0)), 5, 20, true);
  judge(state, history, {});
}
BENCHMARK(BM_Witness)->RangeMultiplier(10)->Range(1'000, 1'000'000)->Unit(benchmark::kMicrosecond);

// The like with 8,000 operations, of which range(0) in a thousand get no answer, and of whose
// effect nobody tells.
void BM_SimulatedRun(benchmark::State& state) {
  Recorder recorder(10, 8);
  const History history = recorder.run(Model::kCasRegister, 8'000, state.range(1),
                                       static_cast<std::uint64_t>(state.range(0)), true);
  judge(state, history, {});
}
BENCHMARK(BM_SimulatedRun)->ArgsProduct({{0, 20, 100}, {0, 5}})->Unit(benchmark::kMicrosecond);

// The same run in which a read at the end sees the value that was there at the beginning: the
// witness fails, the black-box checkers convict, the contradiction is shrunk and put into words.
void BM_Conviction(benchmark::State& state) {
  Recorder recorder(10, 8);
  History history = recorder.run(Model::kCasRegister, 8'000, state.range(1),
                                 static_cast<std::uint64_t>(state.range(0)), true);
  // Long after the others: a read that goes back.
  const OperationId write =
      history.invoke({99, Function::kWrite, kOnlyKey, Value::integer(-1), {}}, 0);
  history.complete(write, Outcome::kOk, Value(), 0);
  const OperationId next =
      history.invoke({99, Function::kWrite, kOnlyKey, Value::integer(-2), {}}, 0);
  history.complete(next, Outcome::kOk, Value(), 0);
  const OperationId read = history.invoke({99, Function::kRead, kOnlyKey, {}, {}}, 0);
  history.complete(read, Outcome::kOk, Value::integer(-1), 0);
  Judgement judgement;
  for (auto _ : state) judgement = check(history, {});
  if (judgement.verdict != Verdict::kInvalid) state.SkipWithError("not convicted");
  if (judgement.contradiction) {
    state.counters["shrunk"] = static_cast<double>(judgement.contradiction->operations.size());
  }
  state.SetLabel(std::string(name(judgement.algorithm)));
}
BENCHMARK(BM_Conviction)->ArgsProduct({{0, 20, 100}, {0, 5}})->Unit(benchmark::kMicrosecond);

// The same without witnesses.
void BM_CasRegisters(benchmark::State& state) {
  Recorder recorder(10, 8);
  const History history =
      recorder.run(Model::kCasRegister, static_cast<std::size_t>(state.range(0)), 5, 20, false);
  judge(state, history, {});
}
BENCHMARK(BM_CasRegisters)
    ->RangeMultiplier(10)
    ->Range(1'000, 1'000'000)
    ->Unit(benchmark::kMicrosecond);

// One register, unique writes, `range(1)` clients.
void BM_Zones(benchmark::State& state) {
  Recorder recorder(static_cast<std::size_t>(state.range(1)), 1);
  const History history =
      recorder.run(Model::kRegister, static_cast<std::size_t>(state.range(0)), 0, 5, false);
  Options options;
  options.model = Model::kRegister;
  judge(state, history, options);
}
BENCHMARK(BM_Zones)
    ->ArgsProduct({{1'000, 10'000, 100'000, 1'000'000}, {5, 20, 100}})
    ->Unit(benchmark::kMicrosecond);

void judge_only(benchmark::State& state, Algorithm algorithm) {
  Recorder recorder(static_cast<std::size_t>(state.range(1)), 1);
  const History history =
      recorder.run(Model::kCasRegister, static_cast<std::size_t>(state.range(0)), 5, 2, false);
  Options options;
  options.only = algorithm;
  judge(state, history, options);
}

// One CAS register of five values.
void BM_Frontier(benchmark::State& state) {
  judge_only(state, Algorithm::kFrontier);
}
BENCHMARK(BM_Frontier)
    ->ArgsProduct({{1'000, 10'000, 100'000}, {5, 10}})
    ->Args({1'000'000, 5})
    ->Unit(benchmark::kMicrosecond);

void BM_DepthFirst(benchmark::State& state) {
  judge_only(state, Algorithm::kDepthFirst);
}
BENCHMARK(BM_DepthFirst)
    ->ArgsProduct({{1'000, 10'000, 100'000}, {5}})
    ->Unit(benchmark::kMicrosecond);

// Strings that grow by appends, read as often: one key for every 100 operations.
void BM_Versions(benchmark::State& state) {
  Recorder recorder(10, static_cast<std::size_t>(state.range(0) / 100));
  const History history =
      recorder.run(Model::kKeyValue, static_cast<std::size_t>(state.range(0)), 0, 5, false);
  Options options;
  options.model = Model::kKeyValue;
  judge(state, history, options);
}
BENCHMARK(BM_Versions)->RangeMultiplier(10)->Range(1'000, 1'000'000)->Unit(benchmark::kMicrosecond);

std::vector<ReadResult> load(const std::string& folder) {
  std::vector<std::string> paths;
  const std::string root = std::string(SYNCHRODB_TEST_DATA) + "/histories/" + folder;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.is_regular_file()) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<ReadResult> histories;
  for (const std::string& path : paths) {
    std::ifstream file(path);
    std::ostringstream bytes;
    bytes << file.rdbuf();
    histories.push_back(read_history(bytes.str()));
  }
  return histories;
}

void judge_all(benchmark::State& state, const std::vector<ReadResult>& histories) {
  std::size_t operations = 0;
  std::size_t invalid = 0;
  for (auto _ : state) {
    operations = invalid = 0;
    for (const ReadResult& one : histories) {
      Options options;
      options.model = *one.model;
      options.dialect = *one.dialect;
      options.initial = one.initial;
      options.explain = state.range(0) != 0;
      const Judgement judgement = check(one.history, options);
      operations += judgement.operations;
      invalid += judgement.verdict == Verdict::kInvalid ? 1 : 0;
    }
  }
  if (operations == 0) state.SkipWithError("no histories");
  state.counters["files"] = static_cast<double>(histories.size());
  state.counters["operations"] = static_cast<double>(operations);
  state.counters["invalid"] = static_cast<double>(invalid);
}

// All 51 public etcd logs; with range(0) the contradictions are shrunk and explained too.
void BM_EtcdLogs(benchmark::State& state) {
  judge_all(state, load("porcupine/jepsen"));
}
BENCHMARK(BM_EtcdLogs)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

// One client, and ten clients.
void BM_KeyValueFiles(benchmark::State& state) {
  const std::vector<ReadResult> both = load("porcupine/kv");
  std::vector<ReadResult> one;
  one.push_back(both.at(static_cast<std::size_t>(state.range(1))));
  judge_all(state, one);
}
BENCHMARK(BM_KeyValueFiles)->Args({0, 0})->Args({0, 1})->Unit(benchmark::kMicrosecond);

void BM_KnossosFiles(benchmark::State& state) {
  judge_all(state, load("knossos/cas-register"));
}
BENCHMARK(BM_KnossosFiles)->Arg(0)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace synchrodb::check
