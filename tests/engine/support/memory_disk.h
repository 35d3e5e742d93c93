// A disk in memory whose crashes the test decides, sector by sector.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/env/disk.h"

namespace synchrodb::testing {

// Every call that changes something is an effect, numbered from 1. Before effect number `fail_at`
// the disk can fail, once or for good. crash() then decides what of the unsynced state survives.
class MemoryDisk : public Disk {
 public:
  MemoryDisk() = default;
  // A deep copy, unsynced state included. Open files belong to the disk that opened them.
  MemoryDisk(const MemoryDisk& other);
  MemoryDisk& operator=(const MemoryDisk& other);
  MemoryDisk(MemoryDisk&&) = default;
  MemoryDisk& operator=(MemoryDisk&&) = default;

  Result<std::unique_ptr<File>> open(std::string_view name, Mode mode) override;
  Result<std::vector<std::string>> list() override;
  Result<> rename(std::string_view from, std::string_view to) override;
  Result<> remove(std::string_view name) override;
  Result<> sync_directory() override;

  std::uint64_t effects() const { return effects_; }
  // Effect `number` fails with `code` and does nothing, but that a failed sync drops the dirty
  // pages as if they were clean (Rebello et al., USENIX ATC 2020); so do all later ones and all
  // reads, if `for_good`.
  void fail_at(std::uint64_t number, ErrorCode code, bool for_good);
  void forget_failures();

  // How many items (sectors, sizes, directory operations) are not synced.
  std::size_t unsynced() const;
  // The power fails: `keep` is asked for each unsynced item, in a fixed order, whether it survived.
  void crash(const std::function<bool()>& keep);

  // The bytes that reads see, to look at and to damage (a damage is durable at once).
  std::string contents(const std::string& name) const;
  void set_contents(const std::string& name, std::string bytes);
  void flip_bit(const std::string& name, std::uint64_t bit);
  // From now on the device cannot read this sector, until it is written.
  void make_unreadable(const std::string& name, std::uint64_t sector);
  std::vector<std::string> names() const;
  void erase(const std::string& name);

  struct Inode {
    std::string durable;
    std::string visible;
    std::set<std::uint64_t> dirty;       // sectors
    std::set<std::uint64_t> unreadable;  // sectors

    // Makes a sector durable as it is visible.
    void settle(std::uint64_t sector);
  };

 private:
  friend class MemoryFile;
  struct DirectoryOperation {
    std::string from;  // empty: creation
    std::string to;    // empty: removal
    std::shared_ptr<Inode> inode;
  };

  // Counts an effect; an error if it is to fail.
  Result<> effect();
  Result<> check_alive() const;

  std::map<std::string, std::shared_ptr<Inode>, std::less<>> durable_;
  std::map<std::string, std::shared_ptr<Inode>, std::less<>> visible_;
  std::vector<DirectoryOperation> pending_;
  std::uint64_t effects_ = 0;
  std::uint64_t fail_at_ = 0;
  ErrorCode failure_ = ErrorCode::kIo;
  bool for_good_ = false;
  bool dead_ = false;
};

}  // namespace synchrodb::testing
