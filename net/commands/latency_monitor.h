// LATENCY: for each kind of event, the latest times that it took longer than a threshold.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "consensus/types.h"

namespace synchrodb::net {

class LatencyMonitor {
 public:
  struct Sample {
    std::int64_t wall_seconds;
    std::int64_t ms;
  };
  // At most 160 samples, one a second: the worst of it.
  struct Series {
    std::vector<Sample> samples;  // the oldest first
    std::int64_t worst_ms = 0;    // of all time, until reset()
  };

  // Zero: nothing is recorded.
  void set_threshold_ms(std::int64_t threshold) { threshold_ms_ = threshold; }
  std::int64_t threshold_ms() const { return threshold_ms_; }

  bool is_spike(Duration elapsed) const {
    return threshold_ms_ > 0 && elapsed >= milliseconds(threshold_ms_);
  }
  // Records it if it is a spike. Events have names of the code's own making, so their number is
  // bounded: "command", "fast-command", "fdatasync", "snapshot" ...
  void add(std::string_view event, Duration elapsed, std::int64_t wall_seconds);

  const std::map<std::string, Series, std::less<>>& events() const { return events_; }
  const Series* find(std::string_view event) const;  // null: none
  bool reset(std::string_view event);                // false: there was none
  std::size_t reset_all();                           // how many there were

 private:
  std::int64_t threshold_ms_ = 0;
  std::map<std::string, Series, std::less<>> events_;
};

}  // namespace synchrodb::net
