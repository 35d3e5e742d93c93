// The parts of the module `synchrodb._core`. Each file adds its subject; module.cc lists them.
#pragma once

#include <pybind11/pybind11.h>

namespace synchrodb::python {

namespace py = pybind11;

void bind_errors(py::module_& module);
void bind_tables(py::module_& module);
void bind_plan(py::module_& module);
void bind_history(py::module_& module);
void bind_check(py::module_& module);
void bind_run(py::module_& module);
void bind_protocol(py::module_& module);
void bind_transactions(py::module_& module);
void bind_objects(py::module_& module);
void bind_shrink(py::module_& module);
void bind_script(py::module_& module);
void bind_explain(py::module_& module);

}  // namespace synchrodb::python
