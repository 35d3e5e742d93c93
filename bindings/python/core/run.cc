// One simulated run.
#include "sim/run.h"

#include <pybind11/stl.h>

#include "bindings/python/core/bind.h"
#include "bindings/python/core/convert.h"
#include "bindings/python/core/errors.h"
#include "sim/campaign/row.h"

namespace synchrodb::python {
namespace {

using sim::Plan;
using sim::RunOptions;
using sim::RunResult;

RunResult run(const py::object& plan) {
  if (!py::isinstance<Plan>(plan)) refuse_type("plan", "a Plan", plan);
  const Plan chosen = plan.cast<Plan>();
  const ThrowingAssertions assertions;
  const py::gil_scoped_release released;
  RunResult result = sim::run(chosen);
  result.seed = chosen.seed;
  return result;
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

}  // namespace

void bind_run(py::module_& module) {
  py::class_<RunResult>(module, "RunResult", "What a run says about itself.")
      .def_readonly("seed", &RunResult::seed)
      .def_property_readonly("verdict",
                             [](const RunResult& result) { return sim::name_of(result.verdict); })
      .def_readonly("violated", &RunResult::violated)
      .def_readonly("detail", &RunResult::detail)
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
      .def_readonly("marks", &RunResult::marks)
      .def_readonly("last_events", &RunResult::last_events);
  module.def("run", &run, py::arg("plan"), "Runs a plan to its end.");
}

}  // namespace synchrodb::python
