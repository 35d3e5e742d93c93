// Where in a run it is to be seen that something went wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/explain/run_log.h"
#include "sim/run.h"

namespace synchrodb::sim {

// Places of the space-time diagram: 0 is the world, machines go from 1 by their index, clients from
// kFirstClient.
using Lane = std::uint64_t;
inline constexpr Lane kWorld = 0;
inline constexpr Lane kFirstClient = 1'001;

// A client's operation, as the story tells of it.
struct SeenOperation {
  Lane lane = kFirstClient;
  std::int64_t begin_ns = 0;
  std::optional<std::int64_t> end_ns;  // nothing: it got no answer
  std::string type;                    // "ok", "fail", "info"
  std::string question;                // "read k1"
  std::string answer;                  // "3"; may be empty
  bool wrong = false;                  // it is part of the contradiction
};

struct Anomaly {
  std::optional<std::int64_t> time_ns;   // from when on it shows
  std::optional<std::int64_t> begin_ns;  // when what contradicts it began
  std::optional<std::uint32_t> node;     // the machine's index, where it is one's affair
};

// The operations of a plan's own workload. A history that has no linearization has the few of them
// marked that contradict each other, if a small contradiction is found within the limits.
std::vector<SeenOperation> operations_of(const RecordedHistory& recorded, std::uint32_t clients);

// Where no operation is marked: a violation that was seen when a client had its answer is about
// that client's operation, which gets the mark.
void accuse_answered(const RunLog& log, std::vector<SeenOperation>& operations);

// Of a run that violates something.
Anomaly find_anomaly(const RunResult& result, const RunLog& log,
                     const std::vector<SeenOperation>& operations);

}  // namespace synchrodb::sim
