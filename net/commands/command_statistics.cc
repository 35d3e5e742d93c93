#include "net/commands/command_statistics.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace synchrodb::net {
namespace {

constexpr std::size_t kMostErrorCodes = 128;

}  // namespace

// Below 8 us each microsecond has a bucket; above, each octave has eight.
std::size_t LatencyHistogram::bucket_of(std::int64_t us) {
  if (us < kSteps) return static_cast<std::size_t>(std::max<std::int64_t>(us, 0));
  const auto value = static_cast<std::uint64_t>(us);
  const int octave = static_cast<int>(std::bit_width(value)) - 1;  // at least 3
  const auto step = static_cast<std::size_t>(value >> (octave - 3)) - kSteps;
  const std::size_t bucket = static_cast<std::size_t>(octave - 2) * kSteps + step;
  return std::min(bucket, std::size_t{kSteps} * kOctaves - 1);
}

std::int64_t LatencyHistogram::upper_bound_us(std::size_t bucket) {
  if (bucket < kSteps) return static_cast<std::int64_t>(bucket);
  const auto octave = static_cast<int>(bucket / kSteps) + 2;
  const auto step = static_cast<std::int64_t>(bucket % kSteps) + kSteps;
  return ((step + 1) << (octave - 3)) - 1;
}

void LatencyHistogram::add(Duration latency) {
  ++buckets_[bucket_of(latency.ns / 1'000)];
  ++count_;
}

double LatencyHistogram::percentile_us(double percent) const {
  const auto wanted = static_cast<std::uint64_t>(
      std::ceil(static_cast<double>(count_) * std::clamp(percent, 0.0, 100.0) / 100));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= std::max<std::uint64_t>(wanted, 1)) return static_cast<double>(upper_bound_us(i));
  }
  return 0;
}

std::vector<std::pair<std::int64_t, std::uint64_t>> LatencyHistogram::cumulative() const {
  std::vector<std::pair<std::int64_t, std::uint64_t>> out;
  std::uint64_t seen = 0, shown = 0;
  std::int64_t limit = 1;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    const std::int64_t bound = upper_bound_us(i);
    if (bound >= limit) {
      if (seen > shown) out.emplace_back(limit, shown = seen);
      while (limit <= bound) limit *= 2;
    }
    seen += buckets_[i];
  }
  if (seen > shown) out.emplace_back(limit, seen);
  return out;
}

CommandStatistics::CommandStatistics() : engine_(command_table().size()) {
  for (std::size_t i = 0; i < engine_.size(); ++i) engine_[i].name = command_table()[i].name;
}

CommandStatistics::Command& CommandStatistics::of(const CommandSpec& command) {
  const auto table = command_table();
  const std::less<const CommandSpec*> before;
  if (!before(&command, table.data()) && before(&command, table.data() + table.size())) {
    return engine_[static_cast<std::size_t>(&command - table.data())];
  }
  Command& found = server_[command.name];
  found.name = command.name;
  return found;
}

void CommandStatistics::called(const CommandSpec& command, Duration elapsed, bool failed) {
  Command& entry = of(command);
  ++total_calls_;
  ++entry.calls;
  entry.elapsed_ns += elapsed.ns;
  if (failed) ++entry.failed;
  if (!track_latency_) return;
  if (entry.latency == nullptr) entry.latency = std::make_unique<LatencyHistogram>();
  entry.latency->add(elapsed);
}

void CommandStatistics::rejected(const CommandSpec& command) {
  ++of(command).rejected;
}

void CommandStatistics::error(std::string_view text) {
  ++total_errors_;
  const std::string_view code = text.substr(0, text.find(' '));
  const auto at = errors_.find(code);
  if (at != errors_.end()) {
    ++at->second;
  } else if (errors_.size() < kMostErrorCodes) {
    errors_.emplace(std::string(code), 1);
  }
}

void CommandStatistics::reset() {
  const bool track = track_latency_;
  *this = CommandStatistics();
  track_latency_ = track;
}

std::vector<const CommandStatistics::Command*> CommandStatistics::commands() const {
  std::vector<const Command*> used;
  const auto take = [&used](const Command& command) {
    if (command.calls > 0 || command.rejected > 0) used.push_back(&command);
  };
  for (const Command& command : engine_) take(command);
  for (const auto& [name, command] : server_) take(command);
  std::sort(used.begin(), used.end(),
            [](const Command* a, const Command* b) { return a->name < b->name; });
  return used;
}

}  // namespace synchrodb::net
