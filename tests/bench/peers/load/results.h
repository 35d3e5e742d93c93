// What a thread of the load generator has seen, and when it may begin a request.
#pragma once

#include <barrier>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/bench/peers/load/histogram.h"
#include "tests/bench/peers/load/options.h"

namespace synchrodb::load {

// The time in which requests are begun. All threads arrive when they are connected and start
// together.
class Window {
 public:
  explicit Window(const Options& options);

  // Blocks until all threads have arrived. A thread that cannot take part calls it too.
  void arrive() { barrier_.arrive_and_wait(); }

  // After arrive(): requests are begun before end() and counted if begun at or after begin().
  Clock::time_point begin() const { return begin_; }
  Clock::time_point end() const { return end_; }

 private:
  struct Start {
    Window* window;
    void operator()() noexcept;
  };

  Clock::duration warm_up_;
  Clock::duration duration_;
  Clock::time_point begin_;
  Clock::time_point end_;
  std::barrier<Start> barrier_;
};

// Counts what was begun within a window. The measured time goes on until the last such request is
// answered: a server that stalls at the end does not look fast. Errors count whenever they happen.
class Results {
 public:
  // Without a window, e.g. to merge into.
  Results() = default;
  explicit Results(const Window& window) : begin_(window.begin()), last_answer_(window.begin()) {}

  void answered(Clock::time_point begun, Clock::time_point now, bool missing);
  void failed(std::string_view why, std::uint64_t requests = 1);
  void lost_connection(std::string_view why, std::uint64_t requests);

  void merge(const Results& other);

  const Histogram& latency() const { return latency_; }         // ns
  std::uint64_t all_answered() const { return all_answered_; }  // warm-up included
  std::uint64_t missing() const { return missing_; }            // reads that found no value
  std::uint64_t errors() const { return errors_; }  // requests that were refused or lost
  std::uint64_t lost_connections() const { return lost_connections_; }
  const std::string& first_error() const { return first_error_; }
  double seconds() const;  // from the window's begin to the last answer

 private:
  Histogram latency_;
  std::uint64_t all_answered_ = 0;
  std::uint64_t missing_ = 0;
  std::uint64_t errors_ = 0;
  std::uint64_t lost_connections_ = 0;
  std::string first_error_;
  Clock::time_point begin_ = Clock::time_point::max();
  Clock::time_point last_answer_ = Clock::time_point::min();
};

}  // namespace synchrodb::load
