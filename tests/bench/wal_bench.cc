// What one write of the log costs, without the device.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <map>
#include <string>

#include "engine/storage/batch_builder.h"
#include "engine/storage/storage.h"

namespace synchrodb {
namespace {

// Takes everything and keeps one copy of each byte, as a page cache would.
class SinkFile : public File {
 public:
  explicit SinkFile(std::string& bytes) : bytes_(bytes) {}
  Result<> write(std::uint64_t offset, std::string_view bytes) override {
    if (bytes_.size() < offset + bytes.size()) bytes_.resize(offset + bytes.size());
    bytes.copy(bytes_.data() + offset, bytes.size());
    return {};
  }
  Result<std::string> read(std::uint64_t offset, std::size_t length) override {
    return offset < bytes_.size() ? bytes_.substr(offset, length) : std::string();
  }
  Result<> sync() override { return {}; }
  Result<> truncate(std::uint64_t size) override {
    bytes_.resize(size);
    return {};
  }
  Result<> preallocate(std::uint64_t size) override {
    bytes_.resize(std::max<std::size_t>(bytes_.size(), size));
    return {};
  }
  std::uint64_t size() const override { return bytes_.size(); }

 private:
  std::string& bytes_;
};

class SinkDisk : public Disk {
 public:
  Result<std::unique_ptr<File>> open(std::string_view name, Mode mode) override {
    auto it = files_.find(std::string(name));
    if (it == files_.end() && mode == Mode::kMustExist) return Error{ErrorCode::kNotFound, ""};
    return std::unique_ptr<File>(std::make_unique<SinkFile>(files_[std::string(name)]));
  }
  Result<std::vector<std::string>> list() override {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : files_) names.push_back(name);
    return names;
  }
  Result<> rename(std::string_view from, std::string_view to) override {
    auto node = files_.extract(std::string(from));
    node.key() = std::string(to);
    files_.insert(std::move(node));
    return {};
  }
  Result<> remove(std::string_view name) override {
    files_.erase(std::string(name));
    return {};
  }
  Result<> sync_directory() override { return {}; }

 private:
  std::map<std::string, std::string> files_;
};

class NoBuggify : public Buggify {
 public:
  bool buggify(const char*) override { return false; }
};

EntryRef entry(std::uint64_t index, std::size_t bytes) {
  return make_entry(Term{1}, Index{index}, EntryKind::kCommand, {}, std::string(bytes, 'x'));
}

// The formatter alone: records, sectors, checksums.
void BM_FormatBatch(benchmark::State& state) {
  const EntryRef e = entry(1, static_cast<std::size_t>(state.range(0)));
  storage::BatchBuilder builder;
  std::uint64_t sequence = 0;
  for (auto _ : state) {
    builder.clear();
    builder.entry(GroupId{1}, *e, Term{1});
    benchmark::DoNotOptimize(builder.seal(1, 1, sequence + 1, sequence).data());
    ++sequence;
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_FormatBatch)->Arg(100)->Arg(1'000)->Arg(64 * 1'024);

// Storage::write with `entries` entries of 100 bytes and no device, rotations included; a snapshot
// now and then lets segments be recycled.
void BM_WalAppend(benchmark::State& state) {
  constexpr std::uint64_t kWrites = 1'024;
  SinkDisk disk;
  NoBuggify buggify;
  Observer observer;
  auto storage = make_storage(disk, buggify, observer, {});
  if (!storage->recover()) return state.SkipWithError("recovery failed");
  const auto entries = static_cast<std::uint64_t>(state.range(0));
  std::uint64_t index = 0;
  std::vector<std::vector<GroupBatch>> writes(kWrites, std::vector<GroupBatch>(1));
  std::vector<StagedSnapshot> staged;
  for (auto _ : state) {
    state.PauseTiming();
    for (std::vector<GroupBatch>& batches : writes) {
      batches[0].group = GroupId{1};
      batches[0].batch.entries.clear();
      for (std::uint64_t i = 0; i < entries; ++i) {
        batches[0].batch.entries.push_back(entry(++index, 100));
      }
    }
    state.ResumeTiming();
    for (const std::vector<GroupBatch>& batches : writes) {
      if (!storage->write(batches, staged)) return state.SkipWithError("write failed");
    }
    state.PauseTiming();
    SnapshotMeta meta;
    meta.index = Index{index};
    meta.term = Term{1};
    if (!storage->begin_snapshot(GroupId{1}, meta) ||
        !storage->extend_snapshot(GroupId{1}, "state") || !storage->finish_snapshot(GroupId{1})) {
      return state.SkipWithError("snapshot failed");
    }
    state.ResumeTiming();
  }
  using benchmark::Counter;
  state.counters["write"] = Counter(static_cast<double>(state.iterations()) * kWrites,
                                    Counter::kIsRate | Counter::kInvert);
}
BENCHMARK(BM_WalAppend)->Arg(1)->Arg(16);

void BM_Recover(benchmark::State& state) {
  SinkDisk disk;
  NoBuggify buggify;
  Observer observer;
  auto storage = make_storage(disk, buggify, observer, {});
  if (!storage->recover()) return state.SkipWithError("recovery failed");
  std::vector<GroupBatch> batches(1);
  batches[0].group = GroupId{1};
  std::vector<StagedSnapshot> staged;
  for (std::uint64_t i = 1; i <= static_cast<std::uint64_t>(state.range(0)); ++i) {
    batches[0].batch.entries = {entry(i, 100)};
    if (!storage->write(batches, staged)) return state.SkipWithError("write failed");
  }
  for (auto _ : state) {
    storage = make_storage(disk, buggify, observer, {});
    benchmark::DoNotOptimize(storage->recover().ok());
  }
}
BENCHMARK(BM_Recover)->Arg(100)->Arg(10'000);

}  // namespace
}  // namespace synchrodb
