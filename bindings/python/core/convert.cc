#include "bindings/python/core/convert.h"

#include <cmath>

#include "bindings/python/core/errors.h"
#include "sim/duration_text.h"

namespace synchrodb::python {
namespace {

bool is_integer(py::handle value) {
  return PyIndex_Check(value.ptr()) != 0 && !PyBool_Check(value.ptr());
}

}  // namespace

void refuse_type(const std::string& argument, const char* wanted, py::handle got) {
  throw py::type_error(argument + ": must be " + wanted + ", not " + Py_TYPE(got.ptr())->tp_name);
}

void refuse_value(const std::string& argument, const std::string& why) {
  throw Failure(Error{ErrorCode::kInvalid, argument + ": " + why});
}

std::int64_t to_integer(py::handle value, const std::string& argument, std::int64_t low,
                        std::int64_t high) {
  if (!is_integer(value)) refuse_type(argument, "an integer", value);
  const auto number = py::reinterpret_steal<py::object>(PyNumber_Index(value.ptr()));
  if (!number) throw py::error_already_set();
  int overflow = 0;
  const long long converted = PyLong_AsLongLongAndOverflow(number.ptr(), &overflow);
  if (overflow != 0 || converted < low || converted > high) {
    refuse_value(argument, std::string(py::str(number)) + " is outside " + std::to_string(low) +
                               " to " + std::to_string(high));
  }
  return converted;
}

std::uint32_t to_unsigned(py::handle value, const std::string& argument) {
  return static_cast<std::uint32_t>(
      to_integer(value, argument, 0, std::numeric_limits<std::uint32_t>::max()));
}

std::uint64_t to_seed(py::handle value, const std::string& argument) {
  if (!is_integer(value)) refuse_type(argument, "an integer", value);
  const auto number = py::reinterpret_steal<py::object>(PyNumber_Index(value.ptr()));
  if (!number) throw py::error_already_set();
  const unsigned long long converted = PyLong_AsUnsignedLongLong(number.ptr());
  if (PyErr_Occurred() != nullptr) {
    PyErr_Clear();
    refuse_value(argument, std::string(py::str(number)) + " is outside 0 to 2**64 - 1");
  }
  return converted;
}

bool to_bool(py::handle value, const std::string& argument) {
  if (!PyBool_Check(value.ptr())) refuse_type(argument, "True or False", value);
  return value.ptr() == Py_True;
}

std::string to_text(py::handle value, const std::string& argument) {
  if (!py::isinstance<py::str>(value)) refuse_type(argument, "a text", value);
  return value.cast<std::string>();
}

Duration to_duration(py::handle value, const std::string& argument) {
  if (py::isinstance<py::str>(value)) {
    Result<Duration> parsed = sim::parse_duration(value.cast<std::string>());
    if (!parsed) refuse_value(argument, parsed.error().message);
    return parsed.value();
  }
  if (PyBool_Check(value.ptr()) || PyNumber_Check(value.ptr()) == 0) {
    refuse_type(argument, R"(seconds, or a text such as "1.5s")", value);
  }
  const double given = PyFloat_AsDouble(value.ptr());
  if (given == -1.0 && PyErr_Occurred() != nullptr) throw py::error_already_set();
  constexpr double kMost = 9e9;  // seconds that fit into 64 bits of nanoseconds
  if (!std::isfinite(given) || given < 0 || given > kMost) {
    refuse_value(argument, std::string(py::str(value)) + " is not a time in seconds from 0");
  }
  return Duration{std::llround(given * 1e9)};
}

double to_seconds(Duration duration) {
  return static_cast<double>(duration.ns) / 1e9;
}

std::int64_t to_milli(py::handle value, const std::string& argument) {
  if (PyBool_Check(value.ptr()) || PyNumber_Check(value.ptr()) == 0) {
    refuse_type(argument, "a number", value);
  }
  const double given = PyFloat_AsDouble(value.ptr());
  if (given == -1.0 && PyErr_Occurred() != nullptr) throw py::error_already_set();
  constexpr double kMost = 9e15;
  if (!std::isfinite(given) || std::abs(given) > kMost) {
    refuse_value(argument, std::string(py::str(value)) + " is out of range");
  }
  return std::llround(given * 1e3);
}

std::map<std::string, std::int64_t> to_integers(py::handle value, const std::string& argument) {
  if (PyMapping_Check(value.ptr()) == 0 || !py::hasattr(value, "items")) {
    refuse_type(argument, "a dict of names and integers", value);
  }
  const std::string prefix = argument + ".";
  std::map<std::string, std::int64_t> converted;
  for (const py::handle item : value.attr("items")()) {
    const auto pair = py::reinterpret_borrow<py::sequence>(item);
    const std::string name = to_text(pair[0], argument);
    const py::object number = pair[1];
    converted[name] = PyBool_Check(number.ptr())
                          ? static_cast<std::int64_t>(number.is(py::bool_(true)))
                          : to_integer(number, prefix + name);
  }
  return converted;
}

py::object from_integers(const std::map<std::string, std::int64_t>& values) {
  py::dict copy;
  for (const auto& [name, value] : values) copy[py::str(name)] = value;
  return py::reinterpret_steal<py::object>(PyDictProxy_New(copy.ptr()));
}

py::object from_text(std::string_view text) {
  return py::reinterpret_steal<py::object>(
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "backslashreplace"));
}

py::object from_bytes(std::string_view bytes) {
  return py::reinterpret_steal<py::object>(
      PyUnicode_DecodeUTF8(bytes.data(), static_cast<Py_ssize_t>(bytes.size()), "surrogateescape"));
}

std::vector<std::string> to_texts(py::handle value, const std::string& argument) {
  if (py::isinstance<py::str>(value)) return {value.cast<std::string>()};
  if (PySequence_Check(value.ptr()) == 0) refuse_type(argument, "a list of texts", value);
  std::vector<std::string> texts;
  for (const py::handle item : value) {
    texts.push_back(to_text(item, argument + "[" + std::to_string(texts.size()) + "]"));
  }
  return texts;
}

}  // namespace synchrodb::python
