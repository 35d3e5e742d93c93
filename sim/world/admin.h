// The operator: membership changes and leadership transfers, asked for as an operator would,
// through the client library.
#pragma once

#include <functional>
#include <vector>

#include "engine/client/client.h"
#include "sim/clock/sim_clock.h"
#include "sim/kernel/sim_fibers.h"
#include "sim/world/cluster.h"

namespace synchrodb::sim {

class Admin {
 public:
  Admin(const Surroundings& world, Cluster& cluster, NodeId endpoint);

  // Each starts a fiber and returns at once. Steps that fail are tried again until stop().
  // `done`: what to do when the change is committed, on the operator's fiber.
  // `fewest`: a removal that would leave fewer voters, as things are when its turn comes, is let
  // be.
  void change(std::vector<ConfigurationChange> steps, std::size_t fewest,
              std::function<void()> done = {});
  void transfer(NodeId target);
  // One change asked of one node, once.
  void ask(NodeId node, const ConfigurationChange& change, std::function<void()> done);
  void stop() { stopped_ = true; }

  // Whether no change is under way.
  bool idle() const { return under_way_ == 0; }
  // Changes asked for so far.
  std::uint64_t changes_begun() const { return changes_begun_; }

 private:
  bool change_step(const ConfigurationChange& step, std::size_t fewest);
  bool already(const ConfigurationChange& step) const;
  Client make_client(NodeId preferred = {});

  Surroundings world_;
  Cluster& cluster_;
  Owner owner_;
  SimClock clock_;
  SimFibers fibers_;
  Stream random_;
  std::unique_ptr<NodeTransport> transport_;
  bool stopped_ = false;
  std::uint64_t changes_begun_ = 0;
  std::uint64_t under_way_ = 0;
};

}  // namespace synchrodb::sim
