// Shapes of partitions: which directed links are cut. As in Jepsen's nemesis.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "consensus/types.h"
#include "sim/random/streams.h"

namespace synchrodb::sim {

// Directed: (from, to).
using LinkSet = std::vector<std::pair<NodeId, NodeId>>;

// Both directions between every node of one side and every node of the other.
LinkSet cut_between(const std::vector<NodeId>& left, const std::vector<NodeId>& right);

// Two random halves; of an odd number one is larger by one.
LinkSet partition_halves(std::vector<NodeId> nodes, Stream& stream);
// A random minority of at least one node, cut off from the rest.
LinkSet partition_minority(std::vector<NodeId> nodes, Stream& stream);
// One node cut off from all others.
LinkSet isolate(const std::vector<NodeId>& nodes, NodeId one);
// Two halves that do not see each other, and one node that sees both: `bridge`, or a random one.
LinkSet partition_bridge(std::vector<NodeId> nodes, Stream& stream,
                         std::optional<NodeId> bridge = std::nullopt);
// Each node sees a majority, and no two see the same one: on a ring in random order, each sees its
// nearest neighbours. Needs five nodes to differ from a whole; with fewer nothing is cut.
LinkSet partition_ring(std::vector<NodeId> nodes, Stream& stream);
// Each directed link is cut with `ppm` parts per million.
LinkSet partition_random(const std::vector<NodeId>& nodes, std::uint64_t ppm, Stream& stream);
// Only the links towards `node` (or only those from it).
LinkSet cut_towards(const std::vector<NodeId>& nodes, NodeId node);
LinkSet cut_from(const std::vector<NodeId>& nodes, NodeId node);

}  // namespace synchrodb::sim
