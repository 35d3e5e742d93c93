#include "sim/world/nemesis.h"

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "sim/marks.h"

namespace synchrodb::sim {
namespace {

// An action that describes the world rather than a fault of it.
bool is_nature(const FaultAction& action) {
  return action.at == Duration{} && action.lasting == Duration{} &&
         (action.fault == "delay" || action.fault == "disk-latency");
}

std::int64_t value_of(const FaultAction& action, FaultKind kind, std::string_view name) {
  const auto it = action.parameters.find(std::string(name));
  if (it != action.parameters.end()) return it->second;
  for (const FaultParameter& parameter : spec_of(kind).parameters) {
    if (parameter.name == name) return parameter.standard;
  }
  assertion_failed("known", "a fault has no parameter of this name", __FILE__, __LINE__);
}

}  // namespace

Nemesis::Nemesis(const Surroundings& world, Cluster& cluster, Admin& admin, const Plan& plan,
                 std::vector<NodeId> clients)
    : world_(world),
      cluster_(cluster),
      admin_(admin),
      plan_(plan),
      clients_(std::move(clients)),
      links_(nature_of_links(plan)),
      disks_(nature_of_disks(plan)),
      random_(world.streams.stream("nemesis")) {}

LinkOptions Nemesis::nature_of_links(const Plan& plan) {
  LinkOptions links;
  for (const FaultAction& action : plan.faults) {
    if (!is_nature(action) || action.fault != "delay") continue;
    links.delay_min = microseconds(value_of(action, FaultKind::kDelay, "min-us"));
    links.delay_mean = microseconds(value_of(action, FaultKind::kDelay, "mean-us"));
  }
  return links;
}

DiskOptions Nemesis::nature_of_disks(const Plan& plan) {
  DiskOptions disks;
  for (const FaultAction& action : plan.faults) {
    if (!is_nature(action) || action.fault != "disk-latency") continue;
    const std::int64_t low = value_of(action, FaultKind::kDiskLatency, "sync-min-us");
    const std::int64_t high = value_of(action, FaultKind::kDiskLatency, "sync-max-us");
    disks.sync =
        Latency{microseconds(low), microseconds(std::max<std::int64_t>(high - low, 0) / 2)};
  }
  return disks;
}

void Nemesis::start() {
  for (std::uint32_t i = 0; i < cluster_.size(); ++i) {
    cluster_[i].on_leader = [this](Process& leader) { on_leader(leader); };
  }
  for (const FaultAction& action : plan_.faults) {
    if (is_nature(action)) continue;
    world_.kernel.at(TrueTime{action.at.ns}, [this, &action] { begin(action); });
  }
  world_.kernel.at(TrueTime{plan_.faulty_time.ns}, [this] { heal(); });
}

void Nemesis::begin(const FaultAction& action) {
  if (healed_) return;
  const std::optional<FaultKind> kind = find_fault(action.fault);
  SYNCHRODB_ASSERT(kind.has_value(), "a valid plan names known faults only");
  auto active = std::make_unique<Active>();
  active->action = &action;
  active->kind = *kind;
  active->victims = victims_of(action);
  active->serial = ++next_serial_;
  Active& begun = *active;
  active_.push_back(std::move(active));
  trace(begun, "fault-begins");
  SOMETIMES(active_.size() > 3, "four faults were under way at once");
  begin_network(begun);
  begin_clock(begun);
  begin_disk(begun);
  begin_process(begun);
  begin_cluster(begun);
  const bool momentary = action.lasting == Duration{};
  if (!momentary) {
    world_.kernel.after(action.lasting, [this, serial = begun.serial] { end(serial); });
  }
}

void Nemesis::strike(FaultAction action) {
  action.at = Duration{world_.kernel.now().ns};
  struck_.push_back(std::move(action));
  begin(struck_.back());
}

void Nemesis::end(std::uint64_t serial) {
  Active* active = find(serial);
  if (active == nullptr) return;
  trace(*active, "fault-ends");
  std::unique_ptr<Active> over;
  for (auto it = active_.begin(); it != active_.end(); ++it) {
    if (it->get() == active) {
      over = std::move(*it);
      active_.erase(it);
      break;
    }
  }
  end_network(*over);
  end_clock(*over);
  end_disk(*over);
  end_process(*over);
}

void Nemesis::heal() {
  if (std::exchange(healed_, true)) return;
  while (!active_.empty()) end(active_.back()->serial);
  world_.network.heal();
  for (std::uint32_t i = 0; i < cluster_.size(); ++i) {
    Process& process = cluster_[i];
    process.clock().heal();
    process.buggify().disable();
    process.disk().options() = disks_;
    process.disk().stall_until(world_.kernel.now());
    process.set_crash_mode(std::nullopt, 512);
    process.resume();
  }
  world_.trace.record(TraceLine{world_.kernel.now().ns, -1, "faulty-phase-ends", "", 0, 0, 0, 0});
}

Nemesis::Active* Nemesis::find(std::uint64_t serial) {
  for (const auto& active : active_) {
    if (active->serial == serial) return active.get();
  }
  return nullptr;
}

bool Nemesis::any_active(FaultKind kind, std::uint32_t victim) const {
  return std::any_of(active_.begin(), active_.end(), [&](const auto& active) {
    return active->kind == kind && std::find(active->victims.begin(), active->victims.end(),
                                             victim) != active->victims.end();
  });
}

std::int64_t Nemesis::parameter(const Active& active, std::string_view name) const {
  return value_of(*active.action, active.kind, name);
}

std::vector<std::uint32_t> Nemesis::random_group(std::size_t size) {
  std::vector<std::uint32_t> all;
  for (std::uint32_t i = 0; i < cluster_.founders(); ++i) all.push_back(i);
  random_.shuffle(all);
  all.resize(std::min(size, all.size()));
  std::sort(all.begin(), all.end());
  return all;
}

std::vector<std::uint32_t> Nemesis::victims_of(const FaultAction& action) {
  if (!action.nodes.empty()) return action.nodes;
  const std::uint32_t nodes = cluster_.founders();
  const Process* leader = cluster_.leader();
  if (action.target == "leader" && leader != nullptr) return {leader->index()};
  const bool of_followers = action.target == "follower" || action.target == "followers";
  if (of_followers && leader != nullptr && nodes > 1) {
    std::vector<std::uint32_t> others = random_group(nodes);
    std::erase(others, leader->index());
    if (action.target == "followers") return others;
    return {others[random_.uniform(others.size())]};
  }
  if (action.target == "minority") return random_group((nodes - 1) / 2);
  if (action.target == "majority") return random_group(nodes / 2 + 1);
  if (action.target.empty() || action.target == "all") return random_group(nodes);
  return random_group(1);
}

std::vector<NodeId> Nemesis::node_ids() const {
  return cluster_.ids();
}

void Nemesis::trace(const Active& active, const char* what) {
  const std::int32_t node =
      active.victims.size() == 1 ? static_cast<std::int32_t>(active.victims.front()) : -1;
  world_.trace.record(
      TraceLine{world_.kernel.now().ns, node, what, spec_of(active.kind).name.data(), 0, 0, 0, 0});
}

}  // namespace synchrodb::sim
