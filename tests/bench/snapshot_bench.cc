// How long the loop is held while a snapshot of many keys is made or read back: the longest piece
// of work between two turns, with writes going on; and the same for the whole at once.
#include <benchmark/benchmark.h>

#include <malloc.h>
#include <time.h>

#include <algorithm>
#include <string>
#include <utility>

#include "engine/kv/command.h"
#include "engine/kv/state_machine.h"
#include "engine/replica/snapshot_intake.h"

namespace synchrodb {
namespace {

constexpr WallInterval kWall{{1'700'000'000'000'000'000}, {1'700'000'000'000'000'000}, true};
constexpr std::size_t kPiece = 256 * 1024;

void apply(StateMachine& machine, std::string payload) {
  machine.apply(*make_entry(Term{1}, machine.applied().next(), EntryKind::kCommand, kWall,
                            std::move(payload)));
}

std::string key_name(std::size_t i) {
  return "key:" + std::to_string(1'000'000 + i);
}

// `keys` keys of 100 bytes, and 65,536 sessions with a reply each.
StateMachine filled(std::size_t keys) {
  StateMachine machine;
  Request open;
  open.kind = RequestKind::kOpenSession;
  const std::string open_payload = encode(open);
  for (std::size_t i = 0; i < keys; ++i) {
    apply(machine, encode_command({"SET", key_name(i), std::string(100, 'v')}));
  }
  for (std::size_t i = 0; i < 65'536; ++i) {
    apply(machine, open_payload);
    apply(machine, encode_command({"GETSET", key_name(i % keys), std::string(100, 'w')},
                                  SessionId{machine.applied().value}, 1));
  }
  return machine;
}

// The longest of many steps, in CPU time: on a busy machine the wall clock tells of others.
class Longest {
 public:
  template <class Step>
  void measure(Step step) {
    const double begin = now_ms();
    step();
    longest_ = std::max(longest_, now_ms() - begin);
  }
  double milliseconds() const { return longest_; }

 private:
  static double now_ms() {
    timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
  }
  double longest_ = 0;
};

void BM_SnapshotWhole(benchmark::State& bench) {
  const StateMachine machine = filled(static_cast<std::size_t>(bench.range(0)));
  Longest longest;
  for (auto _ : bench) {
    longest.measure([&] {
      std::string bytes;
      machine.serialize(bytes);
      SnapshotSeal seal;
      seal.add(bytes);
      benchmark::DoNotOptimize(seal.bytes());
    });
  }
  bench.counters["longest_ms"] = longest.milliseconds();
}
BENCHMARK(BM_SnapshotWhole)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

// Between two pieces, as many writes to scattered keys as a busy leader applies in half a
// millisecond.
void BM_SnapshotInPieces(benchmark::State& bench) {
  const auto keys = static_cast<std::size_t>(bench.range(0));
  StateMachine machine = filled(keys);
  Longest begin;
  Longest piece;
  Longest write;
  std::size_t written = 0;
  std::size_t bytes = 0;
  for (auto _ : bench) {
    begin.measure([&] { machine.begin_snapshot(); });
    SnapshotSeal seal;
    bytes = 0;
    for (bool last = false; !last;) {
      std::string out;
      piece.measure([&] {
        last = machine.next_piece(kPiece, out);
        seal.add(out);
      });
      bytes += out.size();
      for (int i = 0; i < 300; ++i) {
        std::string payload = encode_command(
            {"SET", key_name(++written * 2'654'435'761u % keys), std::string(100, 'x')});
        write.measure([&] { apply(machine, std::move(payload)); });
      }
    }
  }
  bench.counters["begin_ms"] = begin.milliseconds();
  bench.counters["longest_ms"] = piece.milliseconds();
  bench.counters["longest_write_ms"] = write.milliseconds();
  bench.counters["MB"] = static_cast<double>(bytes) / 1e6;
}
BENCHMARK(BM_SnapshotInPieces)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void BM_RestoreWhole(benchmark::State& bench) {
  std::string bytes;
  filled(static_cast<std::size_t>(bench.range(0))).serialize(bytes);
  StateMachine machine;
  Longest longest;
  for (auto _ : bench) {
    longest.measure([&] {
      if (!machine.restore(bytes)) bench.SkipWithError("not restored");
    });
  }
  bench.counters["longest_ms"] = longest.milliseconds();
}
BENCHMARK(BM_RestoreWhole)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

// In chunks as they come from a peer; then the former state is freed in steps.
void BM_RestoreInPieces(benchmark::State& bench) {
  constexpr std::size_t kChunk = 64 * 1024;
  StateMachine machine = filled(static_cast<std::size_t>(bench.range(0)));
  std::string bytes;
  machine.serialize(bytes);
  SnapshotSeal seal;
  seal.add(bytes);
  bytes += seal.bytes();
  Longest piece;
  Longest finish;
  Longest freeing;
  for (auto _ : bench) {
    SnapshotIntake intake({}, bytes.size());
    while (intake.received() < bytes.size()) {
      piece.measure([&] { intake.add(std::string_view(bytes).substr(intake.received(), kChunk)); });
    }
    finish.measure([&] {
      if (!intake.finish()) bench.SkipWithError("not restored");
    });
    StateMachine old = std::exchange(machine, intake.take_state());
    for (bool done = false; !done;) freeing.measure([&] { done = old.dismantle(2'000); });
  }
  bench.counters["longest_ms"] = piece.milliseconds();
  bench.counters["finish_ms"] = finish.milliseconds();
  bench.counters["longest_free_ms"] = freeing.milliseconds();
}
BENCHMARK(BM_RestoreInPieces)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

// glibc keeps small freed blocks in lists of their own and merges all of them at once when a large
// block is freed: half a second after a million keys. Without those lists nothing waits, and the
// whole is no slower. A server has to ask for the same.
const int kNoFastBins = mallopt(M_MXFAST, 0);

}  // namespace
}  // namespace synchrodb
