// The sections of INFO that count.
#include "net/commands/info_sections.h"
#include "net/commands/server_commands.h"

namespace synchrodb::net {

void info_stats(Call& call, InfoWriter& out) {
  const TrafficFacts traffic = call.context.traffic();
  const CommandStatistics& statistics = call.commands.statistics();
  out.section("Stats");
  out.put("total_connections_received", traffic.connections);
  out.put("total_commands_processed", statistics.total_calls());
  out.put_fixed("instantaneous_ops_per_sec", traffic.commands_per_second, 0);
  out.put("total_net_input_bytes", traffic.input_bytes);
  out.put("total_net_output_bytes", traffic.output_bytes);
  out.put_fixed("instantaneous_input_kbps", traffic.input_kib_per_second, 2);
  out.put_fixed("instantaneous_output_kbps", traffic.output_kib_per_second, 2);
  out.put("rejected_connections", traffic.rejected_connections);
  out.put("expired_keys", traffic.expired_keys);
  out.put("evicted_keys", 0);
  out.put("evicted_clients", 0);
  out.put("keyspace_hits", traffic.keyspace_hits);
  out.put("keyspace_misses", traffic.keyspace_misses);
  out.put("pubsub_channels", 0);
  out.put("pubsub_patterns", 0);
  out.put("latest_fork_usec", 0);  // nothing is forked
  out.put("total_forks", 0);
  out.put("tracking_total_keys", 0);
  out.put("unexpected_error_replies", 0);
  out.put("total_error_replies", statistics.total_errors());
  out.put("total_reads_processed", traffic.socket_reads);
  out.put("total_writes_processed", traffic.socket_writes);
}

void info_command_stats(Call& call, InfoWriter& out) {
  out.section("Commandstats");
  for (const CommandStatistics::Command* command : call.commands.statistics().commands()) {
    const std::int64_t us = command->elapsed_ns / 1'000;
    const double per_call = command->calls == 0 ? 0
                                                : static_cast<double>(command->elapsed_ns) / 1e3 /
                                                      static_cast<double>(command->calls);
    out.put("cmdstat_" + std::string(command->name),
            "calls=" + std::to_string(command->calls) + ",usec=" + std::to_string(us) +
                ",usec_per_call=" + fixed(per_call, 2) +
                ",rejected_calls=" + std::to_string(command->rejected) +
                ",failed_calls=" + std::to_string(command->failed));
  }
}

void info_error_stats(Call& call, InfoWriter& out) {
  out.section("Errorstats");
  for (const auto& [code, count] : call.commands.statistics().errors()) {
    out.put("errorstat_" + code, "count=" + std::to_string(count));
  }
}

void info_latency_stats(Call& call, InfoWriter& out) {
  out.section("Latencystats");
  for (const CommandStatistics::Command* command : call.commands.statistics().commands()) {
    if (command->latency == nullptr) continue;
    std::string line;
    for (const auto& [label, percent] :
         {std::pair("p50", 50.0), std::pair("p99", 99.0), std::pair("p99.9", 99.9)}) {
      if (!line.empty()) line.push_back(',');
      line.append(label).append("=").append(fixed(command->latency->percentile_us(percent), 3));
    }
    out.put("latency_percentiles_usec_" + std::string(command->name), line);
  }
}

}  // namespace synchrodb::net
