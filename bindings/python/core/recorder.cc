#include "bindings/python/core/recorder.h"

namespace synchrodb::python {
namespace {

py::tuple words(const std::vector<std::int16_t>& codes, const Words& all,
                const py::capsule& owner) {
  return py::make_tuple(as_array(codes, owner), all.categories());
}

const char* name_of(sim::MessageEvent::Kind kind) {
  switch (kind) {
    case sim::MessageEvent::Kind::kSent:
      return "sent";
    case sim::MessageEvent::Kind::kDelivered:
      return "delivered";
    case sim::MessageEvent::Kind::kLost:
      return "lost";
  }
  return "lost";
}

}  // namespace

void TraceColumns::add(const sim::TraceLine& line) {
  time_.push_back(line.time_ns);
  node_.push_back(line.node);
  event_.push_back(events_.code_of(line.event));
  subject_.push_back(subjects_.code_of(line.subject));
  term_.push_back(line.term);
  index_.push_back(line.index);
  peer_.push_back(line.peer);
  extra_.push_back(line.extra);
}

py::dict TraceColumns::columns(const std::shared_ptr<TraceColumns>& self) {
  const py::capsule owner = capsule_of(self);
  py::dict all;
  all["time"] = as_array(self->time_, owner);
  all["node"] = as_array(self->node_, owner);
  all["event"] = words(self->event_, self->events_, owner);
  all["subject"] = words(self->subject_, self->subjects_, owner);
  all["term"] = as_array(self->term_, owner);
  all["index"] = as_array(self->index_, owner);
  all["peer"] = as_array(self->peer_, owner);
  all["extra"] = as_array(self->extra_, owner);
  return all;
}

void SampleColumns::add(const sim::WorldView& view) {
  for (const sim::NodeView& node : view.nodes()) {
    time_.push_back(view.now().ns);
    node_.push_back(static_cast<std::int32_t>(node.index));
    running_.push_back(node.running ? 1 : 0);
    role_.push_back(roles_.code_of(node.serving ? name_of(node.role) : ""));
    term_.push_back(node.term.value);
    leader_.push_back(node.leader.value);
    commit_.push_back(node.commit.value);
    applied_.push_back(node.applied.value);
    last_.push_back(node.last.value);
    clock_error_.push_back(node.clock_error.ns);
    keys_.push_back(node.keys);
  }
}

py::dict SampleColumns::columns(const std::shared_ptr<SampleColumns>& self) {
  const py::capsule owner = capsule_of(self);
  py::dict all;
  all["time"] = as_array(self->time_, owner);
  all["node"] = as_array(self->node_, owner);
  all["running"] = as_array(self->running_, owner).attr("view")("bool");
  all["role"] = words(self->role_, self->roles_, owner);
  all["term"] = as_array(self->term_, owner);
  all["leader"] = as_array(self->leader_, owner);
  all["commit"] = as_array(self->commit_, owner);
  all["applied"] = as_array(self->applied_, owner);
  all["last"] = as_array(self->last_, owner);
  all["clock_error"] = as_array(self->clock_error_, owner);
  all["keys"] = as_array(self->keys_, owner);
  return all;
}

void MessageColumns::add(const sim::MessageEvent& event) {
  time_.push_back(event.time_ns);
  event_.push_back(events_.code_of(name_of(event.kind)));
  from_.push_back(static_cast<std::int64_t>(event.from));
  to_.push_back(static_cast<std::int64_t>(event.to));
  number_.push_back(event.number);
  type_.push_back(types_.code_of(event.type));
  why_.push_back(whys_.code_of(event.why));
}

py::dict MessageColumns::columns(const std::shared_ptr<MessageColumns>& self) {
  const py::capsule owner = capsule_of(self);
  py::dict all;
  all["time"] = as_array(self->time_, owner);
  all["event"] = words(self->event_, self->events_, owner);
  all["from"] = as_array(self->from_, owner);
  all["to"] = as_array(self->to_, owner);
  all["number"] = as_array(self->number_, owner);
  all["type"] = words(self->type_, self->types_, owner);
  all["why"] = words(self->why_, self->whys_, owner);
  return all;
}

}  // namespace synchrodb::python
