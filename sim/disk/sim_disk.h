// A simulated disk: files in memory, with the failures of real ones (design 6.3).
//
// The fault model. A write goes to the page cache, in sectors of 512 bytes that are each written
// whole or not at all; a sync makes the file's sectors and size durable; names become durable by
// sync_directory(). A crash keeps of what was not durable nothing, a prefix in the order of
// writing, or an arbitrary subset of sectors (so that a write of many sectors is torn); of unsynced
// renames, creations and removals a prefix. Beyond that:
//   - bit rot: a durable sector reads wrong from some moment on, until it is written again
//   - a misdirected write: a sector lands in another sector's place; neither holds what it should
//   - a failed sync: the error is reported, and the dirty pages are dropped as if they were clean.
//     Reads may still show them, a later sync reports success, and a crash loses them (Rebello et
//     al., "Can applications recover from fsync failures?", USENIX ATC 2020)
//   - a lying sync: the same with success reported (beyond the budget)
//   - no space, input/output errors, latency, stalls
// All of these but the lying sync are detectable by checksums and honest error handling, while the
// log has the data elsewhere; the world keeps a budget of where they may strike, by damages().
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/env/disk.h"
#include "sim/disk/inode.h"
#include "sim/fault_counter.h"
#include "sim/kernel/kernel.h"
#include "sim/random/streams.h"

namespace synchrodb::sim {

// How long an operation takes: `min` plus an exponential of `mean`. Both zero: it does not park.
struct Latency {
  Duration min;
  Duration mean;
};

struct DiskOptions {
  Latency read;
  Latency write;
  Latency sync{microseconds(100), microseconds(100)};
  std::uint64_t capacity = 256 * 1024 * 1024;  // bytes of all files together
  // Faults, offered to each operation. ppm: parts per million.
  std::int64_t slow_percent = 100;  // of the latencies above (kDiskLatency when above 100)
  std::uint64_t stall_ppm = 0;      // an operation takes `stall` (mean of an exponential) longer
  Duration stall = milliseconds(200);
  std::uint64_t read_error_ppm = 0;
  std::uint64_t write_error_ppm = 0;
  std::uint64_t sync_failure_ppm = 0;
  std::uint64_t lying_sync_ppm = 0;
  std::uint64_t misdirect_ppm = 0;
};

enum class CrashMode : std::uint8_t { kLoseAll, kKeepPrefix, kKeepSubset };

struct CrashReport {
  std::size_t unsynced = 0;     // sector writes that were not durable
  std::size_t lost = 0;         // … of which these are gone
  std::size_t torn_writes = 0;  // writes of which some sectors survived and some did not
  std::size_t lost_names = 0;   // directory operations undone
};

// A sector that does not hold what it should.
struct Damage {
  FaultKind kind = FaultKind::kBitRot;  // kBitRot or kMisdirectedWrite
  std::string file;
  std::uint64_t offset = 0;  // of the sector
  TrueTime since;
};

class SimDisk final : public Disk {
 public:
  // `node` keys the random streams; all must outlive the disk. Operations park with true-time
  // latency when called from a fiber, and take no time on the event loop.
  SimDisk(Kernel& kernel, const Streams& streams, std::uint64_t node, FaultCounters& counters,
          DiskOptions options = {});
  ~SimDisk() override;

  // ---- The process's view. Any call between crash() and boot(), or on a File that was opened
  // before the last crash, fails an assertion.
  Result<std::unique_ptr<File>> open(std::string_view name, Mode mode) override;
  Result<std::vector<std::string>> list() override;
  Result<> rename(std::string_view from, std::string_view to) override;
  Result<> remove(std::string_view name) override;
  Result<> sync_directory() override;

  // ---- The world's view.
  // The options in force; changes apply to the operations that start afterwards.
  DiskOptions& options() { return options_; }

  // Power loss of the process's machine. What survives is drawn, by `mode` or a mode drawn as well.
  // Before Kernel::kill_owner(). `tear`: 512 or 4,096, the unit that survives or not as a whole.
  CrashReport crash(std::optional<CrashMode> mode = std::nullopt, std::uint32_t tear = 512);
  // kill -9: the process dies, the page cache lives. Nothing is lost.
  void detach();
  // The process starts anew and may use the disk again.
  void boot();
  bool attached() const { return attached_; }
  // Everything is gone, as on a new machine. Only between crash() and boot().
  void wipe();

  // Operations that start before `until` end after it.
  void stall_until(TrueTime until);
  // The next sync or write of the process fails so, once.
  void fail_next_sync() { fail_syncs_ = 1; }
  void lie_next_sync() { lie_syncs_ = 1; }
  void misdirect_next_write() { misdirect_writes_ = 1; }

  // Flips one bit in a durable, not empty sector of a file whose name contains `part`; nothing when
  // there is none. `from`: only at or above this offset.
  std::optional<Damage> rot(std::string_view part = "", std::uint64_t from = 0);
  // What is damaged now. Ended by overwriting the sector, removing the file, or heal().
  std::vector<Damage> damages() const;
  // Mends the damage that is younger than `age`, as if it had never happened; returns how many
  // sectors. The world calls it at a crash with the time that an acknowledgement may have been
  // under way: a misdirected write that hit the last batch, acknowledged by nobody, would otherwise
  // pass for an ordinary torn tail, and the budget could not tell.
  std::size_t heal_younger_than(Duration age);
  std::size_t heal_all();

  // Sector writes that a crash could lose now.
  std::size_t unsynced() const { return undo_.size(); }
  // Sum of the file sizes, as counted against the capacity.
  std::uint64_t bytes_used() const;
  // Memory held for contents, roughly.
  std::size_t memory() const;

 private:
  friend class SimFile;

  // Whether a sync dropped the write instead of making it durable: then a crash loses it for sure.
  enum class Doom : std::uint8_t { kNone, kFailedSync, kLyingSync };

  // What must be put back if a sector's write does not survive.
  struct Undo {
    std::shared_ptr<Inode> inode;
    std::uint64_t sector = 0;
    std::uint64_t write = 0;     // number of the write; several sectors may share one
    std::uint64_t old_size = 0;  // of the file, before that write
    Doom doom = Doom::kNone;
    bool size_only = false;  // no content: only the size changed
    SectorBytes old_bytes;
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>, std::less<>>;

  struct NameChange {
    void apply_to(Names& names) const;

    enum class Kind : std::uint8_t { kCreate, kRename, kRemove } kind;
    std::string name;
    std::string to;                // kRename
    std::shared_ptr<Inode> inode;  // kCreate
  };
  struct Wound {
    FaultKind kind;
    std::shared_ptr<Inode> inode;
    std::uint64_t sector;
    TrueTime since;
    std::uint64_t write = 0;  // that was misdirected
    bool missed = false;      // the write should have gone here, rather than: went here by mistake
    bool durable = true;      // false: that write is not synced, so that losing it is no damage yet
    bool seen = false;
    SectorBytes correct;
  };

  using SectorKey = std::pair<std::uint64_t, std::uint64_t>;  // inode number, sector

  void check_attached(std::uint64_t incarnation) const;
  // Waits as long as the operation takes.
  void delay(const Latency& latency, Stream& stream);
  bool strikes(FaultKind kind, std::uint64_t ppm, unsigned& forced, Stream& stream);

  Result<> write(const std::shared_ptr<Inode>& inode, std::uint64_t offset, std::string_view bytes);
  void write_sector(const std::shared_ptr<Inode>& inode, std::uint64_t sector, std::size_t from,
                    std::string_view bytes, std::uint64_t write);
  void push_undo(const std::shared_ptr<Inode>& inode, std::uint64_t sector, std::uint64_t write);
  void push_size_undo(const std::shared_ptr<Inode>& inode, std::uint64_t write);
  bool misdirect(const std::shared_ptr<Inode>& inode, std::uint64_t sector, std::size_t from,
                 std::string_view bytes, std::uint64_t write);
  Result<std::string> read(const Inode& inode, std::uint64_t offset, std::size_t length);
  Result<> sync(const Inode& inode);
  Result<> resize(const std::shared_ptr<Inode>& inode, std::uint64_t size);

  void make_durable(const Inode& inode, std::uint64_t before_write);
  void doom(const Inode& inode, std::uint64_t before_write, Doom how);
  void revert_now(const Inode& inode, std::uint64_t before_write);
  // Which of undo_ survive a crash.
  std::vector<bool> survivors(CrashMode mode, std::uint32_t tear);
  std::vector<bool> surviving_prefix(std::uint32_t tear);
  std::vector<bool> surviving_subset(std::uint32_t tear);
  CrashReport lose_writes(CrashMode mode, std::uint32_t tear);
  void settle_sizes(CrashMode mode, const std::vector<bool>& survives);
  std::size_t lose_names(CrashMode mode);

  void write_over_wounds(Inode& inode, std::uint64_t sector, std::size_t from,
                         std::string_view bytes);
  void note_read_of_wounds(const Inode& inode, std::uint64_t offset, std::size_t length);
  void settle_wounds_after_crash();
  void heal_wound(const Wound& wound);
  void forget_lost_files();
  // Sectors that hold something, are durable and undamaged: fit for damage.
  std::vector<std::uint64_t> sound_sectors(const Inode& inode, std::uint64_t from) const;
  bool alive(const Inode& inode) const;
  std::string name_of_inode(const Inode& inode) const;
  void feed(unsigned operation, std::uint64_t detail);

  Kernel& kernel_;
  std::uint64_t node_;
  FaultCounters& counters_;
  DiskOptions options_;

  Stream read_latency_;
  Stream write_latency_;
  Stream sync_latency_;
  Stream stalls_;
  Stream errors_;
  Stream sync_faults_;
  Stream misdirections_;
  Stream crashes_;
  Stream rots_;

  BlockPool blocks_;  // before the inodes, which return their blocks to it
  Names names_;       // as the process sees them
  Names durable_names_;
  std::vector<NameChange> name_changes_;  // not durable yet, in order
  std::vector<Undo> undo_;                // in the order of writing
  std::vector<Wound> wounds_;
  std::uint64_t next_write_ = 1;
  std::uint64_t next_inode_ = 1;
  std::uint64_t incarnation_ = 1;
  bool attached_ = true;
  TrueTime stalled_until_;
  unsigned fail_syncs_ = 0;
  unsigned lie_syncs_ = 0;
  unsigned misdirect_writes_ = 0;
};

}  // namespace synchrodb::sim
