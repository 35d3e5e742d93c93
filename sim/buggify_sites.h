// The engine's named buggify sites (engine/env/buggify.h): what Plan::buggify may name.
#pragma once

#include <span>
#include <string_view>

namespace synchrodb::sim {

// Sorted. A test compares the list with the sites in the sources.
std::span<const std::string_view> buggify_sites();

}  // namespace synchrodb::sim
