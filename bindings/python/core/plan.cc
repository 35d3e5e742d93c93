// Plans and their parts, as immutable values: what exists is valid.
#include "sim/plan.h"

#include <algorithm>

#include "bindings/python/core/bind.h"
#include "bindings/python/core/errors.h"
#include "bindings/python/core/fields.h"
#include "sim/campaign/campaign.h"
#include "sim/campaign/row.h"

namespace synchrodb::python {
namespace {

using sim::DrawOverride;
using sim::FaultAction;
using sim::Plan;
using sim::PlanBranch;
using sim::PlanShape;
using sim::WorkloadPlan;

template <class T>
std::vector<T> to_values(py::handle given, const char* argument, const char* wanted) {
  if (PySequence_Check(given.ptr()) == 0 || py::isinstance<py::str>(given)) {
    refuse_type(argument, wanted, given);
  }
  std::vector<T> values;
  for (const py::handle item : given) {
    if (!py::isinstance<T>(item)) {
      refuse_type(std::string(argument) + "[" + std::to_string(values.size()) + "]", wanted, item);
    }
    values.push_back(item.cast<T>());
  }
  return values;
}

template <class T>
py::tuple from_values(const std::vector<T>& values) {
  py::tuple items(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) items[i] = py::cast(values[i]);
  return items;
}

Field<FaultAction> victims_field() {
  return {"nodes", "the victims, as indexes of founding members; empty: `target` decides",
          [](const FaultAction& action) -> py::object { return from_values(action.nodes); },
          [](FaultAction& action, py::handle given) {
            if (PySequence_Check(given.ptr()) == 0 || py::isinstance<py::str>(given)) {
              refuse_type("nodes", "a list of indexes", given);
            }
            action.nodes.clear();
            for (const py::handle item : given) {
              action.nodes.push_back(
                  to_unsigned(item, "nodes[" + std::to_string(action.nodes.size()) + "]"));
            }
          }};
}

const std::vector<Field<FaultAction>>& fault_fields() {
  static const std::vector<Field<FaultAction>> fields{
      field("fault", &FaultAction::fault, "a name of fault_table()"),
      field("at", &FaultAction::at, "seconds from the start of the run, true time"),
      field("lasting", &FaultAction::lasting,
            "seconds; 0: momentary, or for the rest of the faulty phase"),
      victims_field(),
      field("target", &FaultAction::target,
            "chosen when it strikes: leader, follower, followers, random, minority, majority, all"),
      field("parameters", &FaultAction::parameters, "by name; absent ones take the default")};
  return fields;
}

const std::vector<Field<WorkloadPlan>>& workload_fields() {
  static const std::vector<Field<WorkloadPlan>> fields{
      field("name", &WorkloadPlan::name, "a name of workload_table()"),
      field("clients", &WorkloadPlan::clients, "how many clients"),
      milli_field("rate", &WorkloadPlan::milli_rate,
                  "operations a second, of all clients together"),
      field("keys", &WorkloadPlan::keys, "how many keys"),
      field("mix", &WorkloadPlan::mix,
            "weight of each kind of operation; absent ones are left out")};
  return fields;
}

const std::vector<Field<DrawOverride>>& override_fields() {
  static const std::vector<Field<DrawOverride>> fields{
      field("purpose", &DrawOverride::purpose, "the noise stream's purpose"),
      field("a", &DrawOverride::a, "its first key"), field("b", &DrawOverride::b, "its second key"),
      field("counter", &DrawOverride::counter, "which draw of the stream"),
      field("value", &DrawOverride::value, "what is drawn instead")};
  return fields;
}

const std::vector<Field<PlanBranch>>& branch_fields() {
  static const std::vector<Field<PlanBranch>> fields{
      field("at", &PlanBranch::at, "seconds from the start of the run"),
      field("noise_key", &PlanBranch::noise_key, "by which all small draws come from then on")};
  return fields;
}

const std::vector<Field<Plan>>& plan_fields() {
  static const std::vector<Field<Plan>> fields{
      field("seed", &Plan::seed, "the seed that generated it; information only"),
      field("noise_key", &Plan::noise_key, "from which all small draws come"),
      field("nodes", &Plan::nodes, "founding members, 1 to 15"),
      field("time", &Plan::time, "seconds of the faulty phase and the healing together"),
      field("faulty_time", &Plan::faulty_time,
            "seconds of the faulty phase; two thirds of `time` if not given"),
      field("strategy", &Plan::strategy, "which fiber runs next: fifo, random, pct"),
      field("encode_messages", &Plan::encode_messages, "always through the wire codec"),
      field("options", &Plan::options, "knobs by name, see option_table()"),
      Field<Plan>{"workload", "a WorkloadPlan",
                  [](const Plan& plan) -> py::object { return py::cast(plan.workload); },
                  [](Plan& plan, py::handle given) {
                    if (!py::isinstance<WorkloadPlan>(given)) {
                      refuse_type("workload", "a WorkloadPlan", given);
                    }
                    plan.workload = given.cast<WorkloadPlan>();
                  }},
      Field<Plan>{"faults", "a tuple of FaultAction, sorted by time",
                  [](const Plan& plan) -> py::object { return from_values(plan.faults); },
                  [](Plan& plan, py::handle given) {
                    plan.faults = to_values<FaultAction>(given, "faults", "a list of FaultAction");
                    std::stable_sort(plan.faults.begin(), plan.faults.end(),
                                     [](const auto& a, const auto& b) { return a.at < b.at; });
                  }},
      field("buggify", &Plan::buggify, "active sites: parts per million with which they fire"),
      Field<Plan>{"overrides", "a tuple of DrawOverride",
                  [](const Plan& plan) -> py::object { return from_values(plan.overrides); },
                  [](Plan& plan, py::handle given) {
                    plan.overrides =
                        to_values<DrawOverride>(given, "overrides", "a list of DrawOverride");
                  }},
      Field<Plan>{"branches", "a tuple of PlanBranch: other futures from their moments on",
                  [](const Plan& plan) -> py::object { return from_values(plan.branches); },
                  [](Plan& plan, py::handle given) {
                    plan.branches =
                        to_values<PlanBranch>(given, "branches", "a list of PlanBranch");
                  }},
      field("defect", &Plan::defect, "a deliberate defect by name; needs a build with defects"),
      field("beyond_budget", &Plan::beyond_budget,
            "faults may exceed what the model promises to survive"),
      field("tolerated", &Plan::tolerated,
            "names of property_table(): contradictions are counted and do not end the run")};
  return fields;
}

const std::vector<Field<PlanShape>>& shape_fields() {
  static const std::vector<Field<PlanShape>> fields{
      field("nodes", &PlanShape::nodes, "founding members, 1 to 15"),
      field("time", &PlanShape::time, "seconds"),
      field("workload", &PlanShape::workload, "a name of workload_table(); empty: drawn"),
      milli_field("rate", &PlanShape::milli_rate, "operations a second, of all clients together"),
      field("clients", &PlanShape::clients, "0: drawn"),
      field("faults", &PlanShape::faults,
            "families, names or first words; empty: swarm; (\"none\",): none"),
      field("options", &PlanShape::options, "knobs that are fixed, see option_table()"),
      field("defect", &PlanShape::defect, "a deliberate defect by name"),
      field("strategy", &PlanShape::strategy, "fifo, random, pct; empty: drawn"),
      field("beyond_budget", &PlanShape::beyond_budget,
            "faults may exceed what the model promises to survive")};
  return fields;
}

void take_default_mix(WorkloadPlan& workload) {
  if (workload.mix.empty()) workload.mix = sim::default_mix(workload.name);
}

void finish_plan(Plan& plan, const py::dict& given) {
  if (given.contains("time") && !given.contains("faulty_time")) {
    plan.faulty_time = Duration{plan.time.ns / 3 * 2};
  }
  take_default_mix(plan.workload);
  value_of(sim::validate(plan));
}

void finish_workload(WorkloadPlan& workload, const py::dict& given) {
  if (given.contains("name") && !given.contains("mix")) workload.mix.clear();
  take_default_mix(workload);
}

void bind_plan_class(py::module_& module) {
  py::class_<Plan> plan(module, "Plan", "Everything that a run injects, as a value.");
  bind_fields(plan, plan_fields(), "Plan", finish_plan);
  plan.def(
      "with_noise",
      [](const Plan& self, const py::object& seed) {
        return sim::with_noise(self, to_seed(seed, "seed"));
      },
      py::arg("seed"), "Another fate for the plan: new draws for every message and write.");
  plan.def("to_json", &sim::write_plan, "The plan as JSON text, fields in a fixed order.");
  plan.def(
      "branch",
      [](const Plan& past, const py::object& at, const py::object& noise_key) {
        Plan other = sim::branch(past, to_duration(at, "at"), to_seed(noise_key, "noise_key"));
        value_of(sim::validate(other));
        return other;
      },
      py::arg("at"), py::arg("noise_key"),
      "The same past, and another future from `at` seconds on, one for each key.");
  plan.def_static(
      "from_json", [](const std::string& text) { return value_of(sim::read_plan(text)); },
      py::arg("text"), "Reads what to_json() wrote, or a plan written by hand.");
}

Plan generate(const py::object& seed, const py::object& shape) {
  if (!py::isinstance<PlanShape>(shape)) refuse_type("shape", "a PlanShape", shape);
  return sim::generate_plan(to_seed(seed, "seed"), shape.cast<PlanShape>());
}

}  // namespace

void bind_plan(py::module_& module) {
  const auto as_given = [](auto&, const py::dict&) {};
  py::class_<FaultAction> fault(module, "FaultAction", "One fault at one moment.");
  bind_fields(fault, fault_fields(), "FaultAction", as_given);
  py::class_<WorkloadPlan> workload(module, "WorkloadPlan", "What clients do.");
  bind_fields(workload, workload_fields(), "WorkloadPlan", finish_workload);
  py::class_<DrawOverride> draw(module, "DrawOverride", "Replaces one draw of one noise stream.");
  bind_fields(draw, override_fields(), "DrawOverride", as_given);
  py::class_<PlanBranch> branch(module, "PlanBranch", "Another future of a run.");
  bind_fields(branch, branch_fields(), "PlanBranch", as_given);
  bind_plan_class(module);
  py::class_<PlanShape> shape(module, "PlanShape", "What is fixed; a seed draws the rest.");
  bind_fields(shape, shape_fields(), "PlanShape",
              [](PlanShape& value, const py::dict&) { value_of(sim::validate(value)); });
  module.def(
      "reproduce_command",
      [](const py::object& seed, const PlanShape& given) {
        return sim::reproduce_command(to_seed(seed, "seed"), given);
      },
      py::arg("seed"), py::arg("shape"), "The command line that runs generate_plan(seed, shape).");
  module.def("generate_plan", &generate, py::arg("seed"), py::arg("shape"),
             "The swarm's plan for a seed. Pure: the same arguments give the same plan.");
}

}  // namespace synchrodb::python
