// How strong a fault of the swarm is, how long it lasts, and whom it strikes.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "sim/fault_table.h"
#include "sim/plan.h"
#include "sim/swarm/draw.h"

namespace synchrodb::sim {

// Whom a kind of fault may strike.
enum class Victims : std::uint8_t {
  kCluster,  // nobody in particular: the fault itself says
  kLinks,    // all links, or those of some nodes
  kOne,      // one node: the leader, a follower, anybody
  kSome,     // anything from one node to all
  kMost,     // mostly all nodes
  kDamaged,  // a run's few victims of disk damage
};

struct Profile {
  FaultKind kind;
  std::int64_t weight;       // among the kinds that are in
  std::int64_t shortest_ms;  // of an episode; 0: momentary
  std::int64_t longest_ms;
  std::int64_t whole_percent;  // chance to last for the whole faulty phase instead
  Victims victims;
};

// Null for kinds that are no actions of their own: buggify, knobs.
const Profile* profile_of(FaultKind kind);

// Membership changes of the swarm leave at least so many voters of `nodes` founders.
std::uint32_t smallest_membership(std::uint32_t nodes);

// Every parameter of the kind, within the table's limits and what `plan` (its options) tolerates.
std::map<std::string, std::int64_t> draw_parameters(FaultKind kind, const Plan& plan, Draw& draw);

// The parameters of a run's calm nature: delay and disk-latency from time 0.
std::map<std::string, std::int64_t> draw_nature(FaultKind kind, Draw& draw);

}  // namespace synchrodb::sim
