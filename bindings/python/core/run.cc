// One simulated run, and what it leaves.
#include "sim/run.h"

#include <pybind11/stl.h>

#include <memory>

#include "bindings/python/core/bind.h"
#include "bindings/python/core/convert.h"
#include "bindings/python/core/errors.h"
#include "bindings/python/core/history.h"
#include "bindings/python/core/interruption.h"
#include "bindings/python/core/recording.h"
#include "sim/campaign/row.h"

namespace synchrodb::python {
namespace {

using sim::Plan;
using sim::RunOptions;
using sim::RunResult;

// A thread has one world at a time.
class OneWorld {
 public:
  OneWorld() {
    if (alive) {
      throw Failure(Error{ErrorCode::kInvalid,
                          "run: another run of this thread is under way; wait for its end"});
    }
    alive = true;
  }
  ~OneWorld() { alive = false; }
  OneWorld(const OneWorld&) = delete;
  OneWorld& operator=(const OneWorld&) = delete;

 private:
  static inline thread_local bool alive = false;
};

Recording run(const py::object& plan, const py::object& history, const py::object& trace,
              const py::object& messages, const py::object& sample_every, const py::object& check,
              const py::object& log) {
  if (!py::isinstance<Plan>(plan)) refuse_type("plan", "a Plan", plan);
  RunOptions options;
  Recording recording = record(to_wishes(trace, messages, sample_every, log), options);
  if (to_bool(history, "history")) record_history(recording, options);
  options.check = to_bool(check, "check");
  recording.result = run_released(plan.cast<const Plan&>(), options);
  return recording;
}

py::dict faults_of(const RunResult& result) {
  py::dict faults;
  for (const auto& [name, count] : result.faults) {
    py::dict counts;
    counts["offered"] = count.offered;
    counts["applied"] = count.applied;
    counts["effective"] = count.effective;
    faults[py::str(name)] = counts;
  }
  return faults;
}

void bind_result(py::module_& module) {
  py::class_<RunResult>(module, "RunResult", "What a run says about itself.")
      .def_readonly("seed", &RunResult::seed)
      .def_property_readonly("verdict",
                             [](const RunResult& result) { return sim::name_of(result.verdict); })
      .def_property_readonly("violated",
                             [](const RunResult& result) { return from_text(result.violated); })
      .def_property_readonly("detail",
                             [](const RunResult& result) { return from_text(result.detail); })
      .def_property_readonly(
          "digest", [](const RunResult& result) { return sim::format_digest(result.digest); })
      .def_readonly("nodes", &RunResult::nodes)
      .def_readonly("virtual_seconds", &RunResult::virtual_seconds)
      .def_readonly("wall_seconds", &RunResult::wall_seconds)
      .def_readonly("events", &RunResult::events)
      .def_readonly("ok", &RunResult::ok)
      .def_readonly("fail", &RunResult::fail)
      .def_readonly("info", &RunResult::info)
      .def_property_readonly("faults", &faults_of)
      .def_readonly("tolerated", &RunResult::tolerated)
      .def_readonly("marks", &RunResult::marks)
      .def_property_readonly("last_events",
                             [](const RunResult& result) {
                               py::list lines;
                               for (const std::string& line : result.last_events)
                                 lines.append(from_text(line));
                               return lines;
                             })
      .def(
          "to_json",
          [](const RunResult& result, const std::string& reproduce) {
            return sim::write_row(sim::Row{result, reproduce});
          },
          py::arg("reproduce") = "", "The row of a campaign: one line of JSON.");
}

template <class Columns>
py::object columns_or_none(const std::shared_ptr<Columns>& columns) {
  if (columns == nullptr) return py::none();
  return Columns::columns(columns);
}

}  // namespace

Wishes to_wishes(py::handle trace, py::handle messages, py::handle sample_every, py::handle log) {
  return Wishes{to_bool(trace, "trace"), to_bool(messages, "messages"),
                sample_every.is_none() ? Duration{} : to_duration(sample_every, "sample_every"),
                to_bool(log, "log")};
}

Recording record(const Wishes& wishes, RunOptions& options) {
  Recording recording;
  if (wishes.trace) {
    recording.trace = std::make_shared<TraceColumns>();
    options.trace_lines = [to = recording.trace](const auto& line) { to->add(line); };
  }
  if (wishes.sample_every > Duration{}) {
    recording.samples = std::make_shared<SampleColumns>();
    options.sample_every = wishes.sample_every;
    options.sample = [to = recording.samples](const auto& view) { to->add(view); };
  }
  if (wishes.messages) {
    recording.messages = std::make_shared<MessageColumns>();
    options.messages = [to = recording.messages](const auto& event) { to->add(event); };
  }
  if (wishes.log) {
    recording.log = std::make_shared<sim::RunLog>();
    recording.log->watch(options);
  }
  return recording;
}

void record_history(Recording& recording, RunOptions& options) {
  recording.history = std::make_shared<HistoryObject>();
  options.recorded = [to = recording.history](sim::RecordedHistory recorded) {
    to->history = std::move(recorded.history);
    to->model = recorded.model;
  };
}

RunResult run_released(const Plan& plan, RunOptions options) {
  const OneWorld one;
  options.poll = Interruption();
  const ThrowingAssertions assertions;
  const py::gil_scoped_release released;
  return sim::run(plan, options);
}

void bind_run(py::module_& module) {
  bind_result(module);
  const py::class_<sim::RunLog, std::shared_ptr<sim::RunLog>> run_log(
      module, "RunLog", "Events and messages in one order, for explain().");
  py::class_<Recording>(module, "Recording", "A RunResult and what was recorded beside it.")
      .def_readonly("result", &Recording::result)
      .def_readonly("history", &Recording::history)
      .def_readonly("log", &Recording::log)
      .def_property_readonly("trace", [](const Recording& r) { return columns_or_none(r.trace); })
      .def_property_readonly("samples",
                             [](const Recording& r) { return columns_or_none(r.samples); })
      .def_property_readonly("messages",
                             [](const Recording& r) { return columns_or_none(r.messages); });
  module.def("run", &run, py::arg("plan"), py::kw_only(), py::arg("history") = true,
             py::arg("trace") = false, py::arg("messages") = false,
             py::arg("sample_every") = py::none(), py::arg("check") = true, py::arg("log") = false,
             "Runs a plan to its end.");
}

}  // namespace synchrodb::python
