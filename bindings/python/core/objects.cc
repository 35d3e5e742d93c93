// The checkers of sets, queues, counters and banks (sim/check/objects) over histories that Python
// recorded.
#include <pybind11/stl.h>

#include <nlohmann/json.hpp>

#include "bindings/python/core/bind.h"
#include "bindings/python/core/convert.h"
#include "bindings/python/core/errors.h"
#include "sim/check/objects/check_objects.h"
#include "sim/check/objects/read_objects.h"

namespace synchrodb::python {
namespace {

std::string check_object(const std::string& text, const std::string& word,
                         std::optional<std::int64_t> initial) {
  const auto model = check::parse_object_model(word);
  if (!model) refuse_value("model", "\"" + word + "\" is none of set, queue, counter and bank");
  check::ObjectOptions options;
  options.initial = initial;
  const ThrowingAssertions assertions;
  const py::gil_scoped_release released;
  const check::ObjectsResult read = check::read_objects(text, *model, check::Format::kJsonLines);
  if (!read.error.empty()) throw Failure(Error{ErrorCode::kInvalid, "history: " + read.error});
  return check::to_json(read.history, check::check_objects(read.history, options))
      .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

void bind_objects(py::module_& module) {
  module.def("check_object", &check_object, py::arg("text"), py::arg("model"),
             py::arg("initial") = py::none(),
             "Judges a set, queue, counter or bank as JSON lines: JSON with all that was found.");
}

}  // namespace synchrodb::python
