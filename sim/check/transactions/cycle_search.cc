#include "sim/check/transactions/cycle_search.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "sim/check/assert.h"

namespace synchrodb::check {
namespace {

using Edge = Subgraph::Edge;
using Edges = std::vector<Edge>;

bool is_rw(const Edge& edge) {
  return edge.kind.dependency() == Dependency::kRw;
}

bool is_time(const Edge& edge) {
  return edge.kind.dependency() >= Dependency::kProcess;
}

// The same anomaly with the order of processes, or of real time.
Anomaly at_level(Anomaly anomaly, Basis level) {
  constexpr int kVariants = static_cast<int>(Anomaly::kG0Process) - static_cast<int>(Anomaly::kG0);
  return static_cast<Anomaly>(static_cast<int>(anomaly) + kVariants * static_cast<int>(level));
}

// Whether two rw follow each other, around the end too.
bool has_adjacent_rw(const Edges& edges) {
  for (std::size_t i = 0; i < edges.size(); ++i) {
    if (is_rw(edges[i]) && is_rw(edges[(i + 1) % edges.size()])) return true;
  }
  return false;
}

// The closed walk between two visits of a node, or the rest of it: of a walk that keeps rw apart
// at least one of them does, too. Nothing if no node is met twice.
std::optional<Edges> split(const Edges& walk) {
  for (std::size_t i = 0; i < walk.size(); ++i) {
    for (std::size_t j = i + 1; j < walk.size(); ++j) {
      if (walk[i].from != walk[j].from) continue;
      const auto at = [&walk](std::size_t k) {
        return walk.begin() + static_cast<std::ptrdiff_t>(k);
      };
      Edges inner(at(i), at(j));
      if (!has_adjacent_rw(inner)) return inner;
      Edges outer(walk.begin(), at(i));
      outer.insert(outer.end(), at(j), walk.end());
      return outer;
    }
  }
  return std::nullopt;
}

// Begins elsewhere.
void rotate_to(Edges* edges, std::size_t first) {
  std::rotate(edges->begin(), edges->begin() + static_cast<std::ptrdiff_t>(first), edges->end());
}

// Rows of process and realtime edges become one each: what completed before another began did so
// before all that began later.
void join_times(Edges* edges) {
  const auto data = std::find_if_not(edges->begin(), edges->end(), is_time);
  SYNCHRODB_CHECK_ASSERT(data != edges->end(), "time does not go in circles");
  rotate_to(edges, static_cast<std::size_t>(data - edges->begin()));
  Edges joined;
  for (const Edge& edge : *edges) {
    if (!is_time(edge) || !is_time(joined.back())) {
      joined.push_back(edge);
      continue;
    }
    Edge& before = joined.back();
    before.to = edge.to;
    if (edge.kind.dependency() == Dependency::kRealtime) before.kind = edge.kind;
  }
  *edges = std::move(joined);
}

Edges tidy(Edges walk) {
  while (std::optional<Edges> shorter = split(walk)) walk = std::move(*shorter);
  join_times(&walk);
  const auto least = std::min_element(walk.begin(), walk.end(),
                                      [](const Edge& a, const Edge& b) { return a.from < b.from; });
  rotate_to(&walk, static_cast<std::size_t>(least - walk.begin()));
  return walk;
}

class Search {
 public:
  Search(Subgraph& subgraph, std::uint64_t steps, std::uint64_t* total)
      : subgraph_(subgraph), steps_(steps), total_(*total), least_(4 * subgraph.edge_count()) {}

  CycleSearchResult run() {
    for (const Basis level : {Basis::kData, Basis::kProcess, Basis::kRealtime}) {
      const EdgeFilter all{true, true, true, level};
      const Components components = subgraph_.components(all);
      if (components.nontrivial.empty()) continue;
      search_g0(level);
      search_g1c(level);
      search_single(level, components);
      search_nonadjacent(level);
      search_g2(level, components);
    }
    if (result_.cycles.empty()) take_any();
    return std::move(result_);
  }

 private:
  // Where a cycle is to be looked for.
  struct Plan {
    Anomaly anomaly;
    Dependency first;              // of the cycle's first edge
    EdgeFilter back;               // of the others
    bool apart = false;            // no two rw in a row
    bool unless_parallel = false;  // not where an edge of the others would do as the first
  };

  bool is_implied(Anomaly anomaly) const { return (implied_ & set_of(anomaly)) != 0; }

  void search_g0(Basis level) {
    const EdgeFilter ww{true, false, false, level};
    const Components components = subgraph_.components(ww);
    const auto within = [&](const Edge& edge) { return components.same(edge.from, edge.to); };
    run_plan({at_level(Anomaly::kG0, level), Dependency::kWw, ww}, within, nullptr);
  }

  void search_g1c(Basis level) {
    const EdgeFilter both{true, true, false, level};
    const Components components = subgraph_.components(both);
    const auto within = [&](const Edge& edge) { return components.same(edge.from, edge.to); };
    run_plan({at_level(Anomaly::kG1c, level), Dependency::kWr, both}, within, nullptr);
  }

  void search_single(Basis level, const Components& all) {
    const EdgeFilter back{true, true, false, level};
    const Components components = subgraph_.components(back);
    const auto within = [&](const Edge& edge) { return all.same(edge.from, edge.to); };
    Plan plan{at_level(Anomaly::kGSingle, level), Dependency::kRw, back};
    plan.unless_parallel = true;
    run_plan(plan, within, &components);
  }

  void search_nonadjacent(Basis level) {
    const EdgeFilter all{true, true, true, level};
    Plan plan{at_level(Anomaly::kGNonadjacent, level), Dependency::kRw, all};
    if (is_implied(plan.anomaly)) return;
    plan.apart = true;
    // Nodes twice each: whether the last edge was an rw. A rw leads from the one to the other.
    const Components components =
        strong_components(2 * subgraph_.size(), [&](std::uint32_t state, std::uint32_t* position) {
          while (const std::optional<Edge> edge = subgraph_.edge(state / 2, (*position)++)) {
            if (!all.admits(edge->kind)) continue;
            if (!is_rw(*edge)) return 2 * edge->to;
            if ((state & 1) == 0) return 2 * edge->to + 1;
          }
          return kNoNode;
        });
    const auto within = [&](const Edge& edge) {
      return components.same(2 * edge.from, 2 * edge.to + 1);
    };
    run_plan(plan, within, nullptr);
  }

  void search_g2(Basis level, const Components& all) {
    const auto within = [&](const Edge& edge) { return all.same(edge.from, edge.to); };
    run_plan({at_level(Anomaly::kG2Item, level), Dependency::kRw, {true, true, true, level}},
             within, nullptr);
  }

  // Looks for a short cycle of the plan's anomaly through one of the edges that `within` admits.
  template <typename Within>
  void run_plan(const Plan& plan, Within within, const Components* components) {
    if (is_implied(plan.anomaly)) return;
    const std::uint64_t granted = std::max(std::min(steps_, total_), least_);
    subgraph_.limit_steps(granted);
    std::optional<Edges> best;
    int tries = 0;
    for (const Edge& edge : subgraph_.kept_edges()) {
      if (edge.kind.dependency() != plan.first || edge.kind.basis() > plan.back.level) continue;
      if (!within(edge)) continue;
      if (plan.unless_parallel && subgraph_.has_edge(edge.from, edge.to, plan.back)) continue;
      Edges walk = subgraph_.path(edge.to, edge.from, {plan.back, plan.apart}, components);
      if (walk.empty()) continue;
      walk.insert(walk.begin(), edge);
      Edges cycle = tidy(std::move(walk));
      if (classify(cycle) == plan.anomaly && (!best || cycle.size() < best->size())) {
        best = std::move(cycle);
      }
      if ((best && best->size() == 2) || ++tries == kTries) break;
    }
    const bool exhausted = subgraph_.steps_left() == 0;
    total_ -= std::min(total_, granted - subgraph_.steps_left());
    if (best) {
      add({plan.anomaly, std::move(*best)});
    } else if (exhausted) {
      result_.undecided |= set_of(plan.anomaly);
    }
  }

  // The steps ran out before anything was found, but a component is not one without a cycle.
  void take_any() {
    subgraph_.limit_steps(least_);
    for (const Edge& edge : subgraph_.kept_edges()) {
      if (is_time(edge)) continue;
      Edges walk = subgraph_.path(edge.to, edge.from, {EdgeFilter(), false});
      SYNCHRODB_CHECK_ASSERT(!walk.empty(), "every edge of a component lies on a cycle");
      walk.insert(walk.begin(), edge);
      Edges cycle = tidy(std::move(walk));
      add({classify(cycle), cycle});
      return;
    }
    SYNCHRODB_CHECK_ASSERT(false, "time does not go in circles");
  }

  void add(Cycle cycle) {
    implied_ |= implied_by(cycle.anomaly);
    result_.undecided &= ~implied_;
    result_.cycles.push_back(std::move(cycle));
  }

  // Cycles to compare for the shortest.
  static constexpr int kTries = 32;

  Subgraph& subgraph_;
  const std::uint64_t steps_;
  std::uint64_t& total_;
  const std::uint64_t least_;
  AnomalySet implied_ = 0;
  CycleSearchResult result_;
};

}  // namespace

Anomaly classify(const std::vector<Subgraph::Edge>& edges) {
  std::size_t rw = 0;
  std::size_t wr = 0;
  Basis level = Basis::kData;
  for (const Edge& edge : edges) {
    rw += is_rw(edge) ? 1 : 0;
    wr += edge.kind.dependency() == Dependency::kWr ? 1 : 0;
    level = std::max(level, edge.kind.basis());
  }
  Anomaly anomaly = Anomaly::kG0;
  if (wr > 0) anomaly = Anomaly::kG1c;
  if (rw == 1) anomaly = Anomaly::kGSingle;
  if (rw > 1) anomaly = has_adjacent_rw(edges) ? Anomaly::kG2Item : Anomaly::kGNonadjacent;
  return at_level(anomaly, level);
}

CycleSearchResult find_cycles(Subgraph& subgraph, std::uint64_t steps, std::uint64_t* total) {
  return Search(subgraph, steps, total).run();
}

}  // namespace synchrodb::check
