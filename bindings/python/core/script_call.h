// Calls, outcomes and views between the simulator's scripts and Python.
#pragma once

#include <pybind11/pybind11.h>

#include "bindings/python/core/reply.h"
#include "engine/client/client.h"
#include "sim/script/script.h"
#include "sim/world/view.h"

namespace synchrodb::python {

namespace py = pybind11;

// A call of synchrodb.workloads.base. `what` begins the text of an error.
sim::ScriptCall to_call(py::handle call, const char* what);
const char* kind_of(const Outcome& outcome);

// Raises TypeError unless the value is a pair (property, detail), or None.
std::optional<sim::Violation> to_violation(py::handle value, const char* what);

}  // namespace synchrodb::python
