// MEMORY: what keys and the process take.
#include <algorithm>

#include "net/commands/families.h"
#include "net/commands/replies.h"
#include "net/commands/server_commands.h"
#include "net/commands/value_encoding.h"

namespace synchrodb::net {
namespace {

using namespace trait;

// Of a key in its slot's table: the record, its place in the index, and what the allocator rounds
// up.
constexpr std::size_t kRecordBytes = 88;

Reply memory_usage(Call& call) {
  for (std::size_t i = 3; i < call.size(); i += 2) {
    if (!is(call[i], "SAMPLES") || i + 1 == call.size()) return errors::syntax();
    const Number samples = parse_number(call[i + 1]);
    if (samples.error) return *samples.error;
    if (samples.value < 0) return errors::syntax();
  }
  ValueFacts facts;
  if (auto error = look_at_value(call, call[2], facts)) return *error;
  if (!facts.exists) return Reply::nil();
  return Reply::integer(static_cast<std::int64_t>(kRecordBytes + call[2].size() + facts.bytes));
}

Reply memory_stats(Call& call) {
  const ProcessFacts process = call.context.process();
  const ReplicaFacts replica = call.context.replica();
  const auto count = [](std::size_t bytes) { return static_cast<std::int64_t>(bytes); };
  const auto ratio = [](std::size_t part, std::size_t whole) {
    return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
  };
  std::size_t of_clients = 0;
  for (const ClientState* client : call.context.clients()) of_clients += client->total_bytes;
  const std::size_t overhead = process.heap_bytes - std::min(process.heap_bytes, replica.key_bytes);
  return MapReply()
      .put("peak.allocated", count(process.peak_bytes))
      .put("total.allocated", count(process.heap_bytes))
      .put("startup.allocated", 0)
      .put("replication.backlog", count(replica.log_bytes))
      .put("clients.slaves", 0)
      .put("clients.normal", count(of_clients))
      .put("cluster.links", 0)
      .put("aof.buffer", 0)
      .put("lua.caches", 0)
      .put("functions.caches", 0)
      .put("overhead.total", count(overhead))
      .put("keys.count", count(replica.keys))
      .put("keys.bytes-per-key", count(replica.keys == 0 ? 0 : replica.key_bytes / replica.keys))
      .put("dataset.bytes", count(replica.key_bytes))
      .put("dataset.percentage", Reply::real(100 * ratio(replica.key_bytes, process.heap_bytes)))
      .put("peak.percentage", Reply::real(100 * ratio(process.heap_bytes, process.peak_bytes)))
      .put("allocator.resident", count(process.resident_bytes))
      .put("fragmentation", Reply::real(ratio(process.resident_bytes, process.heap_bytes)))
      .put("fragmentation.bytes",
           count(process.resident_bytes - std::min(process.resident_bytes, process.heap_bytes)))
      .take();
}

Reply memory_doctor(Call& call) {
  const ProcessFacts process = call.context.process();
  constexpr std::size_t kLittle = 5u << 20;
  if (process.heap_bytes < kLittle) {
    return text_reply(
        "This instance is empty or is using very little memory: there is nothing to say "
        "about it yet.\n");
  }
  std::string report;
  if (process.peak_bytes > process.heap_bytes / 2 * 3) {
    report +=
        " * Peak: this instance used more than 150% of the present memory before; what the "
        "allocator keeps is given back by MEMORY PURGE.\n";
  }
  if (process.resident_bytes / 14 * 10 > process.heap_bytes) {
    report +=
        " * Fragmentation: the process holds more than 1.4 times the memory that is in "
        "use.\n";
  }
  if (process.memory_limit_bytes > 0 && process.heap_bytes > process.memory_limit_bytes / 10 * 9) {
    report += " * Limit: more than 90% of maxmemory is in use; writes will be refused.\n";
  }
  if (report.empty()) return text_reply("I can't find any memory issue in this instance.\n");
  return text_reply("Memory issues found in this instance:\n\n" + report);
}

Reply memory_purge(Call& call) {
  call.context.release_memory();
  return Reply::ok();
}

Reply memory_malloc_stats(Call&) {
  return text_reply("Stats not supported for the current allocator");
}

constexpr CommandGroup kGroup = CommandGroup::kServer;

constexpr ServerCommand kMemory[] = {
    server_command(kGroup, "memory|doctor", 2, 0, &memory_doctor, "",
                   "Outputs memory problems report.", "4.0.0", "O(1)",
                   "nondeterministic_output request_policy:all_shards response_policy:special"),
    server_command(kGroup, "memory|help", 2, kLoading | kStale, &show_help, "",
                   "Show helpful text about the different subcommands.", "4.0.0", "O(1)"),
    server_command(kGroup, "memory|malloc-stats", 2, 0, &memory_malloc_stats, "",
                   "Show allocator internal stats.", "4.0.0",
                   "Depends on how much memory is allocated, could be slow",
                   "nondeterministic_output request_policy:all_shards response_policy:special"),
    server_command(kGroup, "memory|purge", 2, 0, &memory_purge, "",
                   "Ask the allocator to release memory.", "4.0.0",
                   "Depends on how much memory is allocated, could be slow",
                   "request_policy:all_shards response_policy:all_succeeded"),
    server_command(kGroup, "memory|stats", 2, 0, &memory_stats, "", "Show memory usage details.",
                   "4.0.0", "O(1)",
                   "nondeterministic_output request_policy:all_shards response_policy:special"),
    server_command(kGroup, "memory|usage", -3, kRead | kMayPark, &memory_usage,
                   "key [SAMPLES count]", "Estimate the memory usage of a key.", "4.0.0",
                   "O(N) where N is the number of samples")
        .with_keys(2, 2, 1, "RO"),
};

constexpr std::string_view kHelp =
    "DOCTOR\n"
    "    Return memory problems reports.\n"
    "MALLOC-STATS\n"
    "    Return internal statistics report from the memory allocator.\n"
    "PURGE\n"
    "    Attempt to purge dirty pages for reclamation by the allocator.\n"
    "STATS\n"
    "    Return information about the memory usage of the server.\n"
    "USAGE <key> [SAMPLES <count>]\n"
    "    Return memory in bytes used by <key> and its value. Nested values are\n"
    "    sampled up to <count> times (default: 5, 0 means sample all).";

constexpr ServerCommand kCommands[] = {
    container(kGroup, "memory", "A container for memory diagnostics commands.", "4.0.0", kMemory,
              kHelp),
};

}  // namespace

std::span<const ServerCommand> memory_family() {
  return kCommands;
}

}  // namespace synchrodb::net
