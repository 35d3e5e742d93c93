// The story of a failing run (design 6.6): its plan, the anomaly, and the causal chain of events
// and messages that leads to it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/explain/anomaly.h"
#include "sim/explain/happenings.h"
#include "sim/plan.h"
#include "sim/run.h"

namespace synchrodb::sim {

// What is known of a run: what explanations are made of.
struct Evidence {
  Plan plan;
  RunResult result;  // its verdict, `violated` and `detail`
  RunLog log;
  std::vector<SeenOperation> operations;
  Anomaly anomaly;
  std::string reproduce;  // what gives the run again; may be empty
  std::string script;     // what clients did, if a script thought it out; else the plan says so
};

// Runs a plan with its own workload, watching. An error: the run violates nothing.
Result<Evidence> gather(const Plan& plan, const std::function<void()>& poll = {});

// One step of the chain: an event on a lane, or a message that arrived on another.
struct ChainStep {
  std::int64_t begin_ns = 0;
  std::int64_t end_ns = 0;  // of a message: when it arrived; else as begin_ns
  Lane from = kWorld;
  Lane to = kWorld;  // of a message; else as from
  std::string words;
  // It happened after the step before it in real time alone: an operation that began when another
  // one was over must see it. All other steps follow on their lane.
  bool by_real_time = false;
};

struct Explanation {
  Plan plan;
  std::string property;
  std::string detail;
  std::string reproduce;
  std::string script;  // as of Evidence
  Anomaly anomaly;
  std::vector<std::string> standing;  // how things are when the chain begins
  std::vector<ChainStep> chain;       // of a long one the end
  std::size_t earlier_steps = 0;      // that were left out
  std::vector<ChainStep> meanwhile;   // what else is telling, elsewhere
  Happenings run;                     // all of it
};

// Deterministic.
Explanation explain(Evidence evidence);

// For people.
std::string to_text(const Explanation& explanation);
// One JSON object: property, detail, plan, reproduce, script (if there was one), anomaly, standing,
// chain, meanwhile; times in nanoseconds.
std::string to_json(const Explanation& explanation);

}  // namespace synchrodb::sim
