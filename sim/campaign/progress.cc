#include "sim/campaign/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace synchrodb::sim {
namespace {

using std::chrono::duration;
using std::chrono::milliseconds;

constexpr milliseconds kTerminalPause{200};
constexpr milliseconds kPlainPause{5'000};
constexpr milliseconds kRateWindow{15'000};

std::string remaining(double seconds) {
  const auto whole = static_cast<std::uint64_t>(std::llround(seconds));
  if (whole >= 3'600) {
    return std::to_string(whole / 3'600) + " h " + std::to_string(whole / 60 % 60) + " min";
  }
  if (whole >= 60) return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
  return std::to_string(whole) + " s";
}

}  // namespace

Progress::Progress(std::FILE* out, std::uint64_t seeds, std::uint64_t earlier)
    : out_(out),
      terminal_(out != nullptr && ::isatty(::fileno(out)) != 0),
      seeds_(seeds),
      earlier_(earlier),
      started_(Clock::now()),
      shown_(started_) {}

void Progress::update(const Summary& summary) {
  if (out_ == nullptr) return;
  const Clock::time_point now = Clock::now();
  if (now - shown_ < (terminal_ ? kTerminalPause : kPlainPause)) return;
  show(summary);
}

void Progress::finish(const Summary& summary) {
  if (out_ == nullptr) return;
  // A short campaign needs no plain line but its table.
  if (terminal_ || Clock::now() - started_ >= kPlainPause) show(summary);
  if (terminal_) std::fputc('\n', out_);
}

void Progress::show(const Summary& summary) {
  const Clock::time_point now = Clock::now();
  shown_ = now;
  samples_.push_back(Sample{now, summary.seeds(), summary.virtual_seconds()});
  while (samples_.size() > 2 && now - samples_.front().at > kRateWindow) samples_.pop_front();
  const Sample& oldest = samples_.front();
  const bool enough = samples_.size() >= 2;
  const double window =
      std::max(duration<double>(now - (enough ? oldest.at : started_)).count(), 1e-3);
  const double seeds_in_window =
      static_cast<double>(summary.seeds() - (enough ? oldest.seeds : earlier_));
  const double rate = seeds_in_window / window;
  const double virtual_rate =
      enough ? (summary.virtual_seconds() - oldest.virtual_seconds) / window : 0.0;
  const std::uint64_t left = seeds_ - std::min(seeds_, summary.seeds());
  std::fprintf(out_, "%s%s of %s seeds  %.1f seeds/s  %s virtual s/s  violation %s  unknown %s",
               terminal_ ? "\r\033[K" : "", with_commas(summary.seeds()).c_str(),
               with_commas(seeds_).c_str(), rate,
               with_commas(static_cast<std::uint64_t>(virtual_rate)).c_str(),
               with_commas(summary.violations()).c_str(), with_commas(summary.unknowns()).c_str());
  if (left > 0 && rate > 0) {
    std::fprintf(out_, "  %s left", remaining(static_cast<double>(left) / rate).c_str());
  }
  if (!terminal_) std::fputc('\n', out_);
  std::fflush(out_);
}

}  // namespace synchrodb::sim
