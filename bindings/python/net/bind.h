// The parts of the module `synchrodb._net`; module.cc lists them.
#pragma once

#include <pybind11/pybind11.h>

namespace synchrodb::python {

namespace py = pybind11;

void bind_database(py::module_& module);
void bind_resp(py::module_& module);
void bind_administration(py::module_& module);

}  // namespace synchrodb::python
