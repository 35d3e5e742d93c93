// synchrodb._core: what the Python package needs from C++. Plain Python on top of it is the
// package's face; see bindings/python/README.md.
#include "bindings/python/core/bind.h"

PYBIND11_MODULE(_core, module) {
  using namespace synchrodb::python;
  module.doc() = "The C++ part of synchrodb; use the package's own names.";
  bind_errors(module);
  bind_tables(module);
  bind_plan(module);
  bind_history(module);
  bind_check(module);
  bind_run(module);
  bind_script(module);
  bind_shrink(module);
  bind_explain(module);
  bind_transactions(module);
  bind_objects(module);
  bind_protocol(module);
}
