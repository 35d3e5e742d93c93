#include "sim/check/partition.h"

namespace synchrodb::check {

Partition::Partition(const History& history) {
  constexpr std::uint32_t kNothing = ~std::uint32_t{0};
  const std::size_t keys = history.key_count();
  starts_.assign(keys + 1, 0);
  event_starts_.assign(keys + 1, 0);
  std::vector<std::uint32_t> by_order(history.event_count(), kNothing);
  for (OperationId id = 0; id < history.size(); ++id) {
    const Operation& operation = history[id];
    ++starts_[operation.key + 1];
    ++event_starts_[operation.key + 1];
    by_order[operation.invoke_order] = 2 * id;
    if (operation.complete_order == kNeverCompleted) continue;
    ++event_starts_[operation.key + 1];
    by_order[operation.complete_order] = 2 * id + 1;
  }
  for (std::size_t key = 0; key < keys; ++key) {
    starts_[key + 1] += starts_[key];
    event_starts_[key + 1] += event_starts_[key];
  }
  operations_.resize(history.size());
  events_.resize(event_starts_[keys]);
  std::vector<std::size_t> next(starts_.begin(), starts_.end() - 1);
  std::vector<std::size_t> next_event(event_starts_.begin(), event_starts_.end() - 1);
  std::vector<std::uint32_t> position(history.size());
  for (const std::uint32_t event : by_order) {
    if (event == kNothing) continue;
    const OperationId id = event / 2;
    const KeyId key = history[id].key;
    if ((event & 1) == 0) {
      position[id] = static_cast<std::uint32_t>(next[key] - starts_[key]);
      operations_[next[key]++] = id;
    }
    events_[next_event[key]++] = 2 * position[id] + (event & 1);
  }
}

}  // namespace synchrodb::check
