#include "sim/world/cluster.h"

#include <algorithm>

#include "sim/options.h"

namespace synchrodb::sim {
namespace {

constexpr std::uint32_t kSpares = 2;
// A supervisor starts a process again that ended itself.
constexpr Duration kSupervisorDelay = seconds(1);

}  // namespace

Cluster::Cluster(const Surroundings& world, const Plan& plan, const DiskOptions& disk)
    : world_(world), founders_(plan.nodes), last_id_(plan.nodes + kSpares) {
  Configuration founding;
  for (std::uint32_t i = 0; i < founders_; ++i) founding.voters.push_back(NodeId{i + 1});
  for (std::uint32_t i = 0; i < founders_ + kSpares; ++i) {
    processes_.push_back(std::make_unique<Process>(world_, i, NodeId{i + 1}, node_options(plan),
                                                   i < founders_ ? founding : Configuration{},
                                                   disk));
    processes_.back()->on_ended_itself = [this](Process& process) {
      if (restarting_) restart(process, kSupervisorDelay);
    };
  }
}

void Cluster::start_all() {
  for (std::uint32_t i = 0; i < founders_; ++i) processes_[i]->start();
}

Process* Cluster::leader() {
  Process* best = nullptr;
  for (const auto& process : processes_) {
    if (!process->leads()) continue;
    if (best == nullptr || process->protocol()->status().term > best->protocol()->status().term) {
      best = process.get();
    }
  }
  return best;
}

Process* Cluster::find(NodeId id) {
  for (const auto& process : processes_) {
    if (process->id() == id) return process.get();
  }
  return nullptr;
}

Configuration Cluster::configuration() const {
  const Protocol* best = nullptr;
  for (const auto& process : processes_) {
    const Protocol* protocol = process->protocol();
    // A machine that has not joined yet knows of nobody.
    if (protocol == nullptr || protocol->configuration().voters.empty()) continue;
    if (best == nullptr || protocol->status().commit > best->status().commit) best = protocol;
  }
  if (best != nullptr) return best->configuration();
  Configuration founding;
  for (std::uint32_t i = 0; i < founders_; ++i) founding.voters.push_back(NodeId{i + 1});
  return founding;
}

std::vector<NodeId> Cluster::ids() const {
  std::vector<NodeId> ids;
  for (std::uint32_t i = 0; i < size(); ++i) {
    if (i < founders_ || processes_[i]->running()) ids.push_back(processes_[i]->id());
  }
  return ids;
}

Process* Cluster::spare() {
  const Configuration members = configuration();
  for (std::uint32_t i = founders_; i < size(); ++i) {
    if (!processes_[i]->running() && !members.contains(processes_[i]->id())) {
      return processes_[i].get();
    }
  }
  return nullptr;
}

void Cluster::restart(Process& process, Duration after) {
  world_.kernel.after(after, [&process] { process.start(); });
}

}  // namespace synchrodb::sim
