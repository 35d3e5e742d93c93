#include "sim/kernel/sim_buggify.h"

namespace synchrodb::sim {

BuggifyPlan::BuggifyPlan(std::map<std::string, std::int64_t> sites) : sites_(std::move(sites)) {}

BuggifyPlan BuggifyPlan::swarm() {
  BuggifyPlan plan;
  plan.swarm_ = true;
  return plan;
}

std::uint64_t BuggifyPlan::ppm_of(std::string_view site, const Streams& streams) const {
  if (swarm_) {
    Stream stream = streams.stream("buggify.active", Purpose(site).hash);
    return stream.bernoulli(kQuarter) ? kQuarter : 0;
  }
  const auto it = sites_.find(std::string(site));
  return it == sites_.end() || it->second < 0 ? 0 : static_cast<std::uint64_t>(it->second);
}

SimBuggify::SimBuggify(const BuggifyPlan& plan, const Streams& streams, std::uint64_t node,
                       FaultCounters& counters)
    : plan_(plan), streams_(streams), node_(node), counters_(counters) {}

SimBuggify::Site& SimBuggify::find(const char* site) {
  for (const auto& [address, index] : by_address_) {
    if (address == site) return sites_[index];
  }
  std::size_t index = 0;
  while (index < sites_.size() && sites_[index].name != site) ++index;
  if (index == sites_.size()) {
    sites_.push_back(Site{site, 0, 0, plan_.ppm_of(site, streams_),
                          streams_.stream("buggify.fire", Purpose(site).hash, node_)});
  }
  by_address_.emplace_back(site, index);
  return sites_[index];
}

bool SimBuggify::buggify(const char* name) {
  if (!enabled_) return false;
  Site& site = find(name);
  ++site.asked;
  if (site.ppm == 0) return false;
  counters_.offer(FaultKind::kBuggify);
  if (!site.stream.bernoulli(site.ppm)) return false;
  ++site.fired;
  counters_.apply(FaultKind::kBuggify);
  counters_.strike(FaultKind::kBuggify);
  return true;
}

}  // namespace synchrodb::sim
