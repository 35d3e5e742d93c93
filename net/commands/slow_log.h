// SLOWLOG: the latest commands that took longer than a threshold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "consensus/types.h"

namespace synchrodb::net {

class SlowLog {
 public:
  struct Entry {
    std::uint64_t id;  // counts from 0, also across reset()
    std::int64_t wall_seconds;
    std::int64_t elapsed_us;
    std::vector<std::string> argv;  // shortened: see add()
    std::string address;
    std::string client_name;
  };

  // Negative: nothing is slow. Zero: everything is.
  void set_threshold_us(std::int64_t threshold) { threshold_us_ = threshold; }
  void set_capacity(std::size_t entries);

  bool is_slow(Duration elapsed) const {
    return threshold_us_ >= 0 && elapsed >= microseconds(threshold_us_);
  }
  // Keeps 32 arguments of 128 bytes at most, and says what is left out, as Redis does.
  void add(const std::vector<std::string>& argv, Duration elapsed, std::int64_t wall_seconds,
           const std::string& address, const std::string& client_name);

  const std::deque<Entry>& entries() const { return entries_; }  // the latest first
  void reset() { entries_.clear(); }

 private:
  std::int64_t threshold_us_ = 10'000;
  std::size_t capacity_ = 128;
  std::uint64_t next_id_ = 0;
  std::deque<Entry> entries_;
};

}  // namespace synchrodb::net
