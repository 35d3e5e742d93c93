// Failing plans made small.
#include "sim/shrink/shrink.h"

#include <pybind11/stl.h>

#include "bindings/python/core/bind.h"
#include "bindings/python/core/convert.h"
#include "bindings/python/core/errors.h"

namespace synchrodb::python {
namespace {

using sim::Plan;
using sim::PlanSize;
using sim::RunResult;

py::dict size_of(const PlanSize& size) {
  py::dict told;
  told["faults"] = size.faults;
  told["nodes"] = size.nodes;
  told["clients"] = size.clients;
  told["kinds"] = size.kinds;
  told["keys"] = size.keys;
  told["time"] = to_seconds(size.time);
  told["rate"] = static_cast<double>(size.milli_rate) / 1e3;
  told["options"] = size.options;
  told["buggify"] = size.buggify;
  return told;
}

py::dict describe(const sim::ShrinkResult& result, bool interrupted) {
  py::dict told;
  told["plan"] = result.plan;
  told["property"] = result.property;
  told["runs"] = result.runs;
  told["complete"] = result.complete;
  told["interrupted"] = interrupted;
  told["before"] = size_of(result.before);
  py::list path;
  for (const sim::ShrinkStep& step : result.path) {
    path.append(py::make_tuple(step.what, step.runs, size_of(step.size)));
  }
  told["path"] = path;
  return told;
}

// As a synchrodb.Run says, which may have been judged by a checker in Python.
RunResult judgement_of(const py::object& run) {
  RunResult result;
  const std::string verdict = to_text(run.attr("verdict"), "verdict");
  if (verdict == "violation") result.verdict = sim::Verdict::kViolation;
  if (verdict == "unknown") result.verdict = sim::Verdict::kUnknown;
  result.violated = to_text(run.attr("violated"), "violated");
  return result;
}

// `runner` takes a plan and gives a Run; it may release the interpreter's lock, this does not.
py::dict shrink(const Plan& plan, const py::function& runner, const py::object& max_runs,
                const py::object& on_progress) {
  sim::ShrinkOptions options;
  options.max_runs = static_cast<std::uint64_t>(
      to_integer(max_runs, "max_runs", 1, std::numeric_limits<std::int64_t>::max()));
  bool interrupted = false;
  options.stop = [&] { return interrupted; };
  // Ctrl-C ends the search and keeps what was found.
  const auto run = [&](const Plan& candidate) {
    try {
      return judgement_of(runner(candidate));
    } catch (py::error_already_set& error) {
      if (!error.matches(PyExc_KeyboardInterrupt)) throw;
      interrupted = true;
      return RunResult{};
    }
  };
  std::function<void(const sim::ShrinkProgress&)> progress;
  if (!on_progress.is_none()) {
    progress = [&](const sim::ShrinkProgress& now) {
      on_progress(now.runs, now.max_runs, now.pass, size_of(now.size));
    };
  }
  const ThrowingAssertions assertions;
  Result<sim::ShrinkResult> shrunk = sim::shrink(plan, options, run, progress);
  if (interrupted && !shrunk) {
    PyErr_SetNone(PyExc_KeyboardInterrupt);
    throw py::error_already_set();
  }
  return describe(value_of(std::move(shrunk)), interrupted);
}

}  // namespace

void bind_shrink(py::module_& module) {
  module.def("shrink", &shrink, py::arg("plan"), py::arg("runner"), py::arg("max_runs") = 2'000,
             py::arg("on_progress") = py::none(),
             "The smallest plan that violates the property that `plan` violates.");
}

}  // namespace synchrodb::python
