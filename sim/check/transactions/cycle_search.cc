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

// Whether that it is one presumes that nobody reads what is out of date.
bool is_ww_by_time(const Edge& edge) {
  return edge.kind.dependency() == Dependency::kWw && edge.kind.basis() >= Basis::kProcess;
}

bool is_time(const Edge& edge) {
  return edge.kind.dependency() >= Dependency::kProcess;
}

// The same anomaly with the order of processes, or of real time.
Anomaly at_level(Anomaly anomaly, Level level) {
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
  std::vector<std::pair<Subgraph::Node, std::ptrdiff_t>> visits;
  for (const Edge& edge : walk) visits.emplace_back(edge.from, visits.size());
  std::sort(visits.begin(), visits.end());
  const auto again =
      std::adjacent_find(visits.begin(), visits.end(),
                         [](const auto& a, const auto& b) { return a.first == b.first; });
  if (again == visits.end()) return std::nullopt;
  const auto first = walk.begin() + again->second;
  const auto second = walk.begin() + std::next(again)->second;
  Edges inner(first, second);
  if (!has_adjacent_rw(inner)) return inner;
  Edges outer(walk.begin(), first);
  outer.insert(outer.end(), second, walk.end());
  return outer;
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
    for (const Level level : {Level::kData, Level::kProcess, Level::kRealtime}) {
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
  // How a cycle is looked for.
  struct Plan {
    Anomaly anomaly;
    EdgeFilter back;               // for all its edges but the first
    bool apart = false;            // no two rw in a row
    bool unless_parallel = false;  // not where an edge of the others would do as the first
    const Components* components = nullptr;  // of `back`: tell early that there is no way
  };

  bool is_implied(Anomaly anomaly) const { return (implied_ & set_of(anomaly)) != 0; }

  void search_g0(Level level) {
    const Plan plan{at_level(Anomaly::kG0, level), {true, false, false, level, Basis::kObserved}};
    if (is_implied(plan.anomaly)) return;
    const Components components = subgraph_.components(plan.back);
    run_plan(plan, [&](const Edge& edge) {
      return plan.back.admits(edge.kind) && components.same(edge.from, edge.to);
    });
  }

  // With a wr, or with a ww that presumes as much.
  void search_g1c(Level level) {
    const Plan plan{at_level(Anomaly::kG1c, level), {true, true, false, level, Basis::kUpdate}};
    if (is_implied(plan.anomaly)) return;
    const Components components = subgraph_.components(plan.back);
    for (const EdgeKind first :
         {EdgeKind(Dependency::kWr), EdgeKind(Dependency::kWw, Basis::kUpdate)}) {
      run_plan(plan, [&](const Edge& edge) {
        return edge.kind == first && components.same(edge.from, edge.to);
      });
    }
  }

  // With one rw, or with a ww that presumes as much.
  void search_single(Level level, const Components& all) {
    Plan plan{at_level(Anomaly::kGSingle, level), {true, true, false, level}};
    if (is_implied(plan.anomaly)) return;
    const Components components = subgraph_.components(plan.back);
    plan.components = &components;
    run_plan(plan, [&](const Edge& edge) {
      return plan.back.admits(edge.kind) && is_ww_by_time(edge) &&
             components.same(edge.from, edge.to);
    });
    plan.unless_parallel = true;
    run_plan(plan, [&](const Edge& edge) {
      return is_rw(edge) && edge.kind.level() <= level && all.same(edge.from, edge.to);
    });
  }

  void search_nonadjacent(Level level) {
    const Plan plan{at_level(Anomaly::kGNonadjacent, level), {true, true, true, level}, true};
    if (is_implied(plan.anomaly)) return;
    // Nodes twice each: whether the last edge was an rw. A rw leads from the one to the other.
    const Components components =
        strong_components(2 * subgraph_.size(), [&](std::uint32_t state, std::uint32_t* position) {
          while (const std::optional<Edge> edge = subgraph_.edge(state / 2, (*position)++)) {
            if (!plan.back.admits(edge->kind)) continue;
            if (!is_rw(*edge)) return 2 * edge->to;
            if ((state & 1) == 0) return 2 * edge->to + 1;
          }
          return kNoNode;
        });
    run_plan(plan, [&](const Edge& edge) {
      return is_rw(edge) && edge.kind.level() <= level &&
             components.same(2 * edge.from, 2 * edge.to + 1);
    });
  }

  void search_g2(Level level, const Components& all) {
    const Plan plan{at_level(Anomaly::kG2Item, level), {true, true, true, level}};
    run_plan(plan, [&](const Edge& edge) {
      return is_rw(edge) && edge.kind.level() <= level && all.same(edge.from, edge.to);
    });
  }

  // Looks for a short cycle of the plan's anomaly through one of the edges that `begins` admits.
  template <typename Begins>
  void run_plan(const Plan& plan, Begins begins) {
    if (is_implied(plan.anomaly)) return;
    const std::uint64_t granted = std::max(std::min(steps_, total_), least_);
    subgraph_.limit_steps(granted);
    std::optional<Edges> best;
    int tries = 0;
    for (const Edge& edge : subgraph_.kept_edges()) {
      if (!begins(edge)) continue;
      if (plan.unless_parallel && subgraph_.has_edge(edge.from, edge.to, plan.back)) continue;
      Edges walk = subgraph_.path(edge.to, edge.from, {plan.back, plan.apart}, plan.components);
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
  Level level = Level::kData;
  Basis basis = Basis::kObserved;
  for (const Edge& edge : edges) {
    rw += is_rw(edge) ? 1 : 0;
    wr += edge.kind.dependency() == Dependency::kWr ? 1 : 0;
    level = std::max(level, edge.kind.level());
    basis = std::max(basis, edge.kind.basis());
  }
  Anomaly anomaly = Anomaly::kG0;
  if (wr > 0 || basis == Basis::kUpdate) anomaly = Anomaly::kG1c;
  if (rw == 1 || basis >= Basis::kProcess) anomaly = Anomaly::kGSingle;
  if (rw > 1) anomaly = has_adjacent_rw(edges) ? Anomaly::kG2Item : Anomaly::kGNonadjacent;
  return at_level(anomaly, level);
}

CycleSearchResult find_cycles(Subgraph& subgraph, std::uint64_t steps, std::uint64_t* total,
                              const std::function<void()>& poll) {
  subgraph.poll_with(poll);
  return Search(subgraph, steps, total).run();
}

}  // namespace synchrodb::check
