// Whole simulated runs at the defaults: five nodes, default swarm, all checks on.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include "sim/run.h"

namespace synchrodb::sim {
namespace {

// Seeds 0, 1, 2 … in turn, 60 virtual seconds each. Reported: virtual seconds and events a wall
// second, milliseconds a run, operations.
void whole_run(benchmark::State& state, std::int64_t milli_rate, bool swarm) {
  std::uint64_t seed = 0;
  double virtual_seconds = 0;
  double events = 0;
  double operations = 0;
  for (auto _ : state) {
    PlanShape shape;
    shape.milli_rate = milli_rate;
    if (!swarm) shape.faults = {"none"};
    const RunResult result = run(generate_plan(seed++, shape));
    if (result.verdict == Verdict::kViolation) state.SkipWithError(result.violated.c_str());
    virtual_seconds += result.virtual_seconds;
    events += static_cast<double>(result.events);
    operations += static_cast<double>(result.ok + result.fail + result.info);
  }
  using benchmark::Counter;
  state.counters["virtual_s/s"] = Counter(virtual_seconds, Counter::kIsRate);
  state.counters["events/s"] = Counter(events, Counter::kIsRate);
  state.counters["ops/s"] = Counter(operations, Counter::kIsRate);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  state.counters["peak_MiB"] = static_cast<double>(usage.ru_maxrss) / 1024;
}

void BM_SwarmRunAt100OperationsASecond(benchmark::State& state) {
  whole_run(state, 100'000, true);
}
void BM_SwarmRunAt1OperationASecond(benchmark::State& state) {
  whole_run(state, 1'000, true);
}
void BM_CalmRunAt100OperationsASecond(benchmark::State& state) {
  whole_run(state, 100'000, false);
}
BENCHMARK(BM_SwarmRunAt100OperationsASecond)->Unit(benchmark::kMillisecond)->MinTime(5);
BENCHMARK(BM_SwarmRunAt1OperationASecond)->Unit(benchmark::kMillisecond)->MinTime(2);
BENCHMARK(BM_CalmRunAt100OperationsASecond)->Unit(benchmark::kMillisecond)->MinTime(2);

}  // namespace
}  // namespace synchrodb::sim
