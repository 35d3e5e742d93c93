#include "sim/network/partition.h"

#include <algorithm>

namespace synchrodb::sim {

LinkSet cut_between(const std::vector<NodeId>& left, const std::vector<NodeId>& right) {
  LinkSet links;
  for (const NodeId a : left) {
    for (const NodeId b : right) {
      links.emplace_back(a, b);
      links.emplace_back(b, a);
    }
  }
  return links;
}

namespace {

LinkSet cut_off_first(const std::vector<NodeId>& nodes, std::size_t count) {
  const auto middle = nodes.begin() + static_cast<std::ptrdiff_t>(count);
  return cut_between({nodes.begin(), middle}, {middle, nodes.end()});
}

}  // namespace

LinkSet partition_halves(std::vector<NodeId> nodes, Stream& stream) {
  stream.shuffle(nodes);
  return cut_off_first(nodes, nodes.size() / 2);
}

LinkSet partition_minority(std::vector<NodeId> nodes, Stream& stream) {
  stream.shuffle(nodes);
  const std::size_t largest = nodes.empty() ? 0 : (nodes.size() - 1) / 2;
  if (largest == 0) return {};
  return cut_off_first(nodes, 1 + static_cast<std::size_t>(stream.uniform(largest)));
}

LinkSet isolate(const std::vector<NodeId>& nodes, NodeId one) {
  std::vector<NodeId> others = nodes;
  std::erase(others, one);
  return cut_between({one}, others);
}

LinkSet partition_bridge(std::vector<NodeId> nodes, Stream& stream, std::optional<NodeId> bridge) {
  if (nodes.empty()) return {};
  stream.shuffle(nodes);
  std::erase(nodes, bridge.value_or(nodes.back()));
  return cut_off_first(nodes, nodes.size() / 2);
}

LinkSet partition_ring(std::vector<NodeId> nodes, Stream& stream) {
  stream.shuffle(nodes);
  const std::size_t count = nodes.size();
  // Itself and `reach` neighbours on either side are the smallest majority that is symmetric.
  const std::size_t reach = (count / 2 + 1) / 2;
  LinkSet links;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < count; ++j) {
      const std::size_t forward = (j + count - i) % count;
      if (i != j && std::min(forward, count - forward) > reach) {
        links.emplace_back(nodes[i], nodes[j]);
      }
    }
  }
  return links;
}

LinkSet partition_random(const std::vector<NodeId>& nodes, std::uint64_t ppm, Stream& stream) {
  LinkSet links;
  for (const NodeId a : nodes) {
    for (const NodeId b : nodes) {
      if (a != b && stream.bernoulli(ppm)) links.emplace_back(a, b);
    }
  }
  return links;
}

LinkSet cut_towards(const std::vector<NodeId>& nodes, NodeId node) {
  LinkSet links;
  for (const NodeId other : nodes) {
    if (other != node) links.emplace_back(other, node);
  }
  return links;
}

LinkSet cut_from(const std::vector<NodeId>& nodes, NodeId node) {
  LinkSet links = cut_towards(nodes, node);
  for (auto& link : links) std::swap(link.first, link.second);
  return links;
}

}  // namespace synchrodb::sim
