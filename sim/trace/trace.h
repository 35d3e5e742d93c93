// The event log of a run: fixed columns for people, and a short memory for the report of a failure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace synchrodb::sim {

// One event. Cheap to record: nothing is formatted until somebody reads it.
struct TraceLine {
  std::int64_t time_ns = 0;  // true time since the start of the run
  std::int32_t node = -1;    // index; -1: the world
  const char* event = "";    // a literal, kebab case
  const char* subject = "";  // a literal: a fault, a message, a property; may be empty
  std::uint64_t term = 0;    // 0: not shown, as for the next three
  std::uint64_t index = 0;
  std::uint64_t peer = 0;
  std::uint64_t extra = 0;
};

// "  12.345678901  n3     became-leader         term 4   index 17 …"
std::string format(const TraceLine& line);

class Trace {
 public:
  // Either may be empty; it is handed each line as soon as it is recorded.
  Trace(std::function<void(const std::string&)> text, std::function<void(const TraceLine&)> lines)
      : text_(std::move(text)), lines_(std::move(lines)) {}

  void record(const TraceLine& line) {
    recent_[next_++ % kRemembered] = line;
    if (text_) text_(format(line));
    if (lines_) lines_(line);
  }

  // The last events, oldest first.
  std::vector<std::string> recent() const;

 private:
  static constexpr std::size_t kRemembered = 64;

  std::function<void(const std::string&)> text_;
  std::function<void(const TraceLine&)> lines_;
  std::array<TraceLine, kRemembered> recent_{};
  std::size_t next_ = 0;
};

}  // namespace synchrodb::sim
