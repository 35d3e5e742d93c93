#include "engine/replica/snapshot_intake.h"

#include <algorithm>
#include <utility>

namespace synchrodb {

SnapshotIntake::SnapshotIntake(SnapshotMeta meta, std::uint64_t total)
    : meta_(std::move(meta)), total_(total) {
  state_.begin_restore();
}

void SnapshotIntake::add(std::string_view bytes) {
  const std::uint64_t state_bytes = total_ - std::min<std::uint64_t>(total_, kSealBytes);
  const std::uint64_t left = state_bytes - std::min(state_bytes, received_);
  const std::string_view state =
      bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left, bytes.size())));
  received_ += bytes.size();
  claimed_.append(bytes.substr(state.size()));
  seal_.add(state);
  if (decoded_) decoded_ = state_.restore_piece(state);
}

Result<> SnapshotIntake::finish() {
  if (received_ != total_ || claimed_ != seal_.bytes()) {
    return Error{ErrorCode::kCorrupt, "the snapshot's seal is broken"};
  }
  return decoded_ ? state_.finish_restore() : decoded_;
}

}  // namespace synchrodb
