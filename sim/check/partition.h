// Splits a history by key.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/check/history.h"

namespace synchrodb::check {

// Operations and events of each key, in order. O(events): event numbers are dense.
class Partition {
 public:
  explicit Partition(const History& history);

  std::span<const OperationId> operations(KeyId key) const {
    return std::span(operations_).subspan(starts_[key], starts_[key + 1] - starts_[key]);
  }
  // 2 * position among the key's operations, + 1 for the completion.
  std::span<const std::uint32_t> events(KeyId key) const {
    return std::span(events_).subspan(event_starts_[key],
                                      event_starts_[key + 1] - event_starts_[key]);
  }

 private:
  std::vector<OperationId> operations_;
  std::vector<std::uint32_t> events_;
  std::vector<std::size_t> starts_;
  std::vector<std::size_t> event_starts_;
};

}  // namespace synchrodb::check
