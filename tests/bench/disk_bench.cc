// What the way through the loop costs a write and its sync, beside the same system calls alone; and
// what a snapshot that is being written does to the log's syncs. In the folder for temporary files,
// which should be on the disk that is meant (TMPDIR).
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/env/sync.h"
#include "net/disk/directory_disk.h"
#include "net/loop/loop.h"

namespace synchrodb::net {
namespace {

constexpr std::uint64_t kSegment = 32 * 1024 * 1024;

class BenchFolder {
 public:
  BenchFolder() {
    std::string pattern = std::filesystem::temp_directory_path() / "synchrodb-bench-XXXXXX";
    path = ::mkdtemp(pattern.data());
  }
  ~BenchFolder() { std::filesystem::remove_all(path); }
  std::string path;
};

// Times of one thing, in microseconds.
class Times {
 public:
  template <class Call>
  void measure(Call call) {
    const Instant before = monotonic_now();
    call();
    times_.push_back(static_cast<double>((monotonic_now() - before).ns) / 1e3);
  }
  double at(double quantile) {
    if (times_.empty()) return 0;
    std::sort(times_.begin(), times_.end());
    return times_[static_cast<std::size_t>(quantile * static_cast<double>(times_.size() - 1))];
  }

 private:
  std::vector<double> times_;
};

// Where the next write goes: on and on through a recycled segment.
class Position {
 public:
  explicit Position(std::size_t step) : step_(step) {}
  std::uint64_t next() { return at_ = (at_ + step_) % (kSegment - step_); }

 private:
  std::size_t step_;
  std::uint64_t at_ = 0;
};

// A file whose blocks have all been written once.
Descriptor recycled_segment(const std::string& path) {
  Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd || write_fully(fd.get(), 0, std::string(kSegment, 'x')) != 0 ||
      synchronise(fd.get()) != 0) {
    std::abort();
  }
  return fd;
}

// Each kind in turn, so that all of them see the same disk.
//   raw        pwrite and fdatasync, on this thread, which blocks
//   inline     pwrite on this thread, fdatasync beside the loop
//   two_trips  both beside the loop, one after the other
//   disk       File::write and File::sync of a DirectoryDisk
void BM_WriteAndSync(benchmark::State& state) {
  const std::string bytes(static_cast<std::size_t>(state.range(0)), 'y');
  const BenchFolder folder;
  Times raw, inline_write, two_trips, disk_times;
  Loop loop;
  loop.run([&] {
    auto disk = DirectoryDisk::open(loop, folder.path).value();
    const Descriptor fd = recycled_segment(folder.path + "/raw");
    recycled_segment(folder.path + "/wal-1");
    auto file = disk->open("wal-1", Disk::Mode::kMustExist).value();
    WorkerThread thread("bench");
    Position position(bytes.size());
    bool good = true;
    for (auto _ : state) {
      const std::uint64_t at = position.next();
      const auto write = [&] { good &= write_fully(fd.get(), at, bytes) == 0; };
      const auto sync = [&] { good &= synchronise(fd.get()) == 0; };
      raw.measure([&] { write(), sync(); });
      inline_write.measure([&] { write(), loop.beside(thread, sync); });
      two_trips.measure([&] { loop.beside(thread, write), loop.beside(thread, sync); });
      disk_times.measure([&] { good &= file->write(at, bytes) && file->sync(); });
    }
    if (!good) std::abort();
    file.reset();
    loop.stop();
  });
  state.counters["raw_us"] = raw.at(0.5);
  state.counters["inline_us"] = inline_write.at(0.5);
  state.counters["two_trips_us"] = two_trips.at(0.5);
  state.counters["disk_us"] = disk_times.at(0.5);
  state.counters["disk_p99_us"] = disk_times.at(0.99);
  state.counters["raw_p99_us"] = raw.at(0.99);
  state.counters["ratio"] = disk_times.at(0.5) / raw.at(0.5);
}
BENCHMARK(BM_WriteAndSync)->Arg(4 * 1024)->Arg(64 * 1024)->Iterations(1'000)->UseRealTime();

// 4 KiB into the log, over and over, while a snapshot is written (1) or not (0). `stall`: the
// longest time for which another fiber, which sleeps a millisecond at a time, was kept waiting.
void BM_LogDuringSnapshot(benchmark::State& state) {
  const BenchFolder folder;
  const std::string snapshot(256 * 1024 * 1024, 's');
  Times log_times, ticks;
  Loop loop;
  loop.run([&] {
    auto disk = DirectoryDisk::open(loop, folder.path).value();
    recycled_segment(folder.path + "/wal-1");
    auto log = disk->open("wal-1", Disk::Mode::kMustExist).value();
    bool ending = false;
    int running = 1;
    loop.spawn("ticks", [&] {
      while (!ending) ticks.measure([&] { sleep_until(loop, monotonic_now() + milliseconds(1)); });
      --running;
    });
    if (state.range(0) == 1) {
      ++running;
      loop.spawn("snapshot", [&] {
        while (!ending) {
          auto file = disk->open("saving-1", Disk::Mode::kCreate).value();
          if (!file->truncate(0) || !file->write(0, snapshot) || !file->sync()) std::abort();
        }
        --running;
      });
    }
    const std::string bytes(4096, 'y');
    Position position(bytes.size());
    for (auto _ : state) {
      log_times.measure([&] {
        if (!log->write(position.next(), bytes) || !log->sync()) std::abort();
      });
    }
    ending = true;
    while (running > 0) sleep_until(loop, monotonic_now() + milliseconds(1));
    log.reset();
    loop.stop();
  });
  state.counters["p50_us"] = log_times.at(0.5);
  state.counters["p99_us"] = log_times.at(0.99);
  state.counters["max_us"] = log_times.at(1);
  state.counters["stall_us"] = ticks.at(1) - 1'000;
}
BENCHMARK(BM_LogDuringSnapshot)->Arg(0)->Arg(1)->Iterations(2'000)->UseRealTime();

}  // namespace
}  // namespace synchrodb::net
