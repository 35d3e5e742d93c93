// One simulated run: a plan in, a verdict out.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/check/check.h"
#include "sim/check/history.h"
#include "sim/plan.h"
#include "sim/protocol/behaviour.h"
#include "sim/script/script.h"
#include "sim/script/watchers.h"
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
  // How often each property of Plan::tolerated was contradicted, 0 included.
  std::map<std::string, std::uint64_t> tolerated;
  std::vector<std::string> marks;          // the SOMETIMES marks reached, sorted
  std::vector<std::string> last_events;    // of a failing run
  std::vector<std::uint64_t> checkpoints;  // rolling digest, with RunOptions::checkpoints
  std::vector<FaultAction> begun;          // by RunOptions::nemeses, in order
  // Of every machine, with RunOptions::stop_at; empty if the run ended before.
  std::vector<NodeContents> contents;
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
  // Looks at every machine at the start and each `sample_every` after it; 0: never.
  std::function<void(const WorldView&)> sample;
  Duration sample_every;
  // Each packet sent, delivered and lost.
  std::function<void(const MessageEvent&)> messages;
  // Called now and then, for whoever may want to give up: an exception out of it ends the run.
  std::function<void()> poll;
  bool check = true;  // judge the history; off only for benchmarks
  std::uint64_t checkpoint_every =
      0;  // events between two entries of RunResult::checkpoints; 0: none
  // Receives the history of the plan's workload as JSON lines. A script keeps its own.
  std::string* history = nullptr;
  // Receives it as it is.
  std::function<void(RecordedHistory)> recorded;
  // Thinks out what the plan's clients do, instead of the plan's workload. What it throws ends the
  // run and comes out of run(). The world judges everything but the history.
  Script* script = nullptr;
  // What the nodes do instead of running the engine. The world then knows nothing of leaders,
  // members and logs, and judges the run's end alone: the script asks the nodes (kRequest) and
  // judges what they do. A script is needed, and a plan that validate_for_protocol() accepts.
  Behaviour* behaviour = nullptr;
  std::vector<Invariant> invariants;
  std::vector<LiveNemesis> nemeses;
  // The run ends at this moment, before its events, with RunResult::contents and without the
  // judgements that need an end.
  std::optional<TrueTime> stop_at;
};

// Runs a valid plan to its end. Throws ScriptError, and what callbacks throw. Must be called from
// the thread that made no other live world.
RunResult run(const Plan& plan, const RunOptions& options = {});

}  // namespace synchrodb::sim
