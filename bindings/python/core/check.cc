// The checkers of sim/check over any history.
#include "sim/check/check.h"

#include "bindings/python/core/bind.h"
#include "bindings/python/core/convert.h"
#include "bindings/python/core/errors.h"
#include "bindings/python/core/history.h"
#include "bindings/python/core/interruption.h"

namespace synchrodb::python {
namespace {

constexpr std::int64_t kMostMemoryMib = 1'048'576;

check::Options options_from(const HistoryObject& history, const py::object& model,
                            const py::object& dialect) {
  check::Options options;
  options.model = history.model;
  options.dialect = history.dialect;
  options.initial = history.initial;
  if (!model.is_none()) {
    const std::string word = to_text(model, "model");
    const auto parsed = check::parse_model(word);
    if (!parsed) {
      refuse_value("model", "unknown model \"" + word +
                                "\"; there are register, cas-register, "
                                "mutex and kv");
    }
    options.model = *parsed;
  }
  if (!dialect.is_none()) {
    const std::string word = to_text(dialect, "dialect");
    const auto parsed = check::parse_dialect(word);
    if (!parsed) {
      refuse_value("dialect", "unknown dialect \"" + word + "\"; there are knossos and jepsen-log");
    }
    options.dialect = *parsed;
  }
  return options;
}

py::dict describe(const HistoryObject& history, const check::Options& options,
                  const check::Judgement& judgement) {
  py::dict told;
  told["verdict"] = name(judgement.verdict);
  told["model"] = name(options.model);
  told["dialect"] = name(options.dialect);
  told["algorithm"] = name(judgement.algorithm);
  told["steps"] = judgement.steps;
  told["keys"] = judgement.keys;
  told["operations"] = judgement.operations;
  told["exhausted"] = judgement.exhausted;
  const check::Value key =
      judgement.key ? history.history.key_name(*judgement.key) : check::Value();
  told["key"] = py::none();
  if (key.is_integer()) told["key"] = key.number();
  if (key.is_text()) told["key"] = from_bytes(history.history.bytes(key));
  told["contradiction"] = py::none();
  if (judgement.contradiction) {
    const check::Contradiction& found = *judgement.contradiction;
    py::dict contradiction;
    py::list operations;
    for (const check::OperationId id : found.operations) operations.append(id);
    contradiction["operations"] = operations;
    contradiction["minimal"] = found.minimal;
    contradiction["words"] = from_text(found.words);
    contradiction["edn"] = from_text(found.edn);
    told["contradiction"] = contradiction;
  }
  return told;
}

py::dict check_history(const std::shared_ptr<HistoryObject>& history, const py::object& model,
                       const py::object& dialect, const py::object& steps,
                       const py::object& memory_mib) {
  check::Options options = options_from(*history, model, dialect);
  options.limits.steps = static_cast<std::uint64_t>(
      to_integer(steps, "steps", 1, std::numeric_limits<std::int64_t>::max()));
  options.limits.memory_bytes =
      static_cast<std::size_t>(to_integer(memory_mib, "memory_mib", 1, kMostMemoryMib)) << 20;
  options.poll = Interruption();
  const ThrowingAssertions assertions;
  check::Judgement judgement;
  {
    const py::gil_scoped_release released;
    judgement = check::check(history->history, options);
  }
  return describe(*history, options, judgement);
}

}  // namespace

void bind_check(py::module_& module) {
  const check::Limits limits;
  module.def("check", &check_history, py::arg("history"), py::arg("model") = py::none(),
             py::arg("dialect") = py::none(), py::arg("steps") = limits.steps,
             py::arg("memory_mib") = limits.memory_bytes >> 20,
             "Judges a History; a dict of what was found.");
}

}  // namespace synchrodb::python
