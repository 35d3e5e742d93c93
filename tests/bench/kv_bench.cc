// The state machine alone: one entry applied, one read served, one snapshot written.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "engine/kv/command.h"
#include "engine/kv/state_machine.h"

namespace synchrodb {
namespace {

constexpr WallInterval kWall{{1'700'000'000'000'000'000}, {1'700'000'000'000'000'000}, true};

std::string key_name(std::size_t i) {
  return "key:" + std::to_string(1'000'000 + i);
}

// A log to apply over and over. Entries are made beforehand, each with its index, so that only
// apply() is measured; after a round the state machine is restored to the start of the log.
class Log {
 public:
  void add(std::string payload) {
    const Index index{entries_.size() + 1};
    entries_.push_back(make_entry(Term{1}, index, EntryKind::kCommand, kWall, std::move(payload)));
  }
  const Entry& operator[](std::size_t i) const { return *entries_[i]; }
  std::size_t size() const { return entries_.size(); }

 private:
  std::vector<EntryRef> entries_;
};

// `keys` SETs, then `rounds` commands made by `command(i)`.
template <class Command>
void apply_after_fill(benchmark::State& bench, std::size_t keys, Command command) {
  constexpr std::size_t kRounds = 200'000;
  Log log;
  for (std::size_t i = 0; i < keys; ++i) {
    log.add(encode_command({"SET", key_name(i), "a value of 24 characters"}));
  }
  for (std::size_t i = 0; i < kRounds; ++i) log.add(command(i));
  std::size_t at = log.size();
  StateMachine machine;
  for (auto _ : bench) {
    if (at == log.size()) {
      bench.PauseTiming();
      machine.clear();
      for (at = 0; at < keys; ++at) machine.apply(log[at]);
      bench.ResumeTiming();
    }
    benchmark::DoNotOptimize(machine.apply(log[at++]));
  }
  bench.SetItemsProcessed(bench.iterations());
}

std::size_t scatter(std::size_t i, std::size_t keys) {
  return i * 2'654'435'761u % keys;
}

void BM_ApplySetExisting(benchmark::State& bench) {
  const auto keys = static_cast<std::size_t>(bench.range(0));
  apply_after_fill(bench, keys, [&](std::size_t i) {
    return encode_command({"SET", key_name(scatter(i, keys)), "another, of 24 characters"});
  });
}
BENCHMARK(BM_ApplySetExisting)->Arg(1'000)->Arg(100'000);

void BM_ApplySetNew(benchmark::State& bench) {
  apply_after_fill(bench, 1'000, [&](std::size_t i) {
    return encode_command({"SET", key_name(1'000 + i), "a value of 24 characters"});
  });
}
BENCHMARK(BM_ApplySetNew);

void BM_ApplySetWithExpiry(benchmark::State& bench) {
  apply_after_fill(bench, 1'000, [&](std::size_t i) {
    return encode_command(
        {"SET", key_name(scatter(i, 1'000)), "v", "PX", std::to_string(5'000 + i)});
  });
}
BENCHMARK(BM_ApplySetWithExpiry);

void BM_ApplyCompareAndSet(benchmark::State& bench) {
  apply_after_fill(bench, 1'000, [&](std::size_t i) {
    return encode_command(
        {"SET", key_name(i % 8), std::to_string(i), "IFEQ", std::to_string(i - 8)});
  });
}
BENCHMARK(BM_ApplyCompareAndSet);

void BM_ApplyIncr(benchmark::State& bench) {
  apply_after_fill(bench, 1'000, [&](std::size_t i) {
    return encode_command({"INCR", "counter:" + std::to_string(i % 1'000)});
  });
}
BENCHMARK(BM_ApplyIncr);

void BM_ApplyMset10(benchmark::State& bench) {
  apply_after_fill(bench, 1'000, [&](std::size_t i) {
    std::vector<std::string> argv = {"MSET"};
    for (std::size_t k = 0; k < 10; ++k) {
      argv.push_back(key_name(scatter(i * 10 + k, 1'000)));
      argv.push_back("a value of 24 characters");
    }
    return encode_command(argv);
  });
}
BENCHMARK(BM_ApplyMset10);

void BM_ApplyAppendToMegabyte(benchmark::State& bench) {
  apply_after_fill(bench, 1, [&](std::size_t i) {
    return i == 0 ? encode_command({"SETRANGE", "big", "1048576", "x"})
                  : encode_command({"APPEND", "big", "0123456789"});
  });
}
BENCHMARK(BM_ApplyAppendToMegabyte);

void BM_ApplySetInSession(benchmark::State& bench) {
  Log log;
  Request open;
  open.kind = RequestKind::kOpenSession;
  log.add(encode(open));
  for (std::size_t i = 1; i <= 200'000; ++i) {
    log.add(
        encode_command({"SET", key_name(i % 1'000), "a value of 24 characters"}, SessionId{1}, i));
  }
  StateMachine machine;
  std::size_t at = 0;
  for (auto _ : bench) {
    if (at == log.size()) {
      bench.PauseTiming();
      machine.clear();
      at = 0;
      bench.ResumeTiming();
    }
    benchmark::DoNotOptimize(machine.apply(log[at++]));
  }
  bench.SetItemsProcessed(bench.iterations());
}
BENCHMARK(BM_ApplySetInSession);

StateMachine filled(std::size_t keys) {
  StateMachine machine;
  for (std::size_t i = 0; i < keys; ++i) {
    machine.apply(*make_entry(Term{1}, Index{i + 1}, EntryKind::kCommand, kWall,
                              encode_command({"SET", key_name(i), "a value of 24 characters"})));
  }
  return machine;
}

void BM_ReadGet(benchmark::State& bench) {
  const auto keys = static_cast<std::size_t>(bench.range(0));
  const StateMachine machine = filled(keys);
  std::vector<std::vector<std::string>> commands;
  for (std::size_t i = 0; i < 4096; ++i) commands.push_back({"GET", key_name(scatter(i, keys))});
  std::size_t i = 0;
  for (auto _ : bench) benchmark::DoNotOptimize(machine.read(commands[i++ % commands.size()]));
  bench.SetItemsProcessed(bench.iterations());
}
BENCHMARK(BM_ReadGet)->Arg(1'000)->Arg(100'000);

void BM_Serialize(benchmark::State& bench) {
  const StateMachine machine = filled(static_cast<std::size_t>(bench.range(0)));
  std::string bytes;
  for (auto _ : bench) {
    bytes.clear();
    machine.serialize(bytes);
    benchmark::DoNotOptimize(bytes.data());
  }
  bench.SetBytesProcessed(bench.iterations() * static_cast<std::int64_t>(bytes.size()));
  bench.SetItemsProcessed(bench.iterations() * bench.range(0));
}
BENCHMARK(BM_Serialize)->Arg(1'000)->Arg(100'000);

void BM_Restore(benchmark::State& bench) {
  std::string bytes;
  filled(static_cast<std::size_t>(bench.range(0))).serialize(bytes);
  for (auto _ : bench) {
    StateMachine machine;
    benchmark::DoNotOptimize(machine.restore(bytes).ok());
  }
  bench.SetItemsProcessed(bench.iterations() * bench.range(0));
}
BENCHMARK(BM_Restore)->Arg(1'000)->Arg(100'000);

void BM_EmptyMachine(benchmark::State& bench) {
  for (auto _ : bench) {
    StateMachine machine;
    benchmark::DoNotOptimize(machine.digest());
  }
}
BENCHMARK(BM_EmptyMachine);

void BM_EncodeDecodeRequest(benchmark::State& bench) {
  const std::vector<std::string> argv = {"SET", key_name(7), "a value of 24 characters"};
  for (auto _ : bench) benchmark::DoNotOptimize(decode(encode_command(argv)).ok());
}
BENCHMARK(BM_EncodeDecodeRequest);

}  // namespace
}  // namespace synchrodb
