#include "bindings/python/core/protocol.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "bindings/python/core/bind.h"
#include "bindings/python/core/convert.h"
#include "bindings/python/core/errors.h"

namespace synchrodb::python {
namespace {

using sim::ProtocolEffect;
using sim::ProtocolEffects;
using sim::ProtocolMoment;
using Kind = ProtocolEffect::Kind;

constexpr std::size_t kLongestName = 40;

std::string to_bytes(py::handle value, const char* what) {
  if (PyBytes_Check(value.ptr()) == 0) refuse_type(what, "bytes", value);
  return py::reinterpret_borrow<py::bytes>(value);
}

// A tuple that begins with a word; synchrodb.protocol makes them.
ProtocolEffect to_effect(const py::tuple& told) {
  const std::string word = to_text(told[0], "effect");
  ProtocolEffect effect;
  if (word == "send") {
    effect.kind = Kind::kSend;
    effect.to = to_unsigned(told[1], "send: to");
    effect.bytes = to_bytes(told[2], "send: message");
  } else if (word == "reply") {
    effect.kind = Kind::kReply;
    effect.request = to_seed(told[1], "reply: request");
    effect.bytes = to_bytes(told[2], "reply: message");
  } else if (word == "set_timer") {
    effect.kind = Kind::kSetTimer;
    effect.name = to_text(told[1], "set_timer: name");
    effect.after = to_duration(told[2], "set_timer: seconds");
  } else if (word == "cancel_timer") {
    effect.kind = Kind::kCancelTimer;
    effect.name = to_text(told[1], "cancel_timer: name");
  } else if (word == "persist") {
    effect.kind = Kind::kPersist;
    effect.name = to_text(told[1], "persist: name");
    effect.bytes = to_bytes(told[2], "persist: value");
  } else if (word == "erase") {
    effect.kind = Kind::kErase;
    effect.name = to_text(told[1], "erase: name");
  } else if (word == "sync") {
    effect.kind = Kind::kSync;
  } else {
    refuse_value("effect", "unknown: \"" + word + "\"");
  }
  return effect;
}

ProtocolEffects to_effects(const py::object& told) {
  ProtocolEffects effects;
  for (const py::handle each : told) effects.push_back(to_effect(each.cast<py::tuple>()));
  return effects;
}

py::tuple moment(const ProtocolMoment& at) {
  return py::make_tuple(at.node, at.now.ns, at.wall.ns);
}

}  // namespace

PythonBehaviour::PythonBehaviour(const py::object& nodes)
    : started_(nodes.attr("started")),
      message_(nodes.attr("message")),
      timer_(nodes.attr("timer")),
      request_(nodes.attr("request")),
      stopped_(nodes.attr("stopped")) {}

ProtocolEffects PythonBehaviour::started(const ProtocolMoment& at,
                                         const sim::ProtocolContents& contents, bool first,
                                         sim::Stream random) {
  const py::gil_scoped_acquire held;
  py::dict found;
  for (const auto& [name, bytes] : contents) found[py::str(name)] = py::bytes(bytes);
  auto stream = std::make_shared<sim::Stream>(std::move(random));
  return to_effects(
      started_(moment(at), found, first, py::cpp_function([stream] { return stream->next(); })));
}

ProtocolEffects PythonBehaviour::message(const ProtocolMoment& at, std::uint32_t from,
                                         const std::string& bytes) {
  const py::gil_scoped_acquire held;
  return to_effects(message_(moment(at), from, py::bytes(bytes)));
}

ProtocolEffects PythonBehaviour::timer(const ProtocolMoment& at, const std::string& name) {
  const py::gil_scoped_acquire held;
  return to_effects(timer_(moment(at), name));
}

ProtocolEffects PythonBehaviour::request(const ProtocolMoment& at, std::uint64_t request,
                                         const std::string& bytes) {
  const py::gil_scoped_acquire held;
  return to_effects(request_(moment(at), request, py::bytes(bytes)));
}

// Without Python, which must not run on a fiber.
std::string PythonBehaviour::name_of(const std::string& bytes) const {
  const auto told = nlohmann::json::parse(bytes, nullptr, false);
  nlohmann::json name;
  if (told.is_object() && told.contains("type")) {
    name = told["type"];
  } else if (told.is_object() && told.size() == 1) {
    name = told.begin().key();
  } else if (told.is_array() && !told.empty()) {
    name = told.front();
  }
  const std::string word = name.is_string() ? name.get<std::string>() : "";
  return word.empty() || word.size() > kLongestName ? "message" : word;
}

// Nothing may come out of here: the node is being destroyed.
void PythonBehaviour::stopped(std::uint32_t node) {
  const py::gil_scoped_acquire held;
  try {
    stopped_(node);
  } catch (py::error_already_set& error) {
    error.discard_as_unraisable("a protocol's node that stops");
  }
}

void bind_protocol(py::module_& module) {
  module.def(
      "suits_protocols",
      [](const sim::FaultAction& action) { return sim::suits_protocols(action); },
      py::arg("action"), "Whether a fault makes sense for nodes that run a protocol of one's own.");
}

}  // namespace synchrodb::python
