#include "net/commands/slow_log.h"

#include <algorithm>

namespace synchrodb::net {
namespace {

constexpr std::size_t kMostArguments = 32;
constexpr std::size_t kMostBytes = 128;

std::vector<std::string> shorten(const std::vector<std::string>& argv) {
  std::vector<std::string> kept;
  const std::size_t count = std::min(argv.size(), kMostArguments);
  for (std::size_t i = 0; i < count; ++i) {
    if (i + 1 == kMostArguments && argv.size() > kMostArguments) {
      kept.push_back("... (" + std::to_string(argv.size() - kMostArguments + 1) +
                     " more arguments)");
    } else if (argv[i].size() > kMostBytes) {
      kept.push_back(argv[i].substr(0, kMostBytes) + "... (" +
                     std::to_string(argv[i].size() - kMostBytes) + " more bytes)");
    } else {
      kept.push_back(argv[i]);
    }
  }
  return kept;
}

}  // namespace

void SlowLog::set_capacity(std::size_t entries) {
  capacity_ = entries;
  if (entries_.size() > capacity_) entries_.resize(capacity_);
}

void SlowLog::add(const std::vector<std::string>& argv, Duration elapsed, std::int64_t wall_seconds,
                  const std::string& address, const std::string& client_name) {
  entries_.push_front(
      {next_id_++, wall_seconds, elapsed.ns / 1'000, shorten(argv), address, client_name});
  if (entries_.size() > capacity_) entries_.pop_back();
}

}  // namespace synchrodb::net
