// The real disk: files in one folder, which belongs to one process.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/env/disk.h"
#include "net/disk/open_file.h"
#include "net/loop/loop.h"

namespace synchrodb::net {

// Calls come from the loop's fibers and park: every system call is made on one of two threads
// beside the loop, so that a slow disk stalls nothing but those who wait for it. One thread is for
// snapshots (is_bulk), the other for the log and all else: a snapshot of gigabytes does not keep
// the log's next sync waiting.
//
// Errors name the operation, the file, the folder and what the system said. After a failed sync
// every later write, sync, truncation or preallocation of that file fails too, through whichever
// handle and as long as the disk lives; likewise sync_directory().
class DirectoryDisk final : public Disk {
 public:
  // Makes the folder (mode 0700) if it is absent but its parent is not, and locks it until the disk
  // is destroyed. kUnavailable when another process has it, whose id the error tells. Blocks, and
  // needs no fiber: for the start of a process.
  static Result<std::unique_ptr<DirectoryDisk>> open(Loop& loop, const std::string& folder);

  // Every File is gone by now. Writes that were never synced are passed on to the kernel.
  ~DirectoryDisk() override;

  Result<std::unique_ptr<File>> open(std::string_view name, Mode mode) override;
  // Regular files only, and none that open() would refuse to name.
  Result<std::vector<std::string>> list() override;
  Result<> rename(std::string_view from, std::string_view to) override;
  Result<> remove(std::string_view name) override;
  Result<> sync_directory() override;

  const std::string& folder() const { return folder_; }

 private:
  friend class DirectoryFile;
  using InodeNumber = std::uint64_t;

  DirectoryDisk(Loop& loop, std::string folder, Descriptor directory, Descriptor lock);

  DiskLane& lane_of(std::string_view name);
  void release(InodeNumber number);
  // The file has lost its name.
  void forget(InodeNumber number);
  Error error(std::string_view operation, std::string_view name, int number) const;

  Loop& loop_;
  std::string folder_;
  Descriptor lock_;
  Descriptor directory_;
  DiskLane log_{"disk-log"};
  DiskLane bulk_{"disk-bulk"};
  // What is open or must stay so. By inode: a name may change, and a number cannot be used anew
  // while we hold a descriptor of it.
  std::map<InodeNumber, std::unique_ptr<OpenFile>> files_;
  std::optional<Error> directory_failed_;
};

}  // namespace synchrodb::net
