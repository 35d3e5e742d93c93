// One client of a script: the real client library on a fiber of its own for each call.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "engine/client/client.h"
#include "sim/clock/sim_clock.h"
#include "sim/kernel/sim_fibers.h"
#include "sim/network/network.h"
#include "sim/script/script.h"
#include "sim/world/process.h"

namespace synchrodb::sim {

class ScriptClient {
 public:
  // `number`: from 0. `endpoint`: its id on the network.
  ScriptClient(const Surroundings& world, const ClientOptions& options, std::uint32_t number,
               NodeId endpoint, std::vector<NodeId> nodes);

  // Event loop only. `done` is called on the event loop, later than now. One call at a time.
  void start(ScriptCall call, std::function<void(const Outcome&)> done);
  bool busy() const { return done_ != nullptr; }
  void set_nodes(std::vector<NodeId> nodes);

 private:
  void ended();
  Outcome perform(const ScriptCall& call);
  Outcome read(const ScriptCall& call);
  Outcome watch(const std::vector<std::string>& keys);
  Outcome ask(const ScriptCall& call);

  Surroundings world_;
  Owner owner_;
  SimClock clock_;
  SimFibers fibers_;
  Stream library_random_;
  std::unique_ptr<NodeTransport> transport_;
  std::vector<NodeId> nodes_;
  Client client_;
  std::vector<WatchedKey> watched_;
  std::function<void(const Outcome&)> done_;  // of the call under way
  Outcome outcome_;
};

}  // namespace synchrodb::sim
