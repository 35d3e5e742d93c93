// A disk in this process's memory, for servers that keep nothing (`--persistence none`).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/env/disk.h"

namespace synchrodb::net {

// Everything is as durable as it will ever be: syncs are free, calls do not park, nothing fails,
// and all is gone with the disk. Memory is taken block by block as it is written, so that a
// preallocated segment of the log costs nothing until it is used.
//
// One thread. Files may outlive their names, as on any disk, and outlive the disk.
class MemoryDisk final : public Disk {
 public:
  Result<std::unique_ptr<File>> open(std::string_view name, Mode mode) override;
  Result<std::vector<std::string>> list() override;
  Result<> rename(std::string_view from, std::string_view to) override;
  Result<> remove(std::string_view name) override;
  Result<> sync_directory() override { return {}; }

  // Bytes held for contents, in whole blocks.
  std::size_t memory() const;

  class Contents;

 private:
  std::map<std::string, std::shared_ptr<Contents>, std::less<>> files_;
};

}  // namespace synchrodb::net
