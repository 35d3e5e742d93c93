#include "net/server/snapshot_download.h"

#include <utility>

#include "engine/env/sync.h"
#include "net/loop/refusal.h"

namespace synchrodb::net {
namespace {

constexpr std::size_t kPieceBytes = 256 * 1024;
constexpr Duration kLook = milliseconds(10);

}  // namespace

void take_snapshot(Loop& loop, Replica& replica) {
  const Index wanted = replica.state_machine().applied();
  if (replica.snapshot_index() >= wanted) return;
  replica.request_snapshot();
  while (replica.snapshot_index() < wanted) sleep_until(loop, monotonic_now() + kLook);
}

void SnapshotDownload::open(std::uint64_t index) {
  Replica* replica = parts_.replica();
  require(replica != nullptr, "the node is recovering: try again in a moment");
  if (!replica->snapshot_index()) {
    require(static_cast<bool>(replica->state_machine().applied()),
            "the node holds nothing yet: no snapshot can be made");
    take_snapshot(parts_.loop, *replica);
  }
  Result<std::unique_ptr<SnapshotReader>> opened = replica->open_snapshot();
  if (!opened) refuse(opened.error().message);
  if (index != 0 && opened.value()->meta().index.value != index) {
    refuse("snapshot " + std::to_string(index) +
           " is gone, a newer one has replaced it: begin again with index 0");
  }
  reader_ = std::move(opened).value();
}

SnapshotDownload::Piece SnapshotDownload::read(std::uint64_t index, std::uint64_t offset) {
  const FiberMutex::Lock lock(turn_);
  if (index == 0 || reader_ == nullptr || reader_->meta().index.value != index) {
    require(index != 0 || offset == 0, "only a snapshot's beginning can be read without naming it");
    open(index);
  }
  if (offset > reader_->size()) {
    refuse("the snapshot has " + std::to_string(reader_->size()) +
           " bytes: it does not reach that far, to " + std::to_string(offset));
  }
  Result<std::string> bytes = reader_->read(offset, kPieceBytes);
  if (!bytes) {
    reader_.reset();
    refuse(
        "the snapshot on this node's disk is damaged: back up another node, or take a new snapshot "
        "first (" +
        bytes.error().message + ")");
  }
  return {reader_->meta().index.value, reader_->size(), std::move(bytes).value()};
}

}  // namespace synchrodb::net
