// The part of a dependency graph that lies within one strongly connected component, and paths in
// it over edges of some kinds.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "sim/check/transactions/components.h"
#include "sim/check/transactions/dependency_graph.h"

namespace synchrodb::check {

// Which edges count: of data, those of some dependencies and bases; of processes and real time,
// those of the level.
struct EdgeFilter {
  bool ww = true;
  bool wr = true;
  bool rw = true;
  Level level = Level::kRealtime;
  Basis basis = Basis::kRealtime;  // the weakest

  bool admits(EdgeKind kind) const {
    if (kind.level() > level || kind.basis() > basis) return false;
    switch (kind.dependency()) {
      case Dependency::kWw:
        return ww;
      case Dependency::kWr:
        return wr;
      case Dependency::kRw:
        return rw;
      default:
        return true;
    }
  }
};

class Subgraph {
 public:
  using Node = std::uint32_t;  // position among the members

  struct Edge {
    Node from;
    Node to;
    EdgeKind kind;
  };

  // `members`: ascending, all of a strongly connected component.
  Subgraph(const DependencyGraph& graph, std::vector<TransactionId> members);

  std::uint32_t size() const { return static_cast<std::uint32_t>(members_.size()); }
  TransactionId transaction(Node node) const { return members_[node]; }

  std::uint64_t edge_count() const;
  // Successor number `position` of `node`, kept edges first; nothing after the last.
  std::optional<Edge> edge(Node node, std::uint32_t position) const;
  std::span<const Edge> kept_edges() const { return edges_; }
  // Whether `from` has an edge to `to` that the filter admits.
  bool has_edge(Node from, Node to, const EdgeFilter& filter) const;

  Components components(const EdgeFilter& filter) const;

  // Steps, one an edge looked at, that all searches of this subgraph may still take.
  void limit_steps(std::uint64_t steps) { steps_left_ = steps; }
  std::uint64_t steps_left() const { return steps_left_; }
  // Called every some thousand steps; may be empty.
  void poll_with(std::function<void()> poll) { poll_ = std::move(poll); }

  // What a path may be like.
  struct Route {
    EdgeFilter filter;
    // No two rw in a row; nor may the first edge be rw, since what precedes the path is, nor the
    // last, since what follows is.
    bool apart = false;
  };

  // A shortest path between two nodes; empty if there is none, or the steps ran out. A path of a
  // `Route` that keeps rw apart may meet a node twice. `components`, if given, are those of the
  // route's filter: they tell early that there is no path.
  std::vector<Edge> path(Node from, Node to, const Route& route,
                         const Components* components = nullptr);

 private:
  struct Seen {
    std::uint32_t search = 0;  // the number of the search that met it
    std::uint32_t from = 0;    // the state before
    EdgeKind kind{Dependency::kWw};
  };

  std::vector<Edge> trace(std::uint32_t state, std::uint32_t start) const;

  std::vector<TransactionId> members_;
  std::vector<std::uint32_t> first_;
  std::vector<Edge> edges_;
  std::vector<DependencyGraph::Range> ranges_;  // of nodes
  std::vector<Seen> seen_;
  std::uint32_t searches_ = 0;
  std::uint64_t steps_left_ = 0;
  std::function<void()> poll_;
};

}  // namespace synchrodb::check
