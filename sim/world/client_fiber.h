// A simulated client: a fiber that uses the real client library over the simulated network.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "engine/client/client.h"
#include "sim/clock/sim_clock.h"
#include "sim/kernel/sim_fibers.h"
#include "sim/network/network.h"
#include "sim/workload/workload.h"
#include "sim/world/process.h"

namespace synchrodb::sim {

class ClientFiber {
 public:
  // `number`: from 0; Jepsen's first process of this client. `endpoint`: its id on the network.
  ClientFiber(const Surroundings& world, Workload& workload, const ClientOptions& options,
              std::uint32_t number, NodeId endpoint, std::vector<NodeId> nodes);

  // Operations at this mean interval until `until`, each drawn from the client's own stream.
  // `step`: how far process numbers of one client are apart.
  void start(Duration interval, TrueTime until, std::int32_t step);
  // Reads every key until that succeeds or `until`; `done` is told which.
  void start_final_reads(TrueTime until, std::function<void(bool)> done);

  bool finished() const { return finished_; }
  void set_nodes(std::vector<NodeId> nodes) { client_.set_nodes(std::move(nodes)); }

 private:
  Surroundings world_;
  Workload& workload_;
  Owner owner_;
  SimClock clock_;
  SimFibers fibers_;
  Stream random_;
  Stream library_random_;
  std::unique_ptr<NodeTransport> transport_;
  Client client_;
  std::int32_t process_;
  bool only_reads_;  // of clients that stay with one node
  bool finished_ = true;
};

}  // namespace synchrodb::sim
