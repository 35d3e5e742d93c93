// Odd values for the tuning knobs (the fault "knobs").
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace synchrodb::sim {

using OptionMap = std::map<std::string, std::int64_t>;

// How members change, what leases rest on, how elections go: drawn in every run of the swarm, so that
// each kind is met often enough.
void draw_modes(std::uint64_t seed, OptionMap& options);

// Each knob is left alone with p = 1/2. What is drawn passes validate_options() together with
// whatever draw_modes() has drawn.
void draw_knobs(std::uint64_t seed, OptionMap& options);

}  // namespace synchrodb::sim
