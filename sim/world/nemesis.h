// Carries out a plan's faults on the world, and takes all of them back when the faulty phase ends.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "sim/fault_table.h"
#include "sim/plan.h"
#include "sim/random/streams.h"
#include "sim/world/admin.h"
#include "sim/world/cluster.h"
#include "sim/world/process.h"

namespace synchrodb::sim {

class Nemesis {
 public:
  // All must outlive the nemesis. `clients`: the endpoints that are no nodes.
  Nemesis(const Surroundings& world, Cluster& cluster, Admin& admin, const Plan& plan,
          std::vector<NodeId> clients);

  // The network's and the disks' nature: the plan's `delay` and `disk-latency` from time 0 on.
  static LinkOptions nature_of_links(const Plan& plan);
  static DiskOptions nature_of_disks(const Plan& plan);

  // Schedules every action of the plan, and the end of the faulty phase.
  void start();
  // Begins an action that the plan does not have, now.
  void strike(FaultAction action);
  // The actions begun by strike(), with their times.
  const std::deque<FaultAction>& struck() const { return struck_; }
  // Ends every fault: links, clocks and disks are as on the first day; stopped processes go on.
  void heal();
  bool healed() const { return healed_; }
  // Whether a disk lost something that it had acknowledged, or a machine its disk.
  bool damaged() const { return damaged_; }

 private:
  // A fault under way.
  struct Active {
    const FaultAction* action = nullptr;
    FaultKind kind{};
    std::vector<std::uint32_t> victims;
    std::vector<RuleId> rules;
    std::vector<PartitionId> partitions;
    std::vector<std::pair<NodeId, NodeId>> clogged;
    std::uint64_t serial = 0;
  };

  void begin(const FaultAction& action);
  void end(std::uint64_t serial);
  Active* find(std::uint64_t serial);
  std::int64_t parameter(const Active& active, std::string_view name) const;
  std::vector<std::uint32_t> victims_of(const FaultAction& action);
  std::vector<std::uint32_t> random_group(std::size_t size);
  std::vector<NodeId> node_ids() const;
  void trace(const Active& active, const char* what);

  // One file for each family.
  void begin_network(Active& active);
  void begin_clock(Active& active);
  void begin_disk(Active& active);
  void begin_process(Active& active);
  void begin_cluster(Active& active);
  void end_network(Active& active);
  void end_clock(Active& active);
  void end_disk(Active& active);
  void end_process(Active& active);

  std::vector<NodeId> ids_of(const std::vector<std::uint32_t>& victims) const;
  std::optional<NodeId> chosen_victim(const Active& active) const;
  bool strikes(const Active& active, NodeId node) const;
  void cut(Active& active, const LinkSet& links);
  void on_leader(Process& leader);
  void clog(Active& active);
  void refresh_links();
  LinkOptions link_options(NodeId from, NodeId to, std::uint32_t victim, bool towards_victim);
  void refresh_disk(Process& process);
  void refresh_crash_mode(Process& process);
  void crash_and_restart(Process& process, bool power, Duration down, FaultKind kind);
  void crash_while_writing(std::uint64_t serial, std::uint32_t victim, int tries);
  void watch_memory(std::uint64_t serial);
  void replace(Process& process, Duration down);
  bool joint_mode() const;
  void change_membership(Active& active);
  void change_membership_at(Process& leader, const Active& active);
  Process* joiner(const Configuration& members);
  bool any_active(FaultKind kind, std::uint32_t victim) const;

  Surroundings world_;
  Cluster& cluster_;
  Admin& admin_;
  const Plan& plan_;
  std::vector<NodeId> clients_;
  LinkOptions links_;
  DiskOptions disks_;
  Stream random_;
  std::vector<std::unique_ptr<Active>> active_;
  std::deque<FaultAction> struck_;  // what is active points into it
  std::uint64_t next_serial_ = 0;
  bool healed_ = false;
  bool damaged_ = false;
};

}  // namespace synchrodb::sim
