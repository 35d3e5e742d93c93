// The line that tells how far a campaign is.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <deque>

#include "sim/campaign/summary.h"

namespace synchrodb::sim {

// On a terminal one line that is rewritten, elsewhere a plain line every few seconds.
class Progress {
 public:
  // `out` may be null: then nothing is shown. `earlier`: seeds that a resumed campaign has already.
  Progress(std::FILE* out, std::uint64_t seeds, std::uint64_t earlier);

  // Shows the state when it is time to.
  void update(const Summary& summary);
  // Shows it once more and ends the line.
  void finish(const Summary& summary);

 private:
  using Clock = std::chrono::steady_clock;
  struct Sample {
    Clock::time_point at;
    std::uint64_t seeds;
    double virtual_seconds;
  };
  void show(const Summary& summary);

  std::FILE* out_;
  bool terminal_;
  std::uint64_t seeds_;
  std::uint64_t earlier_;
  Clock::time_point started_;
  Clock::time_point shown_;
  std::deque<Sample> samples_;  // of the last seconds, for the rates
};

}  // namespace synchrodb::sim
