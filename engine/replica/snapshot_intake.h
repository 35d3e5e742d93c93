// A sealed snapshot that arrives in pieces, from a peer or from the disk, and becomes a state
// machine on the way: neither its bytes nor the time to decode them gather anywhere.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "consensus/message.h"
#include "engine/kv/state_machine.h"
#include "engine/replica/snapshot_seal.h"

namespace synchrodb {

class SnapshotIntake {
 public:
  SnapshotIntake() = default;  // of no snapshot
  // `total`: bytes of the whole, with the seal.
  SnapshotIntake(SnapshotMeta meta, std::uint64_t total);

  const SnapshotMeta& meta() const { return meta_; }
  std::uint64_t received() const { return received_; }
  // The bytes after those received.
  void add(std::string_view bytes);
  // All bytes are there: whether they were what their seal says, and a state.
  Result<> finish();
  // After finish() was ok; or to be dismantled.
  StateMachine take_state() { return std::move(state_); }

 private:
  SnapshotMeta meta_;
  std::uint64_t total_ = 0;
  std::uint64_t received_ = 0;
  StateMachine state_;
  SnapshotSeal seal_;
  std::string claimed_;  // the seal that came with the state
  Result<> decoded_;
};

}  // namespace synchrodb
