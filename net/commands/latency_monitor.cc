#include "net/commands/latency_monitor.h"

#include <algorithm>

namespace synchrodb::net {
namespace {

constexpr std::size_t kMostSamples = 160;

}  // namespace

void LatencyMonitor::add(std::string_view event, Duration elapsed, std::int64_t wall_seconds) {
  if (!is_spike(elapsed)) return;
  const std::int64_t ms = elapsed.ns / milliseconds(1).ns;
  auto at = events_.find(event);
  if (at == events_.end()) at = events_.emplace(std::string(event), Series()).first;
  Series& series = at->second;
  series.worst_ms = std::max(series.worst_ms, ms);
  if (!series.samples.empty() && series.samples.back().wall_seconds == wall_seconds) {
    series.samples.back().ms = std::max(series.samples.back().ms, ms);
    return;
  }
  if (series.samples.size() == kMostSamples) series.samples.erase(series.samples.begin());
  series.samples.push_back({wall_seconds, ms});
}

const LatencyMonitor::Series* LatencyMonitor::find(std::string_view event) const {
  const auto at = events_.find(event);
  return at == events_.end() ? nullptr : &at->second;
}

bool LatencyMonitor::reset(std::string_view event) {
  const auto at = events_.find(event);
  if (at == events_.end()) return false;
  events_.erase(at);
  return true;
}

std::size_t LatencyMonitor::reset_all() {
  const std::size_t count = events_.size();
  events_.clear();
  return count;
}

}  // namespace synchrodb::net
