// Calls, outcomes and views between the simulator's scripts and Python.
#pragma once

#include <pybind11/pybind11.h>

#include "engine/client/client.h"
#include "sim/script/script.h"
#include "sim/world/view.h"

namespace synchrodb::python {

namespace py = pybind11;

// A call of synchrodb.workloads.base. `what` begins the text of an error.
sim::ScriptCall to_call(py::handle call, const char* what);
// Bulk strings become texts, whatever their bytes: those that are no UTF-8 by surrogate escapes.
py::object from_reply(const Reply& reply, py::handle error_class);
const char* kind_of(const Outcome& outcome);

// Raises TypeError unless the value is a pair (property, detail), or None.
std::optional<sim::Violation> to_violation(py::handle value, const char* what);

}  // namespace synchrodb::python
