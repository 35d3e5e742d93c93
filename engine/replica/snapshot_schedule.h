// When a snapshot pays.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace synchrodb {

struct SnapshotPolicy {
  // A snapshot is due once this many bytes of entries have been applied since the last one was
  // begun, but never before ...
  std::size_t every_bytes = 256 * 1024;
  // ... the log has grown to this share of the last snapshot's size. It bounds how often a large
  // state is written, and gives whoever receives one the time to have it whole before a newer one
  // replaces it.
  unsigned growth_percent = 25;
};

class SnapshotSchedule {
 public:
  explicit SnapshotSchedule(const SnapshotPolicy& policy) : policy_(policy) {}

  void applied(std::size_t bytes) { bytes_since_ += bytes; }
  // One is being made.
  void begun() { bytes_since_ = 0; }
  // One of this size became the current one.
  void became_current(std::uint64_t bytes) { size_ = bytes; }

  bool due() const {
    const std::uint64_t share = size_ / 100 * policy_.growth_percent;
    return bytes_since_ >= std::max<std::uint64_t>(policy_.every_bytes, share);
  }

 private:
  SnapshotPolicy policy_;
  std::uint64_t bytes_since_ = 0;
  std::uint64_t size_ = 0;
};

}  // namespace synchrodb
