// When which fault strikes whom: the timed part of a swarm plan.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "sim/fault_table.h"
#include "sim/plan.h"

namespace synchrodb::sim {

// Fills plan.faults, sorted by time. Reads the plan's nodes, time, faulty_time, options and
// beyond_budget, which must be final.
//
// Faults come as episodes with pauses between them, 6 to 80 in 40 seconds, some stacked on others,
// some in bursts, some as storms of short ones; a few kinds last for the whole faulty phase
// instead. Damage to disks only strikes victims drawn once for the run, few enough that every entry
// keeps an undamaged quorum, unless the plan goes beyond the budget.
void draw_schedule(std::uint64_t seed, const std::set<FaultKind>& enabled, Plan& plan);

// How many nodes may have damaged disks in a plan that stays within the budget.
std::uint32_t damage_budget(const Plan& plan, bool membership_changes);

}  // namespace synchrodb::sim
