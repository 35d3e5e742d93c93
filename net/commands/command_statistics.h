// Calls, failures and latencies of each command, and errors by their code: what INFO's
// commandstats, errorstats and latencystats, LATENCY HISTOGRAM and the metrics show.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "consensus/types.h"
#include "engine/kv/command_table.h"

namespace synchrodb::net {

// Latencies from a microsecond to about an hour, each kept to an eighth of itself.
class LatencyHistogram {
 public:
  void add(Duration latency);
  std::uint64_t count() const { return count_; }
  // An upper bound of the latency that `percent` of all calls stayed within, in microseconds.
  double percentile_us(double percent) const;
  // (a power of two of microseconds, calls below it), as LATENCY HISTOGRAM shows them: only where
  // the sum changes.
  std::vector<std::pair<std::int64_t, std::uint64_t>> cumulative() const;

 private:
  static constexpr int kSteps = 8;     // buckets an octave
  static constexpr int kOctaves = 33;  // of microseconds
  static std::size_t bucket_of(std::int64_t us);
  static std::int64_t upper_bound_us(std::size_t bucket);

  std::array<std::uint32_t, kSteps * kOctaves> buckets_{};
  std::uint64_t count_ = 0;
};

class CommandStatistics {
 public:
  struct Command {
    std::string_view name;
    std::uint64_t calls = 0;
    std::int64_t elapsed_ns = 0;
    std::uint64_t rejected = 0;  // before execution: arity, password
    std::uint64_t failed = 0;
    std::unique_ptr<LatencyHistogram> latency;  // null: not tracked
  };

  CommandStatistics();

  // `command`: of either table; it identifies the command by its address.
  void called(const CommandSpec& command, Duration elapsed, bool failed);
  void rejected(const CommandSpec& command);
  // `text`: the error, its code first. Only the first 128 codes are told apart.
  void error(std::string_view text);

  void track_latency(bool enabled) { track_latency_ = enabled; }
  void reset();

  // Those that were called or rejected, by name.
  std::vector<const Command*> commands() const;
  const std::map<std::string, std::uint64_t, std::less<>>& errors() const { return errors_; }
  std::uint64_t total_calls() const { return total_calls_; }
  std::uint64_t total_errors() const { return total_errors_; }

 private:
  Command& of(const CommandSpec& command);

  std::vector<Command> engine_;                              // as command_table()
  std::map<std::string_view, Command, std::less<>> server_;  // the other table's
  std::map<std::string, std::uint64_t, std::less<>> errors_;
  std::uint64_t total_calls_ = 0;
  std::uint64_t total_errors_ = 0;
  bool track_latency_ = true;
};

}  // namespace synchrodb::net
