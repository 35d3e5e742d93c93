#include "sim/explain/shiviz.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "sim/explain/words.h"

namespace synchrodb::sim {
namespace {

using Kind = Happening::Kind;
using Clock = std::map<std::string, std::uint64_t>;

constexpr std::size_t kMostEvents = 3'000;
constexpr const char* kParser = R"((?<time>\d+\.\d+) s (?<event>.*)\n(?<host>\S*) (?<clock>{.*}))";

std::string host_of(Lane lane) {
  std::string name = name_of_lane(lane);
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

bool is_shown(const Happening& each) {
  if (each.lane == kWorld || each.kind == Kind::kLost) return false;
  if (each.kind != Kind::kEvent) return true;
  // They say nothing that the messages do not.
  const std::string_view name = each.name;
  return name != "appended" && name != "committed";
}

std::vector<std::size_t> shown_of(const Explanation& explanation) {
  const Happenings& run = explanation.run;
  std::vector<std::size_t> shown;
  if (explanation.chain.empty()) return shown;
  const std::int64_t begin = explanation.chain.front().begin_ns;
  const std::int64_t end =
      std::max(explanation.chain.back().end_ns, explanation.anomaly.time_ns.value_or(0));
  for (std::size_t i = 0; i < run.all.size(); ++i) {
    const Happening& each = run.all[i];
    if (each.time_ns >= begin && each.time_ns <= end && is_shown(each)) shown.push_back(i);
  }
  if (shown.size() > kMostEvents) {
    shown.erase(shown.begin(), shown.end() - static_cast<std::ptrdiff_t>(kMostEvents));
  }
  return shown;
}

std::string json_of(const Clock& clock) {
  std::string text = "{";
  for (const auto& [host, count] : clock) {
    if (text.size() > 1) text += ", ";
    text += "\"" + host + "\": " + std::to_string(count);
  }
  return text + "}";
}

// One line, whatever clients wrote.
std::string on_one_line(std::string words) {
  for (char& each : words) {
    if (static_cast<unsigned char>(each) < ' ') each = ' ';
  }
  return words;
}

}  // namespace

std::string to_shiviz(const Explanation& explanation) {
  const Happenings& run = explanation.run;
  std::string log = std::string(kParser) + "\n\n";
  std::map<Lane, Clock> clocks;
  std::map<std::size_t, Clock> at_sending;
  for (const std::size_t i : shown_of(explanation)) {
    const Happening& each = run.all[i];
    Clock& clock = clocks[each.lane];
    if (each.kind == Kind::kDelivered) {
      const auto sent = at_sending.find(each.sending);
      if (sent != at_sending.end()) {
        for (const auto& [host, count] : sent->second) clock[host] = std::max(clock[host], count);
      }
    }
    ++clock[host_of(each.lane)];
    if (each.kind == Kind::kSent) at_sending[i] = clock;
    log += seconds_text(each.time_ns) + " " + on_one_line(words_of(run, each)) + "\n" +
           host_of(each.lane) + " " + json_of(clock) + "\n";
  }
  return log;
}

}  // namespace synchrodb::sim
