// A node's snapshot on its way to an operator, piece by piece: what a backup is made of.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/storage/storage.h"
#include "net/disk/fiber_mutex.h"
#include "net/server/server_parts.h"

namespace synchrodb::net {

// Makes a snapshot of what `replica` has applied, and waits until it is durable. Parks.
void take_snapshot(Loop& loop, Replica& replica);

// One operator's, from any of its fibers. It holds the snapshot that it reads from: newer ones do
// not disturb it. What cannot be answered is thrown, as a kj::Exception that says why.
class SnapshotDownload {
 public:
  struct Piece {
    std::uint64_t index = 0;
    std::uint64_t total = 0;
    std::string bytes;  // empty at the end
  };

  explicit SnapshotDownload(const ServerParts& parts) : parts_(parts), turn_(parts.loop) {}

  // `index` 0: of the newest snapshot, which is made if there is none. Later calls name the one
  // that they got; another than that and the newest is gone. Parks.
  Piece read(std::uint64_t index, std::uint64_t offset);

 private:
  void open(std::uint64_t index);

  const ServerParts& parts_;
  FiberMutex turn_;  // a reader is one fiber's at a time
  std::unique_ptr<SnapshotReader> reader_;
};

}  // namespace synchrodb::net
