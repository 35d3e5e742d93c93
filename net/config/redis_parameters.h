// Redis 7.0's configuration parameters that mean nothing here. CONFIG SET accepts them as Redis
// does, they are remembered until the server stops, and CONFIG GET shows them: tools that tune
// Redis go on working.
#pragma once

#include <span>
#include <string_view>

#include "net/config/option_value.h"

namespace synchrodb::net {

struct RedisParameter {
  std::string_view name;
  ValueDomain domain;
  std::string_view standard;      // Redis' default, as CONFIG GET shows it
  bool fixed = false;             // CONFIG SET refuses it
  bool secret = false;            // never in logs
  std::string_view same_as = {};  // the name under which the value is kept, where this is another
};

// Sorted by name; no name of option_table() is among them.
std::span<const RedisParameter> redis_parameters();
// Null for an unknown name.
const RedisParameter* find_redis_parameter_ignoring_case(std::string_view name);

}  // namespace synchrodb::net
