#include "sim/trace/trace.h"

#include <algorithm>
#include <cstdio>

namespace synchrodb::sim {

std::string format(const TraceLine& line) {
  std::array<char, 160> text{};
  const std::string who = line.node < 0 ? "world" : "n" + std::to_string(line.node + 1);
  int length =
      std::snprintf(text.data(), text.size(), "%6lld.%09lld  %-6s %-22s",
                    static_cast<long long>(line.time_ns / 1'000'000'000),
                    static_cast<long long>(line.time_ns % 1'000'000'000), who.c_str(), line.event);
  std::string out(text.data(), static_cast<std::size_t>(length));
  const auto field = [&](const char* name, std::uint64_t value) {
    if (value != 0) out += std::string(" ") + name + " " + std::to_string(value);
  };
  field("term", line.term);
  field("index", line.index);
  if (line.peer != 0) out += " peer n" + std::to_string(line.peer);
  field("extra", line.extra);
  if (*line.subject != '\0') out += std::string(" ") + line.subject;
  return out;
}

std::vector<std::string> Trace::recent() const {
  std::vector<std::string> lines;
  const std::size_t count = std::min(next_, kRemembered);
  for (std::size_t i = next_ - count; i < next_; ++i) {
    lines.push_back(format(recent_[i % kRemembered]));
  }
  return lines;
}

}  // namespace synchrodb::sim
