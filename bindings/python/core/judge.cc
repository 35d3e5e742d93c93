// Histories that Python recorded, judged by the C++ checkers.
#include <pybind11/stl.h>

#include "bindings/python/core/bind.h"
#include "bindings/python/core/errors.h"
#include "sim/check/check.h"
#include "sim/check/read.h"

namespace synchrodb::python {
namespace {

std::pair<std::string, std::string> judge(const check::ReadResult& read) {
  if (!read.error.empty()) {
    throw Failure(Error{ErrorCode::kInvalid, "history: " + read.error});
  }
  check::Options options;
  options.model = read.model.value_or(options.model);
  options.dialect = read.dialect.value_or(options.dialect);
  options.initial = read.initial;
  const std::string unknown = check::unsupported(read.history, options.model);
  if (!unknown.empty()) throw Failure(Error{ErrorCode::kInvalid, "history: " + unknown});
  const check::Judgement judgement = check::check(read.history, options);
  std::string detail = judgement.exhausted;
  if (judgement.contradiction) detail = judgement.contradiction->words;
  return {std::string(check::name(judgement.verdict)), detail};
}

}  // namespace

void bind_judge(py::module_& module) {
  module.def(
      "check_json_lines",
      [](const std::string& text) {
        const py::gil_scoped_release released;
        return judge(check::read_history(text, check::Format::kJsonLines));
      },
      py::arg("text"),
      "A history as JSON lines whose first line says how to judge it: (verdict, detail).");
}

}  // namespace synchrodb::python
