// The story of failing runs.
#include <pybind11/stl.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings/python/core/bind.h"
#include "bindings/python/core/convert.h"
#include "bindings/python/core/history.h"
#include "bindings/python/core/recording.h"
#include "sim/explain/explanation.h"
#include "sim/explain/page.h"
#include "sim/explain/perfetto.h"
#include "sim/explain/shiviz.h"

namespace synchrodb::python {
namespace {

using sim::Evidence;
using sim::Explanation;
using sim::SeenOperation;

// (lane, begin, end or None, type, question, answer, wrong)
SeenOperation to_operation(const py::tuple& told) {
  SeenOperation operation;
  operation.lane = told[0].cast<sim::Lane>();
  operation.begin_ns = told[1].cast<std::int64_t>();
  operation.end_ns = told[2].cast<std::optional<std::int64_t>>();
  operation.type = to_text(told[3], "type");
  operation.question = to_text(told[4], "question");
  operation.answer = to_text(told[5], "answer");
  operation.wrong = told[6].cast<bool>();
  return operation;
}

// `operations`: a History that C++ recorded, or a list of tuples.
Explanation explain(const sim::Plan& plan, const std::string& violated, const std::string& detail,
                    const std::string& reproduce, const std::shared_ptr<sim::RunLog>& log,
                    const py::object& operations, const std::string& script) {
  Evidence evidence;
  evidence.script = script;
  evidence.plan = plan;
  evidence.result.verdict = sim::Verdict::kViolation;
  evidence.result.violated = violated;
  evidence.result.detail = detail;
  evidence.reproduce = reproduce;
  evidence.log = *log;
  std::shared_ptr<HistoryObject> history;
  if (py::isinstance<HistoryObject>(operations)) {
    history = operations.cast<std::shared_ptr<HistoryObject>>();
  } else {
    for (const py::handle each : operations) {
      evidence.operations.push_back(to_operation(each.cast<py::tuple>()));
    }
  }
  const py::gil_scoped_release released;
  if (history != nullptr) {
    evidence.operations =
        sim::operations_of({history->history, history->model}, plan.workload.clients);
  }
  sim::accuse_answered(evidence.log, evidence.operations);
  evidence.anomaly = sim::find_anomaly(evidence.result, evidence.log, evidence.operations);
  return sim::explain(std::move(evidence));
}

template <std::string (*Tell)(const Explanation&)>
py::object told(const Explanation& explanation) {
  std::string text;
  {
    const py::gil_scoped_release released;
    text = Tell(explanation);
  }
  return from_text(text);
}

}  // namespace

void bind_explain(py::module_& module) {
  py::class_<Explanation>(module, "Explanation", "The story of a failing run.")
      .def("text", &told<sim::to_text>, "For people.")
      .def("json", &told<sim::to_json>, "One JSON object.")
      .def("html", &told<sim::to_html>, "The interactive space-time diagram, with the chain.")
      .def("shiviz", &told<sim::to_shiviz>, "A log for ShiViz.")
      .def("perfetto", &told<sim::to_perfetto>, "A trace for Perfetto.");
  module.def("explain", &explain, py::arg("plan"), py::arg("violated"), py::arg("detail"),
             py::arg("reproduce"), py::arg("log"), py::arg("operations"), py::arg("script") = "",
             "How it came to a violation.");
  module.def("spacetime_page", &sim::spacetime_page, py::arg("json"),
             "The interactive space-time diagram of one JSON object.");
}

}  // namespace synchrodb::python
