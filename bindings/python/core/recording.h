// What may be recorded of a run beside its result.
#pragma once

#include <memory>

#include "bindings/python/core/convert.h"
#include "bindings/python/core/history.h"
#include "bindings/python/core/recorder.h"
#include "sim/explain/run_log.h"
#include "sim/run.h"

namespace synchrodb::python {

// What of it is wanted.
struct Wishes {
  bool trace = false;
  bool messages = false;
  Duration sample_every;  // 0: no samples
  bool log = false;
};

// Null: it was not asked for.
struct Recording {
  sim::RunResult result;
  std::shared_ptr<HistoryObject> history;
  std::shared_ptr<TraceColumns> trace;
  std::shared_ptr<SampleColumns> samples;
  std::shared_ptr<MessageColumns> messages;
  std::shared_ptr<sim::RunLog> log;
};

// "trace", "messages", "sample_every" and "log" as Python gives them.
Wishes to_wishes(py::handle trace, py::handle messages, py::handle sample_every, py::handle log);

// Lets the run fill a recording. The result is the caller's to fill in.
Recording record(const Wishes& wishes, sim::RunOptions& options);

// Lets the run of a plan's own workload leave its history.
void record_history(Recording& recording, sim::RunOptions& options);

// Runs without the interpreter's lock. Ctrl-C raises KeyboardInterrupt. A thread has one run at a
// time.
sim::RunResult run_released(const sim::Plan& plan, sim::RunOptions options);

}  // namespace synchrodb::python
