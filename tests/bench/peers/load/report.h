// The report of a run, as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "tests/bench/peers/load/options.h"
#include "tests/bench/peers/load/results.h"

namespace synchrodb::load {

const char* name_of(Operation operation);

// One flat object but for "latency_us", which has mean, p50, p90, p99, p99.9 and max in
// microseconds. "throughput" is answered requests a second. `client_cpu_seconds` says how busy this
// program was: near "seconds" times "threads" it was the bottleneck.
nlohmann::ordered_json report(const std::string& protocol, const Options& options,
                              const Results& results, double client_cpu_seconds);

}  // namespace synchrodb::load
