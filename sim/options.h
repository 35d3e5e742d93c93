// The tuning knobs of a run, by name: what `--option NAME=VALUE` and Plan::options may say.
//
// All values are integers with the unit in the name; switches are 0 and 1.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "consensus/options.h"
#include "engine/client/client.h"
#include "engine/node/node.h"
#include "sim/plan.h"

namespace synchrodb::sim {

struct OptionSpec {
  std::string_view name;
  std::string_view unit;  // "ms", "bytes", "entries", "" for a plain number or switch
  std::int64_t standard;
  std::int64_t low;
  std::int64_t high;
  std::string_view description;
};

// All options, in the order in which they are listed to people.
std::span<const OptionSpec> option_table();
// Null for an unknown name.
const OptionSpec* find_option(std::string_view name);

// The plan's value, or the default. `name` must be in the table. Three defaults follow another
// option: heartbeat-ms is a tenth of election-timeout-ms, lease-duration-ms nine tenths of it,
// election-spread-ms all of it.
std::int64_t option_value(const Plan& plan, std::string_view name);

// The plan's knobs in the engine's own terms. The plan must be valid.
RaftOptions raft_options(const Plan& plan);
// raft_options, storage and replica together: all that a Node asks for.
NodeOptions node_options(const Plan& plan);
ClientOptions client_options(const Plan& plan);

// Names, ranges, and what only shows in combination (a heartbeat slower than the election timeout).
// An error names the field, "options.heartbeat-ms: …".
Result<> validate_options(const std::map<std::string, std::int64_t>& options);

}  // namespace synchrodb::sim
