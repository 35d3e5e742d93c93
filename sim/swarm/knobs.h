// Odd values for the tuning knobs (the fault "knobs").
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace synchrodb::sim {

using OptionMap = std::map<std::string, std::int64_t>;

// How members change, what leases rest on, how elections go: drawn in every run of the swarm, so
// that each kind is met often enough. `membership_changes`: whether the run has any.
void draw_modes(std::uint64_t seed, bool membership_changes, OptionMap& options);

// Each knob is left alone with p = 1/2. What is drawn passes validate_options() together with
// whatever draw_modes() has drawn.
void draw_knobs(std::uint64_t seed, OptionMap& options);

// How long a lease on the log lasts, often longer than it takes to elect another leader: then only
// the lease keeps the new one from committing. Not so without pre-vote and leader stickiness: a
// removed server may then depose every leader before a lease that long is over (thesis 4.2.3), and
// its removal is never committed. To be called last; `fixed` are the options that nobody draws.
void draw_lease_duration(std::uint64_t seed, const OptionMap& fixed, OptionMap& options);

}  // namespace synchrodb::sim
