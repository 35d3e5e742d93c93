#include "tests/bench/peers/load/report.h"

#include <cmath>

namespace synchrodb::load {
namespace {

double microseconds(double nanoseconds) {
  return std::round(nanoseconds) / 1000;
}

nlohmann::ordered_json latencies(const Histogram& histogram) {
  const auto quantile = [&](double fraction) {
    return microseconds(static_cast<double>(histogram.quantile(fraction)));
  };
  return {{"mean", microseconds(histogram.mean())},
          {"p50", quantile(0.5)},
          {"p90", quantile(0.9)},
          {"p99", quantile(0.99)},
          {"p99.9", quantile(0.999)},
          {"max", microseconds(static_cast<double>(histogram.max()))}};
}

}  // namespace

const char* name_of(Operation operation) {
  switch (operation) {
    case Operation::kSet:
      return "set";
    case Operation::kGet:
      return "get";
    case Operation::kMixed:
      return "mixed";
    case Operation::kFill:
      return "fill";
  }
  return "";
}

nlohmann::ordered_json report(const std::string& protocol, const Options& options,
                              const Results& results, double client_cpu_seconds) {
  const double seconds = results.seconds();
  const auto operations = results.latency().count();
  return {{"protocol", protocol},
          {"operation", name_of(options.operation)},
          {"connections", options.connections},
          {"pipeline", options.pipeline},
          {"threads", options.threads},
          {"key_space", options.key_space},
          {"value_bytes", options.value_bytes},
          {"seconds", seconds},
          {"operations", operations},
          {"all_operations", results.all_answered()},
          {"throughput", seconds > 0 ? static_cast<double>(operations) / seconds : 0},
          {"latency_us", latencies(results.latency())},
          {"missing", results.missing()},
          {"errors", results.errors()},
          {"first_error", results.first_error()},
          {"lost_connections", results.lost_connections()},
          {"client_cpu_seconds", client_cpu_seconds}};
}

}  // namespace synchrodb::load
