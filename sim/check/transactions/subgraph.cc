#include "sim/check/transactions/subgraph.h"

#include <algorithm>

namespace synchrodb::check {
namespace {

constexpr std::uint64_t kStepsBetweenPolls = 4'096;

}  // namespace

Subgraph::Subgraph(const DependencyGraph& graph, std::vector<TransactionId> members)
    : members_(std::move(members)) {
  const auto place = [this](TransactionId id) {
    return static_cast<Node>(std::lower_bound(members_.begin(), members_.end(), id) -
                             members_.begin());
  };
  first_.reserve(members_.size() + 1);
  ranges_.reserve(members_.size());
  for (Node node = 0; node < size(); ++node) {
    first_.push_back(static_cast<std::uint32_t>(edges_.size()));
    for (const DependencyGraph::PackedEdge packed : graph.edges(members_[node])) {
      const DependencyGraph::Edge edge = DependencyGraph::edge(packed);
      const Node to = place(edge.to);
      if (to < size() && members_[to] == edge.to) edges_.push_back({node, to, edge.kind});
    }
    // By target, for has_edge; the strongest kinds first: of parallel edges they count.
    std::sort(edges_.begin() + first_.back(), edges_.end(), [](const Edge& a, const Edge& b) {
      return a.to != b.to ? a.to < b.to : a.kind.bits() < b.kind.bits();
    });
    const DependencyGraph::Range range = graph.realtime(members_[node]);
    ranges_.push_back({place(range.begin), place(range.end)});
  }
  first_.push_back(static_cast<std::uint32_t>(edges_.size()));
}

std::uint64_t Subgraph::edge_count() const {
  std::uint64_t count = edges_.size();
  for (const DependencyGraph::Range& range : ranges_) count += range.end - range.begin;
  return count;
}

std::optional<Subgraph::Edge> Subgraph::edge(Node node, std::uint32_t position) const {
  const std::uint32_t kept = first_[node + 1] - first_[node];
  if (position < kept) return edges_[first_[node] + position];
  const Node to = ranges_[node].begin + (position - kept);
  if (to >= ranges_[node].end) return std::nullopt;
  return Edge{node, to, EdgeKind(Dependency::kRealtime)};
}

bool Subgraph::has_edge(Node from, Node to, const EdgeFilter& filter) const {
  const std::span<const Edge> all =
      std::span(edges_).subspan(first_[from], first_[from + 1] - first_[from]);
  auto edge =
      std::partition_point(all.begin(), all.end(), [to](const Edge& one) { return one.to < to; });
  for (; edge != all.end() && edge->to == to; ++edge) {
    if (filter.admits(edge->kind)) return true;
  }
  return false;
}

Components Subgraph::components(const EdgeFilter& filter) const {
  return strong_components(size(), [&](Node node, std::uint32_t* position) {
    while (const std::optional<Edge> one = edge(node, (*position)++)) {
      if (filter.admits(one->kind)) return one->to;
    }
    return kNoNode;
  });
}

// States are nodes, twice each: whether the last edge was an rw.
std::vector<Subgraph::Edge> Subgraph::path(Node from, Node to, const Route& route,
                                           const Components* components) {
  seen_.resize(std::size_t{2} * size());
  ++searches_;
  const std::uint32_t start = 2 * from + (route.apart ? 1 : 0);
  std::vector<std::uint32_t> queue = {start};
  for (std::size_t head = 0; head < queue.size(); ++head) {
    const std::uint32_t state = queue[head];
    const Node node = state / 2;
    for (std::uint32_t position = 0;; ++position) {
      const std::optional<Edge> one = edge(node, position);
      if (!one) break;
      if (steps_left_ == 0) return {};
      if (--steps_left_ % kStepsBetweenPolls == 0 && poll_) poll_();
      if (!route.filter.admits(one->kind)) continue;
      const bool rw = one->kind.dependency() == Dependency::kRw;
      if (route.apart && rw && (state & 1) != 0) continue;
      if (components != nullptr && components->number[one->to] < components->number[to]) continue;
      const std::uint32_t next = 2 * one->to + (route.apart && rw ? 1 : 0);
      if (next == start || seen_[next].search == searches_) continue;
      seen_[next] = {searches_, state, one->kind};
      if (one->to == to && !(route.apart && rw)) return trace(next, start);
      queue.push_back(next);
    }
  }
  return {};
}

std::vector<Subgraph::Edge> Subgraph::trace(std::uint32_t state, std::uint32_t start) const {
  std::vector<Edge> edges;
  while (state != start) {
    const Seen& seen = seen_[state];
    edges.push_back({seen.from / 2, state / 2, seen.kind});
    state = seen.from;
  }
  std::reverse(edges.begin(), edges.end());
  return edges;
}

}  // namespace synchrodb::check
