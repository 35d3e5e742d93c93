// What a command answered, as a Python value; for both modules.
#pragma once

#include <pybind11/pybind11.h>

#include "engine/kv/reply.h"

namespace synchrodb::python {

namespace py = pybind11;

// None, an int, a bool, a float, a str, a list; `error_class` of the text of an error. Bytes that
// are no UTF-8 survive as Python's own file names do.
py::object from_reply(const Reply& reply, py::handle error_class);

}  // namespace synchrodb::python
