// Protocols in Python: the nodes of a simulated world.
#pragma once

#include <pybind11/pybind11.h>

#include "sim/protocol/behaviour.h"

namespace synchrodb::python {

namespace py = pybind11;

// Asks a Python object with the methods of synchrodb.protocol.Nodes.
class PythonBehaviour final : public sim::Behaviour {
 public:
  explicit PythonBehaviour(const py::object& nodes);

  sim::ProtocolEffects started(const sim::ProtocolMoment& at, const sim::ProtocolContents& contents,
                               bool first, sim::Stream random) override;
  sim::ProtocolEffects message(const sim::ProtocolMoment& at, std::uint32_t from,
                               const std::string& bytes) override;
  sim::ProtocolEffects timer(const sim::ProtocolMoment& at, const std::string& name) override;
  sim::ProtocolEffects request(const sim::ProtocolMoment& at, std::uint64_t request,
                               const std::string& bytes) override;
  // Of a message that is a JSON object its "type", or the name of its only field; of a list the
  // first word; else "message".
  std::string name_of(const std::string& bytes) const override;
  void stopped(std::uint32_t node) override;

 private:
  py::object started_;
  py::object message_;
  py::object timer_;
  py::object request_;
  py::object stopped_;
};

}  // namespace synchrodb::python
