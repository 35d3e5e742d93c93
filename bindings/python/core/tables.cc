// The fault table, the options, the workloads and the properties, as lists of dicts.
#include "bindings/python/core/bind.h"
#include "bindings/python/core/convert.h"
#include "sim/fault_table.h"
#include "sim/options.h"
#include "sim/oracle/property_table.h"
#include "sim/workload/workload_table.h"
#ifdef SYNCHRODB_DEFECTS
#include "consensus/defects.h"
#endif

namespace synchrodb::python {
namespace {

py::str text(std::string_view bytes) {
  return py::str(bytes.data(), bytes.size());
}

py::list fault_table() {
  py::list table;
  for (const sim::FaultSpec& spec : sim::fault_table()) {
    py::dict parameters;
    for (const sim::FaultParameter& parameter : spec.parameters) {
      py::dict range;
      range["default"] = parameter.standard;
      range["low"] = parameter.low;
      range["high"] = parameter.high;
      parameters[text(parameter.name)] = range;
    }
    py::dict row;
    row["name"] = text(spec.name);
    row["family"] = text(spec.family);
    row["description"] = text(spec.description);
    row["incident"] = text(spec.incident);
    row["parameters"] = parameters;
    table.append(row);
  }
  return table;
}

py::list option_table() {
  py::list table;
  for (const sim::OptionSpec& spec : sim::option_table()) {
    py::dict row;
    row["name"] = text(spec.name);
    row["unit"] = text(spec.unit);
    row["default"] = spec.standard;
    row["low"] = spec.low;
    row["high"] = spec.high;
    row["description"] = text(spec.description);
    table.append(row);
  }
  return table;
}

py::list workload_table() {
  py::list table;
  for (const sim::WorkloadSpec& spec : sim::workload_table()) {
    py::dict operations;
    for (const sim::OperationKind& kind : spec.operations) {
      py::dict operation;
      operation["weight"] = kind.weight;
      operation["mutates"] = kind.mutates;
      operations[text(kind.name)] = operation;
    }
    py::dict row;
    row["name"] = text(spec.name);
    row["description"] = text(spec.description);
    row["operations"] = operations;
    table.append(row);
  }
  return table;
}

py::list property_table() {
  py::list table;
  for (const sim::PropertySpec& spec : sim::property_table()) {
    py::dict row;
    row["name"] = text(spec.name);
    row["description"] = text(spec.description);
    table.append(row);
  }
  return table;
}

py::list defect_table() {
  py::list table;
#ifdef SYNCHRODB_DEFECTS
  for (const DefectName& defect : kDefectNames) table.append(text(defect.name));
#endif
  return table;
}

}  // namespace

void bind_tables(py::module_& module) {
  module.def("fault_table", &fault_table,
             "The fault model: dicts with name, family, description, incident, parameters.");
  module.def("option_table", &option_table,
             "The knobs: dicts with name, unit, default, low, high, description.");
  module.def("workload_table", &workload_table,
             "The workloads built in: dicts with name, description, operations.");
  module.def("property_table", &property_table,
             "What the world's oracle checks: dicts with name, description.");
  module.def("defect_table", &defect_table,
             "Names of the deliberate defects that are compiled in; empty in a shipped build.");
  module.def(
      "seconds", [](const py::object& time) { return to_seconds(to_duration(time, "time")); },
      py::arg("time"), "A time as plans take it, in seconds.");
}

}  // namespace synchrodb::python
