#include "bindings/python/core/history.h"

#include <algorithm>

#include "bindings/python/core/bind.h"
#include "bindings/python/core/columns.h"
#include "bindings/python/core/convert.h"
#include "bindings/python/core/errors.h"
#include "sim/check/read.h"
#include "sim/check/write.h"

namespace synchrodb::python {
namespace {

using check::History;
using check::Operation;
using check::Value;

struct HistoryColumns {
  explicit HistoryColumns(const History& history);

  std::vector<std::int64_t> invoke_time;
  std::vector<std::int64_t> complete_time;  // -1: no completion
  std::vector<std::int32_t> process;
  std::vector<std::int16_t> type;
  std::vector<std::int16_t> f;
  std::vector<std::int32_t> key;  // number of the key
  std::vector<std::int64_t> invoke_order;
  std::vector<std::int64_t> complete_order;  // -1: no completion
};

// Of its completion, or of the moment when the client gave up; -1: neither.
std::int64_t completion_order(const Operation& operation) {
  const check::EventOrder order = std::min(operation.complete_order, operation.given_up_order);
  return order == check::kNeverCompleted ? -1 : std::int64_t{order};
}

HistoryColumns::HistoryColumns(const History& history) {
  for (const Operation& operation : history.operations()) {
    invoke_time.push_back(operation.invoke_time);
    const std::int64_t completed = completion_order(operation);
    complete_time.push_back(completed < 0 ? -1 : operation.complete_time);
    process.push_back(operation.process);
    type.push_back(static_cast<std::int16_t>(operation.outcome));
    f.push_back(static_cast<std::int16_t>(operation.function));
    key.push_back(static_cast<std::int32_t>(operation.key));
    invoke_order.push_back(operation.invoke_order);
    complete_order.push_back(completed);
  }
}

template <class Word, std::size_t count>
py::tuple names_of_enum() {
  py::tuple names(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view word = name(static_cast<Word>(i));
    names[i] = py::str(word.data(), word.size());
  }
  return names;
}

py::dict columns(const HistoryObject& self) {
  const auto made = std::make_shared<HistoryColumns>(self.history);
  const py::capsule owner = capsule_of(made);
  py::dict all;
  all["invoke_time"] = as_array(made->invoke_time, owner);
  all["complete_time"] = as_array(made->complete_time, owner);
  all["process"] = as_array(made->process, owner);
  all["type"] = py::make_tuple(as_array(made->type, owner), names_of_enum<check::Outcome, 4>());
  all["f"] = py::make_tuple(as_array(made->f, owner), names_of_enum<check::Function, 8>());
  all["key_number"] = as_array(made->key, owner);
  all["invoke_order"] = as_array(made->invoke_order, owner);
  all["complete_order"] = as_array(made->complete_order, owner);
  return all;
}

// Bytes that are no UTF-8 survive as Python's own file names do.
py::object text_of(std::string_view bytes) {
  return py::reinterpret_steal<py::object>(
      PyUnicode_DecodeUTF8(bytes.data(), static_cast<Py_ssize_t>(bytes.size()), "surrogateescape"));
}

py::object object_of(const History& history, Value value) {
  switch (value.kind()) {
    case Value::Kind::kInteger:
      return py::int_(value.number());
    case Value::Kind::kText:
      return text_of(history.bytes(value));
    case Value::Kind::kNone:
    case Value::Kind::kAbsent:
      break;
  }
  return py::none();
}

// As in Jepsen: what a read saw, what was written, [expected, new] of a cas.
py::object value_of_operation(const History& history, const Operation& operation) {
  switch (operation.function) {
    case check::Function::kRead:
      return object_of(history, operation.result);
    case check::Function::kCas: {
      py::list pair;
      pair.append(object_of(history, operation.expected));
      pair.append(object_of(history, operation.argument));
      return pair;
    }
    default:
      return object_of(history, operation.argument);
  }
}

py::dict objects(const HistoryObject& self) {
  const History& history = self.history;
  py::list keys;
  py::list values;
  py::list results;
  for (const Operation& operation : history.operations()) {
    keys.append(object_of(history, history.key_name(operation.key)));
    values.append(value_of_operation(history, operation));
    results.append(operation.function == check::Function::kRead
                       ? py::none()
                       : object_of(history, operation.result));
  }
  py::dict all;
  all["key"] = keys;
  all["value"] = values;
  all["result"] = results;
  return all;
}

check::Label label_of(const HistoryObject& self) {
  check::Label label;
  label.model = self.model;
  label.dialect = self.dialect;
  if (self.initial) label.initial = *self.initial;
  return label;
}

std::shared_ptr<HistoryObject> read_history(const py::object& text, const std::string& format) {
  std::string bytes;
  if (py::isinstance<py::str>(text)) {
    bytes = text.attr("encode")("utf-8", "surrogateescape").cast<std::string>();
  } else if (py::isinstance<py::bytes>(text)) {
    bytes = text.cast<std::string>();
  } else {
    refuse_type("history", "a text or bytes", text);
  }
  const auto chosen = check::parse_format(format);
  if (!chosen) refuse_value("format", "unknown format \"" + format + "\"");
  const ThrowingAssertions assertions;
  check::ReadResult read;
  {
    const py::gil_scoped_release released;
    read = check::read_history(bytes, *chosen);
  }
  if (!read.error.empty()) refuse_value("history", read.error);
  auto made = std::make_shared<HistoryObject>();
  made->history = std::move(read.history);
  made->model = read.model.value_or(check::Model::kCasRegister);
  made->dialect = read.dialect.value_or(check::Dialect::kJepsenLog);
  made->initial = read.initial;
  return made;
}

}  // namespace

void bind_history(py::module_& module) {
  py::class_<HistoryObject, std::shared_ptr<HistoryObject>>(
      module, "History", "What clients asked and were told; see synchrodb.History.")
      .def("__len__", [](const HistoryObject& self) { return self.history.size(); })
      .def_property_readonly("model", [](const HistoryObject& self) { return name(self.model); })
      .def_property_readonly("dialect",
                             [](const HistoryObject& self) { return name(self.dialect); })
      .def("columns", &columns, "A dict of numpy arrays; of words, pairs (codes, categories).")
      .def("objects", &objects, "A dict of lists: key, value, result.")
      .def("to_edn",
           [](const HistoryObject& self) {
             return text_of(write_edn(self.history, label_of(self)));
           })
      .def("to_json_lines", [](const HistoryObject& self) {
        return text_of(write_json_lines(self.history, label_of(self)));
      });
  module.def("read_history", &read_history, py::arg("text"), py::arg("format") = "auto",
             "Reads Jepsen's EDN or log lines, or JSON lines.");
}

}  // namespace synchrodb::python
