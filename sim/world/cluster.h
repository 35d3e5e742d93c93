// All machines of a world, and who among them leads.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "sim/plan.h"
#include "sim/world/process.h"

namespace synchrodb::sim {

class Cluster {
 public:
  // Founders are started by start_all(); as many spares stand by for membership changes.
  Cluster(const Surroundings& world, const Plan& plan, const DiskOptions& disk);

  void start_all();
  std::uint32_t size() const { return static_cast<std::uint32_t>(processes_.size()); }
  std::uint32_t founders() const { return founders_; }
  Process& operator[](std::uint32_t index) { return *processes_[index]; }
  const Process& operator[](std::uint32_t index) const { return *processes_[index]; }

  // The running leader of the highest term; null when there is none.
  Process* leader();
  // The machine whose node has this id now; null: nobody.
  Process* find(NodeId id);
  // The configuration that the node with the most committed log has, among the running ones; the
  // founders' when none runs.
  Configuration configuration() const;
  // Where clients may look for the leader: every id in use.
  std::vector<NodeId> ids() const;
  // A machine outside the configuration that runs nothing yet, or null.
  Process* spare();
  // An id that no node ever had.
  NodeId fresh_id() { return NodeId{++last_id_}; }

  // Starts a stopped machine `after` so long, unless something else started it meanwhile.
  void restart(Process& process, Duration after);
  // No process that ends itself is started again from now on (see Process::ended_itself).
  void stop_restarting() { restarting_ = false; }

  // Set by the world: ids() has changed.
  std::function<void()> on_ids_changed;

 private:
  Surroundings world_;
  std::uint32_t founders_;
  std::uint64_t last_id_;
  bool restarting_ = true;
  std::vector<std::unique_ptr<Process>> processes_;
};

}  // namespace synchrodb::sim
