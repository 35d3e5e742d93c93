// Python workloads, nemeses and invariants in simulated worlds. A run holds no lock of the
// interpreter; each callback takes it.
#include "sim/script/script.h"

#include <pybind11/stl.h>

#include "bindings/python/core/bind.h"
#include "bindings/python/core/convert.h"
#include "bindings/python/core/errors.h"
#include "bindings/python/core/protocol.h"
#include "bindings/python/core/recording.h"
#include "bindings/python/core/script_call.h"
#include "sim/run.h"

namespace synchrodb::python {
namespace {

using sim::FaultAction;
using sim::NodeView;
using sim::Plan;
using sim::RunResult;
using sim::ScriptCall;
using sim::ScriptStep;
using sim::Stream;
using sim::TrueTime;
using sim::Violation;
using sim::WorldView;

// A Python object with the methods of synchrodb.interpreter.Interpreter, and `start`, `judge`.
class PythonScript final : public sim::Script {
 public:
  // `protocol`: the nodes run one, instead of the engine.
  PythonScript(const py::object& script, bool protocol)
      : protocol_(protocol),
        start_(script.attr("start")),
        next_(script.attr("next")),
        completed_(script.attr("completed")),
        final_phase_(script.attr("final_phase")),
        judge_(script.attr("judge")) {
    const py::module_ base = py::module_::import("synchrodb.workloads.base");
    outcome_class_ = base.attr("Outcome");
    error_class_ = base.attr("ErrorReply");
  }

  void start(std::uint32_t clients, Stream random) override {
    const py::gil_scoped_acquire held;
    auto stream = std::make_shared<Stream>(std::move(random));
    start_(clients, py::cpp_function([stream] { return stream->next(); }));
  }

  ScriptStep next(TrueTime now) override {
    const py::gil_scoped_acquire held;
    check_signals();
    const py::object said = next_(now.ns);
    ScriptStep step;
    if (said.is_none()) return step;
    if (PyLong_Check(said.ptr()) != 0) {
      step.kind = ScriptStep::Kind::kSleep;
      step.until = TrueTime{to_integer(said, "the time to ask again at", 0)};
    } else if (PyUnicode_Check(said.ptr()) != 0) {
      step.kind = ScriptStep::Kind::kWait;
    } else {
      const auto pair = said.cast<py::tuple>();
      step.kind = ScriptStep::Kind::kCall;
      step.client = to_unsigned(pair[0], "client");
      step.call = call_of(pair[1]);
    }
    return step;
  }

  std::optional<ScriptCall> completed(std::uint32_t client, const Outcome& outcome,
                                      TrueTime now) override {
    const py::gil_scoped_acquire held;
    const py::object more = completed_(client, outcome_of(outcome), now.ns);
    if (more.is_none()) return std::nullopt;
    return call_of(more);
  }

  void final_phase(TrueTime now) override {
    const py::gil_scoped_acquire held;
    final_phase_(now.ns);
  }

  std::vector<Violation> judge() override {
    const py::gil_scoped_acquire held;
    std::vector<Violation> found;
    for (const py::handle each : judge_()) {
      found.push_back(to_violation(each, "what a script judges").value());
    }
    return found;
  }

 private:
  ScriptCall call_of(const py::object& yielded) const {
    ScriptCall call = to_call(yielded, "what a workload's invoke yields");
    if (protocol_ && call.kind != ScriptCall::Kind::kRequest) {
      refuse_value("workload",
                   "it calls SynchroDB's engine, but the nodes run a protocol: have its "
                   "invoke yield protocol.ask(…)");
    }
    if (!protocol_ && call.kind == ScriptCall::Kind::kRequest) {
      refuse_value("workload",
                   "it asks a protocol's nodes, but the nodes run SynchroDB's engine: "
                   "give the test that protocol");
    }
    return call;
  }

  // Ctrl-C must reach a run that only Python could interrupt.
  static void check_signals() {
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
  }

  py::object outcome_of(const Outcome& outcome) const {
    return outcome_class_(kind_of(outcome), from_reply(outcome.reply, error_class_), outcome.why);
  }

  bool protocol_;
  py::object start_;
  py::object next_;
  py::object completed_;
  py::object final_phase_;
  py::object judge_;
  py::object outcome_class_;
  py::object error_class_;
};

// ---- Views -----------------------------------------------------------------------------------

// A view ends with the callback that it was handed to; Python may keep the object for longer.
struct Loan {
  const WorldView* view = nullptr;
  const WorldView& get() const {
    if (view == nullptr) {
      refuse_value("view", "a view of a world lasts as long as the call that it was given to");
    }
    return *view;
  }
  std::uint32_t checked(const py::object& node) const {
    return static_cast<std::uint32_t>(to_integer(node, "node", 0, get().size() - 1));
  }
};

py::object call_with_view(const py::object& function, const WorldView& view) {
  auto loan = std::make_shared<Loan>(Loan{&view});
  struct Returned {
    Loan& loan;
    ~Returned() { loan.view = nullptr; }
  } returned{*loan};
  return function(loan);
}

sim::Moments to_moments(py::handle every, py::handle at, const std::string& what) {
  sim::Moments moments;
  if (!every.is_none()) {
    moments.every = to_duration(every, what + ".every");
    if (moments.every.ns == 0) refuse_value(what + ".every", "must be more than 0");
  }
  for (const py::handle time : at) moments.at.push_back(to_duration(time, what + ".at"));
  if (moments.every.ns == 0 && moments.at.empty()) {
    refuse_value(what, "give every= or at=: when it is to be called");
  }
  return moments;
}

// `each`: (every, at, function).
sim::Invariant to_invariant(const py::tuple& each) {
  const py::object function = each[2];
  return {to_moments(each[0], each[1], "invariant"), [function](const WorldView& view) {
            const py::gil_scoped_acquire held;
            return to_violation(call_with_view(function, view), "what an invariant returns");
          }};
}

sim::LiveNemesis to_nemesis(const py::tuple& each) {
  const py::object function = each[2];
  return {to_moments(each[0], each[1], "nemesis"), [function](const WorldView& view) {
            const py::gil_scoped_acquire held;
            const py::object said = call_with_view(function, view);
            std::vector<FaultAction> actions;
            if (said.is_none()) return actions;
            if (py::isinstance<FaultAction>(said)) return std::vector{said.cast<FaultAction>()};
            for (const py::handle action : said) {
              if (!py::isinstance<FaultAction>(action)) {
                refuse_type("what a nemesis returns", "a FaultAction or a list of them", action);
              }
              actions.push_back(action.cast<FaultAction>());
            }
            return actions;
          }};
}

// ---- Runs ------------------------------------------------------------------------------------

Recording run_script(const Plan& plan, const py::object& script, const py::iterable& invariants,
                     const py::iterable& nemeses, const py::object& stop_at,
                     const py::object& trace, const py::object& messages,
                     const py::object& sample_every, const py::object& nodes,
                     const py::object& log) {
  std::optional<PythonScript> played;
  sim::RunOptions options;
  Recording recording = record(to_wishes(trace, messages, sample_every, log), options);
  if (script.is_none()) {
    record_history(recording, options);
  } else {
    options.script = &played.emplace(script, !nodes.is_none());
  }
  for (const py::handle each : invariants) {
    options.invariants.push_back(to_invariant(each.cast<py::tuple>()));
  }
  for (const py::handle each : nemeses) {
    options.nemeses.push_back(to_nemesis(each.cast<py::tuple>()));
  }
  std::optional<PythonBehaviour> behaviour;
  if (!nodes.is_none()) options.behaviour = &behaviour.emplace(nodes);
  if (!stop_at.is_none()) options.stop_at = TrueTime{to_duration(stop_at, "stop_at").ns};
  try {
    recording.result = run_released(plan, options);
  } catch (const sim::ScriptError& error) {
    throw Failure(Error{ErrorCode::kInvalid, error.what()});
  }
  return recording;
}

std::vector<std::uint64_t> ids_of(const std::vector<NodeId>& nodes) {
  std::vector<std::uint64_t> ids;
  ids.reserve(nodes.size());
  for (const NodeId node : nodes) ids.push_back(node.value);
  return ids;
}

void bind_views(py::module_& module) {
  py::class_<NodeView>(module, "NodeView",
                       "One machine at one moment. What a process knows is empty while it is down.")
      .def_readonly("index", &NodeView::index, "The machine's number, from 0.")
      .def_property_readonly("id", [](const NodeView& v) { return v.id.value; })
      .def_readonly("founder", &NodeView::founder,
                    "A founding member's machine: what a fault may name as its victim.")
      .def_readonly("running", &NodeView::running)
      .def_readonly("paused", &NodeView::paused)
      .def_readonly("serving", &NodeView::serving, "Running, and recovered from its disk.")
      .def_property_readonly(
          "role", [](const NodeView& v) { return name_of(v.role); },
          "\"leader\", \"follower\", \"candidate\" …; of a node that serves.")
      .def_property_readonly("term", [](const NodeView& v) { return v.term.value; })
      .def_property_readonly(
          "leader", [](const NodeView& v) { return v.leader.value; },
          "The id of whom it takes for the leader; 0: nobody.")
      .def_property_readonly("commit", [](const NodeView& v) { return v.commit.value; })
      .def_property_readonly("applied", [](const NodeView& v) { return v.applied.value; })
      .def_property_readonly("last", [](const NodeView& v) { return v.last.value; })
      .def_property_readonly("voters",
                             [](const NodeView& v) { return ids_of(v.configuration.voters); })
      .def_property_readonly("learners",
                             [](const NodeView& v) { return ids_of(v.configuration.learners); })
      .def_property_readonly(
          "clock_error",
          [](const NodeView& v) { return static_cast<double>(v.clock_error.ns) / 1e9; },
          "Of its wall clock, in seconds, against true time.")
      .def_readonly("keys", &NodeView::keys, "How many keys it has.")
      .def("__repr__", [](const NodeView& v) {
        return "NodeView(index=" + std::to_string(v.index) + ", " +
               (v.serving   ? std::string(name_of(v.role))
                : v.running ? "recovering"
                            : "down") +
               ", term=" + std::to_string(v.term.value) +
               ", commit=" + std::to_string(v.commit.value) + ")";
      });
  py::class_<Loan, std::shared_ptr<Loan>>(module, "WorldView",
                                          "All machines at one moment, for as long as the call.")
      .def_property_readonly(
          "time", [](const Loan& l) { return static_cast<double>(l.get().now().ns) / 1e9; },
          "Seconds since the start of the run, true time.")
      .def_property_readonly(
          "nodes", [](const Loan& l) { return l.get().nodes(); },
          "Founding members first, then machines that stand by.")
      .def(
          "get",
          [](const Loan& l, const py::object& node, const std::string& key) {
            return l.get().get(l.checked(node), key);
          },
          py::arg("node"), py::arg("key"), "What a node has applied: the key's value, or None.")
      .def(
          "keys",
          [](const Loan& l, const py::object& node) { return l.get().keys(l.checked(node)); },
          py::arg("node"), "All keys of a node, sorted.");
}

}  // namespace

void bind_script(py::module_& module) {
  bind_views(module);
  module.def(
      "run_script", &run_script, py::arg("plan"), py::arg("script") = py::none(),
      py::arg("invariants") = py::tuple(), py::arg("nemeses") = py::tuple(),
      py::arg("stop_at") = py::none(), py::kw_only(), py::arg("trace") = false,
      py::arg("messages") = false, py::arg("sample_every") = py::none(),
      py::arg("nodes") = py::none(), py::arg("log") = false,
      "Runs a plan with a script instead of its workload; invariants and nemeses are triples "
      "(every, at, function); nodes: of a protocol, instead of the engine.");
  module.def(
      "begun", [](const RunResult& result) { return result.begun; }, py::arg("result"),
      "The actions that nemeses began.");
  module.def(
      "contents",
      [](const RunResult& result) {
        py::list all;
        for (const sim::NodeContents& node : result.contents) {
          py::dict values;
          for (const auto& [key, value] : node.values) {
            values[py::str(key)] = from_reply(Reply::bulk(value), py::none());
          }
          all.append(py::make_tuple(node.view, values));
        }
        return all;
      },
      py::arg("result"), "Of a run that stopped: (NodeView, values) of each machine.");
}

}  // namespace synchrodb::python
