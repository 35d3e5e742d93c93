// The names by which Redis' cluster commands know nodes: 40 hex digits.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "consensus/types.h"

namespace synchrodb::net {

// 24 digits of the cluster's id (its first 12 bytes, zeros if it is shorter), then 16 of the
// node's: the same on every node and after every restart.
std::string node_name(std::string_view cluster, NodeId node);

// 40 digits of the cluster's id alone, for INFO's master_replid.
std::string cluster_name(std::string_view cluster);

}  // namespace synchrodb::net
