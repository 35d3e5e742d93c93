// LATENCY: see latency_monitor.h; HISTOGRAM is about all calls, see command_statistics.h.
#include <algorithm>

#include "net/commands/families.h"
#include "net/commands/replies.h"
#include "net/commands/server_commands.h"

namespace synchrodb::net {
namespace {

using namespace trait;

Reply latency_latest(Call& call) {
  std::vector<Reply> all;
  for (const auto& [event, series] : call.commands.latency_monitor().events()) {
    const LatencyMonitor::Sample& latest = series.samples.back();
    all.push_back(Reply::array({bulk(event), Reply::integer(latest.wall_seconds),
                                Reply::integer(latest.ms), Reply::integer(series.worst_ms)}));
  }
  return Reply::array(std::move(all));
}

Reply latency_history(Call& call) {
  std::vector<Reply> all;
  if (const auto* series = call.commands.latency_monitor().find(call[2])) {
    for (const LatencyMonitor::Sample& sample : series->samples) {
      all.push_back(Reply::array({Reply::integer(sample.wall_seconds), Reply::integer(sample.ms)}));
    }
  }
  return Reply::array(std::move(all));
}

Reply latency_reset(Call& call) {
  LatencyMonitor& monitor = call.commands.latency_monitor();
  if (call.size() == 2) return Reply::integer(static_cast<std::int64_t>(monitor.reset_all()));
  std::int64_t count = 0;
  for (std::size_t i = 2; i < call.size(); ++i) count += monitor.reset(call[i]) ? 1 : 0;
  return Reply::integer(count);
}

// How long ago, in a few letters: "7s", "3m", "2h", "1d".
std::string age(std::int64_t seconds) {
  if (seconds < 60) return std::to_string(seconds) + "s";
  if (seconds < 3'600) return std::to_string(seconds / 60) + "m";
  if (seconds < 86'400) return std::to_string(seconds / 3'600) + "h";
  return std::to_string(seconds / 86'400) + "d";
}

// Columns of '#', four rows high, the latest at the right; below each its age, from top to bottom.
std::string sketch(const LatencyMonitor::Series& series, std::int64_t now) {
  constexpr std::size_t kRows = 4;
  std::int64_t low = series.samples[0].ms, high = low;
  for (const auto& sample : series.samples) {
    low = std::min(low, sample.ms);
    high = std::max(high, sample.ms);
  }
  const std::int64_t span = std::max<std::int64_t>(high - low, 1);
  std::string rows[kRows], ages[4];
  for (const auto& sample : series.samples) {
    const auto height = static_cast<std::size_t>((sample.ms - low) * kRows / (span + 1)) + 1;
    for (std::size_t row = 0; row < kRows; ++row) {
      const std::size_t up = kRows - row;
      rows[row].push_back(up == height ? '_' : up < height ? '#' : ' ');
    }
    const std::string letters = age(std::max<std::int64_t>(now - sample.wall_seconds, 0));
    for (std::size_t i = 0; i < 4; ++i) ages[i].push_back(i < letters.size() ? letters[i] : ' ');
  }
  std::string picture;
  for (const std::string& row : rows) picture += row + "\n";
  picture += "\n";
  for (const std::string& row : ages) picture += row + "\n";
  return picture;
}

Reply latency_graph(Call& call) {
  const auto* series = call.commands.latency_monitor().find(call[2]);
  if (series == nullptr) {
    return errors::failed("No samples available for event '" + call[2] + "'");
  }
  const LatencyMonitor::Sample& latest = series->samples.back();
  std::int64_t low = latest.ms, high = latest.ms;
  for (const auto& sample : series->samples) {
    low = std::min(low, sample.ms);
    high = std::max(high, sample.ms);
  }
  return text_reply(call[2] + " - high " + std::to_string(high) + " ms, low " +
                    std::to_string(low) + " ms (all time high " + std::to_string(series->worst_ms) +
                    " ms)\n" + std::string(80, '-') + "\n" +
                    sketch(*series, call.context.wall_us() / 1'000'000));
}

Reply latency_doctor(Call& call) {
  const LatencyMonitor& monitor = call.commands.latency_monitor();
  if (monitor.threshold_ms() <= 0) {
    return text_reply(
        "Latency monitoring is disabled in this instance. CONFIG SET "
        "latency-monitor-threshold <milliseconds> enables it.\n");
  }
  if (monitor.events().empty()) {
    return text_reply("No latency spike was observed since this instance was started.\n");
  }
  std::string report = "Latency spikes observed in this instance:\n\n";
  std::size_t number = 0;
  for (const auto& [event, series] : monitor.events()) {
    std::int64_t sum = 0;
    for (const auto& sample : series.samples) sum += sample.ms;
    const auto count = static_cast<std::int64_t>(series.samples.size());
    report += std::to_string(++number) + ". " + event + ": " + std::to_string(count) +
              " latency spikes (average " + std::to_string(sum / count) +
              " ms), worst all time event " + std::to_string(series.worst_ms) + " ms.\n";
  }
  return text_reply(report);
}

Reply latency_histogram(Call& call) {
  MapReply all;
  for (const CommandStatistics::Command* command : call.commands.statistics().commands()) {
    // A container's name stands for its subcommands as well.
    const bool wanted =
        call.size() == 2 ||
        std::any_of(call.argv.begin() + 2, call.argv.end(), [&](const std::string& name) {
          const std::string_view container = command->name.substr(0, command->name.find('|'));
          return is(name, command->name) || is(name, container);
        });
    if (!wanted || command->latency == nullptr) continue;
    std::vector<Reply> buckets;
    for (const auto& [limit_us, calls] : command->latency->cumulative()) {
      buckets.push_back(Reply::integer(limit_us));
      buckets.push_back(Reply::integer(static_cast<std::int64_t>(calls)));
    }
    all.put(command->name, MapReply()
                               .put("calls", static_cast<std::int64_t>(command->latency->count()))
                               .put("histogram_usec", Reply::map(std::move(buckets)))
                               .take());
  }
  return all.take();
}

constexpr std::uint32_t kGoverns = kAdmin | kNoScript | kLoading | kStale;
constexpr CommandGroup kGroup = CommandGroup::kServer;

constexpr ServerCommand kLatency[] = {
    server_command(kGroup, "latency|doctor", 2, kGoverns, &latency_doctor, "",
                   "Return a human readable latency analysis report.", "2.8.13", "O(1)",
                   "nondeterministic_output request_policy:all_nodes response_policy:special"),
    server_command(kGroup, "latency|graph", 3, kGoverns, &latency_graph, "event",
                   "Return a latency graph for the event.", "2.8.13", "O(1)",
                   "nondeterministic_output request_policy:all_nodes response_policy:special"),
    server_command(kGroup, "latency|help", 2, kLoading | kStale, &show_help, "",
                   "Show helpful text about the different subcommands.", "2.8.13", "O(1)"),
    server_command(
        kGroup, "latency|histogram", -2, kGoverns, &latency_histogram, "[command ...]",
        "Return the cumulative distribution of latencies of a subset of commands or all.", "7.0.0",
        "O(N) where N is the number of commands with latency information being retrieved",
        "nondeterministic_output request_policy:all_nodes response_policy:special"),
    server_command(kGroup, "latency|history", 3, kGoverns, &latency_history, "event",
                   "Return timestamp-latency samples for the event.", "2.8.13", "O(1)",
                   "nondeterministic_output request_policy:all_nodes response_policy:special"),
    server_command(kGroup, "latency|latest", 2, kGoverns, &latency_latest, "",
                   "Return the latest latency samples for all events.", "2.8.13", "O(1)",
                   "nondeterministic_output request_policy:all_nodes response_policy:special"),
    server_command(kGroup, "latency|reset", -2, kGoverns, &latency_reset, "[event ...]",
                   "Reset latency data for one or more events.", "2.8.13", "O(1)",
                   "request_policy:all_nodes response_policy:all_succeeded"),
};

constexpr std::string_view kHelp =
    "DOCTOR\n"
    "    Return a human readable latency analysis report.\n"
    "GRAPH <event>\n"
    "    Return an ASCII latency graph for the <event> class.\n"
    "HISTORY <event>\n"
    "    Return time-latency samples for the <event> class.\n"
    "LATEST\n"
    "    Return the latest latency samples for all events.\n"
    "RESET [<event> ...]\n"
    "    Reset latency data of one or more <event> classes.\n"
    "    (default: reset all data for all event classes)\n"
    "HISTOGRAM [COMMAND ...]\n"
    "    Return a cumulative distribution of latencies in the format of a histogram for the "
    "specified command names.\n"
    "    If no commands are specified then all histograms are replied.";

constexpr ServerCommand kCommands[] = {
    container(kGroup, "latency", "A container for latency diagnostics commands.", "2.8.13",
              kLatency, kHelp),
};

}  // namespace

std::span<const ServerCommand> latency_family() {
  return kCommands;
}

}  // namespace synchrodb::net
