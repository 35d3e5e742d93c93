// What the oracle checks, by name.
#pragma once

#include <span>
#include <string_view>

namespace synchrodb::sim {

struct PropertySpec {
  std::string_view name;  // as in RunResult::violated and Plan::tolerated; ends in a 0
  std::string_view description;
};

// All properties of the oracle, in the order in which they are listed to people.
std::span<const PropertySpec> property_table();
// Null for an unknown name.
const PropertySpec* find_property(std::string_view name);

}  // namespace synchrodb::sim
