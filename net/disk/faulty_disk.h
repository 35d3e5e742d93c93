// A disk whose power can fail, and which can be slow, full or broken, on top of a real one. For
// servers started with --enable-fault-injection.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/env/disk.h"
#include "net/disk/fiber_mutex.h"
#include "net/disk/memory_disk.h"
#include "net/disk/unsynced_file.h"

namespace synchrodb::net {

// As in engine/wire/administration.capnp. The default: nothing is wrong.
struct DiskFault {
  Duration sync_delay = {};  // added to every sync, of files and of the directory
  // The bytes that write() and preallocate() may still take; whatever goes beyond is refused with
  // kNoSpace. Overwriting counts, so that 0 shows at once. Nothing: as many as the disk below
  // takes.
  std::optional<std::uint64_t> room = {};
  bool fail_syncs = false;  // kIo; for each file that is struck this is final
  bool lie = false;         // syncs report success and make nothing durable
};

// Power loss: whatever the seam does not promise to be durable is in this process's memory alone,
// so that kill -9 loses it, to the byte:
//   - writes, truncations and preallocations of a file until its sync() has passed them on;
//   - creations, renames and removals until sync_directory() has. The contents of a file whose name
//     is not durable are lost with it, synced or not, and are held in memory as well.
// Reads, list() and size() see everything. So does nobody who looks at the disk below.
//
// All calls come from fibers. Files are gone before the disk, and the disk before the one below.
class FaultyDisk final : public Disk {
 public:
  FaultyDisk(Fibers& fibers, Disk& below) : fibers_(fibers), below_(below), turn_(fibers) {}

  // From now on, also for calls that wait in a delay. From any fiber or callback of the loop.
  void set_fault(const DiskFault& fault) { fault_ = fault; }
  const DiskFault& fault() const { return fault_; }

  // What a power failure would take now: bytes written, and names changed.
  std::uint64_t unsynced_bytes() const;
  std::size_t unsynced_names() const { return changes_.size(); }

  Result<std::unique_ptr<File>> open(std::string_view name, Mode mode) override;
  Result<std::vector<std::string>> list() override;
  Result<> rename(std::string_view from, std::string_view to) override;
  Result<> remove(std::string_view name) override;
  Result<> sync_directory() override;

 private:
  friend class FaultyFile;

  struct Entry {
    std::shared_ptr<UnsyncedFile> file;  // null: on the disk below and not opened yet
    std::string name_below;              // empty: not there yet
  };
  using EntryPtr = std::shared_ptr<Entry>;

  struct NameChange {
    std::string from;  // empty: creation
    std::string to;    // empty: removal
    EntryPtr entry;
  };

  Result<> load();
  EntryPtr create(std::string_view name);
  Result<> open_below(Entry& entry);
  Result<> apply(const NameChange& change);
  enum class Sync { kHonest, kFails, kLies };
  // Waits as long as a sync is to take, and says what becomes of it.
  Sync begin_sync();
  Result<> take_room(std::uint64_t bytes);

  Fibers& fibers_;
  Disk& below_;
  DiskFault fault_;
  MemoryDisk nameless_;
  bool loaded_ = false;
  std::map<std::string, EntryPtr, std::less<>> names_;
  std::deque<NameChange> changes_;
  std::optional<Error> failed_;
  FiberMutex turn_;  // of what touches the directory below
};

}  // namespace synchrodb::net
