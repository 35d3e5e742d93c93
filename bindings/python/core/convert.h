// Python values as C++ values. What does not fit raises TypeError or InvalidInput with a text that
// begins with the argument's name.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "consensus/types.h"

namespace synchrodb::python {

namespace py = pybind11;

[[noreturn]] void refuse_type(const std::string& argument, const char* wanted, py::handle got);
[[noreturn]] void refuse_value(const std::string& argument, const std::string& why);

// Whatever is an integer to Python (numpy's too), but no bool.
std::int64_t to_integer(py::handle value, const std::string& argument,
                        std::int64_t low = std::numeric_limits<std::int64_t>::min(),
                        std::int64_t high = std::numeric_limits<std::int64_t>::max());
std::uint32_t to_unsigned(py::handle value, const std::string& argument);
std::uint64_t to_seed(py::handle value, const std::string& argument);
bool to_bool(py::handle value, const std::string& argument);
std::string to_text(py::handle value, const std::string& argument);

// Seconds as a number, or a text such as "1.5s", "200ms". Not negative; exact to the nanosecond.
Duration to_duration(py::handle value, const std::string& argument);
double to_seconds(Duration duration);
// A number times 1,000, rounded.
std::int64_t to_milli(py::handle value, const std::string& argument);

// {"name": integer, …}; a bool counts as 0 or 1, since switches are numbers.
std::map<std::string, std::int64_t> to_integers(py::handle value, const std::string& argument);
// A read-only view of a copy: an assignment to an item, which would be lost, raises TypeError.
py::object from_integers(const std::map<std::string, std::int64_t>& values);

// A text of whatever bytes: those that are no UTF-8 survive as in Python's own file names.
py::object from_bytes(std::string_view bytes);
// A text for people; bytes that are no UTF-8 are spelled out.
py::object from_text(std::string_view text);

std::vector<std::string> to_texts(py::handle value, const std::string& argument);

}  // namespace synchrodb::python
