// Random work for a storage, and a model of what it must give back.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/storage/storage.h"
#include "tests/engine/support/memory_disk.h"

namespace synchrodb::testing {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15ULL + 1) {}
  std::uint64_t next();
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

 private:
  std::uint64_t state_;
};

class RandomBuggify : public Buggify {
 public:
  RandomBuggify(std::uint64_t seed, bool active) : dice_(seed), active_(active) {}
  bool buggify(const char*) override { return active_ && dice_.one_in(4); }

 private:
  Dice dice_;
  bool active_;
};

// Counts what storage finds worth a mark.
class MarkCounter : public Observer {
 public:
  void on_mark(const char* mark) override { ++marks[mark]; }
  std::map<std::string, int> marks;
};

// The state of one group as the model has it.
struct GroupModel {
  HardState hard_state;
  std::optional<SnapshotMeta> snapshot;
  Index base;  // the log's entries follow it
  Term base_term;
  std::vector<EntryRef> entries;
  Index commit;  // nothing at or below is ever replaced

  Index last() const { return Index{base.value + entries.size()}; }
  Term last_term() const { return entries.empty() ? base_term : entries.back()->term(); }
  std::optional<Term> term_at(Index index) const;
  void append(const EntryRef& entry);
  // What recovery gives of this log on top of `snapshot`: the entries after it, if the log agrees
  // with it.
  std::vector<EntryRef> view(const std::optional<SnapshotMeta>& snapshot) const;
};
using Model = std::map<GroupId, GroupModel>;

SnapshotMeta snapshot_meta(Index index, Term term);
// The one state that belongs to a snapshot in these tests.
std::string snapshot_state(GroupId group, const SnapshotMeta& meta);
EntryRef test_entry(GroupId group, Term term, Index index, std::size_t payload_bytes);
// A whole snapshot at once, in pieces of `piece_bytes`.
Result<> save_snapshot(Storage& storage, GroupId group, const SnapshotMeta& meta,
                       std::string_view state, std::size_t piece_bytes = 64 * 1024);
// The state of the current snapshot.
Result<std::string> read_snapshot(Storage& storage, GroupId group);
// Makes the model what was recovered.
Model model_of(const std::map<GroupId, DurableState>& recovered);
bool same_entries(const std::vector<EntryRef>& a, const std::vector<EntryRef>& b);

// Drives a storage with work as a Raft core would, and follows in the model. `before` is the state
// that was acknowledged; `after` what the operation under way would make of it.
class StorageDriver {
 public:
  StorageDriver(MemoryDisk& disk, std::uint64_t seed, StorageOptions options, bool buggify);

  // Makes a new storage over the disk and recovers it.
  Result<std::map<GroupId, DurableState>> open();
  // One random operation; `after` becomes `before` if it succeeds.
  Result<> step();
  Result<> confirm();

  Storage& storage() { return *storage_; }
  Model before;
  Model after;
  MarkCounter observer;
  std::map<GroupId, std::set<std::uint64_t>> ever;  // digests of all entries ever written

 private:
  Result<> write(std::vector<GroupBatch> batches);
  GroupBatch random_batch();
  Result<> random_write();
  Result<> random_save();
  Result<> random_install();

  MemoryDisk& disk_;
  Dice dice_;
  StorageOptions options_;
  RandomBuggify buggify_;
  std::unique_ptr<Storage> storage_;
  std::uint64_t next_io_ = 0;
};

// Empty if `recovered` is one of the states that a crash amid an operation may leave; otherwise
// what is wrong with it.
std::string disagreement(const Model& before, const Model& after,
                         const std::map<GroupId, DurableState>& recovered, Storage& storage);

}  // namespace synchrodb::testing
