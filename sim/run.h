// One simulated run: a plan in, a verdict out.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sim/check/check.h"
#include "sim/check/history.h"
#include "sim/plan.h"
#include "sim/trace/observation.h"
#include "sim/trace/trace.h"

namespace synchrodb::sim {

enum class Verdict : std::uint8_t { kOk, kViolation, kUnknown };
const char* name_of(Verdict verdict);  // "ok", "violation", "unknown"

struct FaultCount {
  std::uint64_t offered = 0;    // occasions
  std::uint64_t applied = 0;    // occasions on which the fault struck
  std::uint64_t effective = 0;  // … and a value differed at the victim
};

struct RunResult {
  std::uint64_t seed = 0;
  Verdict verdict = Verdict::kOk;
  std::string violated;  // the property, kebab case: "linearizability", "leader-completeness" …
  std::string detail;    // what was seen, a few lines
  std::uint64_t digest = 0;
  std::uint32_t nodes = 0;
  double virtual_seconds = 0;
  double wall_seconds = 0;
  std::uint64_t events = 0;
  std::uint64_t ok = 0;
  std::uint64_t fail = 0;
  std::uint64_t info = 0;
  std::map<std::string, FaultCount> faults;
  std::vector<std::string> marks;          // the SOMETIMES marks reached, sorted
  std::vector<std::string> last_events;    // of a failing run
  std::vector<std::uint64_t> checkpoints;  // rolling digest, with RunOptions::checkpoints
  bool interrupted = false;  // ended by RunOptions::interrupted; the verdict is unknown then
};

// What clients saw, and how it is to be judged.
struct RecordedHistory {
  check::History history;
  check::Model model = check::Model::kCasRegister;
};

struct RunOptions {
  // Called with each line of the event log (fixed columns: time, node, event, detail).
  std::function<void(const std::string&)> trace;
  // The same lines as they are recorded.
  std::function<void(const TraceLine&)> trace_lines;
  // Every machine, each `sample_every` of true time; 0: never.
  std::function<void(const NodeSample&)> samples;
  Duration sample_every;
  // Each packet sent, delivered and lost.
  std::function<void(const MessageEvent&)> messages;
  // Asked every few thousand events; true ends the run as `RunResult::interrupted`.
  std::function<bool()> interrupted;
  bool check = true;  // judge the history; off only for benchmarks
  std::uint64_t checkpoint_every =
      0;                           // events between two entries of RunResult::checkpoints; 0: none
  std::string* history = nullptr;  // receives the history as JSON lines
  RecordedHistory* recorded = nullptr;  // receives the history itself
};

// Runs a valid plan to its end. Must be called from the thread that made no other live world.
RunResult run(const Plan& plan, const RunOptions& options = {});

}  // namespace synchrodb::sim
