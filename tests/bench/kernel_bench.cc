// The simulator's devices: fibers, events, random draws, messages, disk. Aims of design 6.1: an
// event costs the kernel under 50 ns, a message through the network about 100 ns.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <vector>

#include "consensus/assert.h"
#include "sim/clock/sim_clock.h"
#include "sim/disk/sim_disk.h"
#include "sim/kernel/kernel.h"
#include "sim/network/network.h"

namespace synchrodb::sim {
namespace {

// ---- Event heap: pop the earliest, push one at a random distance; so many are pending.

void heap_4ary(benchmark::State& state) {
  EventHeap heap;
  Stream stream = Streams(1).stream("bench");
  std::uint64_t sum = 0;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    heap.push(TrueTime{static_cast<std::int64_t>(stream.uniform(1'000'000))}, [&sum] { ++sum; });
  }
  for (auto _ : state) {
    static_cast<void>(heap.next_time());
    const EventHeap::Popped event = heap.pop();
    heap.run(event);
    heap.push(event.time + Duration{static_cast<std::int64_t>(stream.uniform(1'000'000))},
              [&sum] { ++sum; });
  }
  benchmark::DoNotOptimize(sum);
}
BENCHMARK(heap_4ary)->Arg(16)->Arg(256)->Arg(4096);

// What it is measured against: std::push_heap over the same records, callables and slots apart.
void heap_binary_std(benchmark::State& state) {
  struct Key {
    std::int64_t time;
    std::uint64_t sequence;
    bool operator<(const Key& other) const {
      return time != other.time ? time > other.time : sequence > other.sequence;
    }
  };
  std::vector<Key> heap;
  Stream stream = Streams(1).stream("bench");
  std::uint64_t sequence = 0;
  const auto push = [&](std::int64_t time) {
    heap.push_back({time, sequence++});
    std::push_heap(heap.begin(), heap.end());
  };
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    push(static_cast<std::int64_t>(stream.uniform(1'000'000)));
  }
  for (auto _ : state) {
    std::pop_heap(heap.begin(), heap.end());
    const Key key = heap.back();
    heap.pop_back();
    push(key.time + static_cast<std::int64_t>(stream.uniform(1'000'000)));
  }
}
BENCHMARK(heap_binary_std)->Arg(16)->Arg(256)->Arg(4096);

// ---- Kernel.

// An event that schedules the next, digest included.
void kernel_event(benchmark::State& state) {
  Kernel kernel;
  struct Chain {
    Kernel& kernel;
    void step() {
      kernel.after(microseconds(1), [this] { step(); });
    }
  } chain{kernel};
  for (int i = 0; i < 64; ++i) chain.step();
  for (auto _ : state) kernel.run(kEndOfTime, 1'000);
  state.SetItemsProcessed(state.iterations() * 1'000);
}
BENCHMARK(kernel_event);

// A fiber sleeps: a timer's event, a switch to the fiber and one back.
void fiber_sleep(benchmark::State& state) {
  Kernel kernel;
  const Owner owner = kernel.add_owner("bench");
  for (int i = 0; i < 20; ++i) {
    kernel.spawn(owner, "sleeper", [&] {
      for (;;) kernel.park(kernel.now() + microseconds(1));
    });
  }
  for (auto _ : state) kernel.run(kEndOfTime, 1'000);
  state.SetItemsProcessed(state.iterations() * 1'000);
}
BENCHMARK(fiber_sleep);

// Two fibers wake each other in turn: one switch an item.
void fiber_switch(benchmark::State& state) {
  Kernel kernel;
  kernel.set_livelock_limit(~std::uint64_t{0});
  const Owner owner = kernel.add_owner("bench");
  constexpr int kTurns = 1'000;
  TaskId fibers[2];
  for (int i = 0; i < 2; ++i) {
    fibers[i] = kernel.spawn(owner, "pong", [&, i] {
      for (;;) {
        kernel.park();
        for (int turn = 0; turn < kTurns / 2; ++turn) {
          kernel.wake(fibers[1 - i]);
          kernel.park();
        }
      }
    });
  }
  for (auto _ : state) {
    kernel.after(microseconds(1), [&] { kernel.wake(fibers[0]); });
    kernel.run(kEndOfTime, 1);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(kernel.switches()));
}
BENCHMARK(fiber_switch);

// A fiber that does nothing, from birth to death.
void fiber_spawn(benchmark::State& state) {
  Kernel kernel;
  const Owner owner = kernel.add_owner("bench");
  std::uint64_t sum = 0;
  for (auto _ : state) {
    kernel.after(microseconds(1), [&] {
      for (int i = 0; i < 100; ++i) kernel.spawn(owner, "short", [&] { ++sum; });
    });
    kernel.run(kEndOfTime);
  }
  benchmark::DoNotOptimize(sum);
  state.SetItemsProcessed(state.iterations() * 100);
}
BENCHMARK(fiber_spawn);

// A kernel with 20 fibers, unwound by its end.
void kernel_set_up_and_tear_down(benchmark::State& state) {
  for (auto _ : state) {
    Kernel kernel;
    const Owner owner = kernel.add_owner("bench");
    for (int i = 0; i < 20; ++i) kernel.spawn(owner, "parked", [&] { kernel.park(); });
    kernel.run(TrueTime{} + milliseconds(1));
  }
}
BENCHMARK(kernel_set_up_and_tear_down)->Unit(benchmark::kMicrosecond);

// ---- Random draws.

void draw_uniform(benchmark::State& state) {
  Stream stream = Streams(1).stream("bench");
  for (auto _ : state) benchmark::DoNotOptimize(stream.uniform(1'000));
}
BENCHMARK(draw_uniform);

void draw_exponential(benchmark::State& state) {
  Stream stream = Streams(1).stream("bench");
  for (auto _ : state) benchmark::DoNotOptimize(stream.exponential(milliseconds(1)));
}
BENCHMARK(draw_exponential);

void make_stream(benchmark::State& state) {
  const Streams streams(1);
  std::uint64_t link = 0;
  for (auto _ : state) benchmark::DoNotOptimize(streams.stream("network.delay", ++link, 2));
}
BENCHMARK(make_stream);

// ---- Network: five nodes that send each message on, to the next; one message an item.

struct Relay : PeerHandler {
  void on_message(PeerMessage message) override {
    message.from = self;
    message.to = NodeId{self.value % 5 + 1};
    transport->send(std::move(message));
  }
  void on_request(ClientRequest, std::unique_ptr<Responder>) override {}
  NodeId self;
  NodeTransport* transport = nullptr;
};

void network_message(benchmark::State& state) {
  FaultCounters counters;
  Kernel kernel;
  Network network(kernel, Streams(1), counters);
  std::vector<std::unique_ptr<SimClock>> clocks;
  std::vector<std::unique_ptr<NodeTransport>> transports;
  std::vector<Relay> relays(5);
  for (std::uint64_t id = 1; id <= 5; ++id) {
    const Owner owner = kernel.add_owner("node");
    clocks.push_back(std::make_unique<SimClock>(kernel, owner, id, counters));
    transports.push_back(network.attach(NodeId{id}, owner, *clocks.back()));
    relays[id - 1].self = NodeId{id};
    relays[id - 1].transport = transports.back().get();
    transports.back()->open();
    transports.back()->serve(&relays[id - 1]);
  }
  if (state.range(0) != 0) {
    LinkOptions faulty;
    faulty.duplicate_ppm = 1;
    faulty.reorder_ppm = 10'000;
    faulty.bimodal_ppm = 10'000;
    network.set_all(faulty);
  }
  for (int i = 0; i < 100; ++i) {
    AppendRequest append;
    append.term = Term{1};
    relays[0].on_message(PeerMessage{GroupId{1}, NodeId{5}, NodeId{1}, append});
  }
  for (auto _ : state) kernel.run(kEndOfTime, 1'000);
  state.SetItemsProcessed(state.iterations() * 1'000);
  kernel.shutdown();
}
BENCHMARK(network_message)->Arg(0)->Arg(1);

// ---- Disk: an append of 200 bytes, a sync every ten.

void disk_append(benchmark::State& state) {
  FaultCounters counters;
  Kernel kernel;
  SimDisk disk(kernel, Streams(1), 1, counters);
  auto file = std::move(disk.open("log", Disk::Mode::kCreate)).value();
  const std::string record(200, 'r');
  std::uint64_t offset = 0;
  std::uint64_t count = 0;
  for (auto _ : state) {
    SYNCHRODB_ASSERT(file->write(offset, record).ok(), "the disk works");
    offset = (offset + record.size()) % (1 << 20);
    if (++count % 10 == 0) SYNCHRODB_ASSERT(file->sync().ok(), "the disk works");
  }
  kernel.shutdown();
}
BENCHMARK(disk_append);

}  // namespace
}  // namespace synchrodb::sim
