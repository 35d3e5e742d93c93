#include "tests/fuzz/support/recovery.h"

#include <map>

#include "engine/storage/group_log.h"
#include "tests/engine/support/storage_model.h"

namespace synchrodb::fuzz {
namespace {

using Recovered = std::map<GroupId, DurableState>;

StorageOptions small_segments() {
  StorageOptions options;
  options.segment_bytes = 8 * 512;
  return options;
}

void check_sense(const Recovered& recovered, Storage& storage) {
  for (const auto& [id, state] : recovered) {
    Index last = state.snapshot ? state.snapshot->index : Index{};
    for (const EntryRef& entry : state.entries) {
      SYNCHRODB_ASSERT(entry->index() == last.next(), "a gap in the log");
      last = entry->index();
    }
    SYNCHRODB_ASSERT(!state.fault || state.fault->intact == last, "a fault that is not at the end");
    SYNCHRODB_ASSERT(!state.snapshot || testing::read_snapshot(storage, id).ok(),
                     "a snapshot that was recovered and cannot be read");
  }
}

// Storage forgets a fault that the hard state remembers, once it has told it.
void check_same_fault(const DurableState& before, const DurableState& after) {
  SYNCHRODB_ASSERT(before.fault || !after.fault, "a restart finds damage that was not there");
  if (!before.fault) return;
  const storage::FaultBound bound{before.fault->lost_term, before.fault->lost_index};
  SYNCHRODB_ASSERT(after.fault || storage::remembers(before.hard_state, bound),
                   "a restart forgets what is damaged");
}

void check_same(const Recovered& a, const Recovered& b) {
  SYNCHRODB_ASSERT(a.size() == b.size(), "a restart changes which groups there are");
  for (const auto& [id, before] : a) {
    const auto found = b.find(id);
    SYNCHRODB_ASSERT(found != b.end(), "a restart loses a group");
    const DurableState& after = found->second;
    SYNCHRODB_ASSERT(before.hard_state == after.hard_state, "a restart changes the hard state");
    SYNCHRODB_ASSERT(before.snapshot == after.snapshot, "a restart changes the snapshot");
    check_same_fault(before, after);
    SYNCHRODB_ASSERT(testing::same_entries(before.entries, after.entries),
                     "a restart changes the log");
  }
}

}  // namespace

void check_recovery(testing::MemoryDisk disk) {
  testing::StorageDriver driver(disk, 1, small_segments(), false);
  const Result<Recovered> first = driver.open();
  if (!first) return;
  check_sense(first.value(), driver.storage());
  disk.crash([] { return false; });
  const Result<Recovered> second = driver.open();
  SYNCHRODB_ASSERT(second.ok(), "a node recovers once and never again");
  check_same(first.value(), second.value());
}

testing::MemoryDisk small_node() {
  testing::MemoryDisk disk;
  testing::StorageDriver driver(disk, 1, small_segments(), false);
  SYNCHRODB_ASSERT(driver.open().ok(), "an empty disk");
  GroupBatch work;
  work.group = GroupId{1};
  work.batch.hard_state = HardState{Term{2}, NodeId{1}};
  work.batch.id = IoId{1};
  for (std::uint64_t i = 1; i <= 10; ++i) {
    work.batch.entries.push_back(testing::test_entry(GroupId{1}, Term{2}, Index{i}, 20));
  }
  std::vector<StagedSnapshot> staged;
  SYNCHRODB_ASSERT(driver.storage().write({work}, staged).ok(), "a sound disk");
  disk.crash([] { return true; });
  return disk;
}

}  // namespace synchrodb::fuzz
