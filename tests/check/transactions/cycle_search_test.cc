// The search for cycles against a walk along all of them, on small graphs.
#include "sim/check/transactions/cycle_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "sim/check/transactions/register_order.h"
#include "tests/check/support/generate_transactions.h"

namespace synchrodb::check::testing {
namespace {

using Edge = Subgraph::Edge;

// What all cycles that meet no transaction twice are cases of. Neighbours may have several edges.
class AllCycles {
 public:
  explicit AllCycles(const Subgraph& subgraph) : subgraph_(subgraph), met_(subgraph.size(), false) {
    for (std::uint32_t node = 0; node < subgraph.size(); ++node) {
      start_ = node;
      walk(node);
    }
  }

  AnomalySet anomalies() const { return anomalies_; }

 private:
  void walk(std::uint32_t node) {
    met_[node] = true;
    for (std::uint32_t position = 0;; ++position) {
      const std::optional<Edge> edge = subgraph_.edge(node, position);
      if (!edge) break;
      path_.push_back(*edge);
      if (edge->to == start_) {
        anomalies_ |= set_of(classify(path_));
      } else if (edge->to > start_ && !met_[edge->to]) {
        walk(edge->to);
      }
      path_.pop_back();
    }
    met_[node] = false;
  }

  const Subgraph& subgraph_;
  std::uint32_t start_ = 0;
  std::vector<bool> met_;
  std::vector<Edge> path_;
  AnomalySet anomalies_ = 0;
};

TransactionsDraft tangled(std::uint64_t seed) {
  Dice dice(seed);
  TransactionShape shape;
  shape.kind = dice.chance(70) ? TransactionKind::kListAppend : TransactionKind::kRwRegister;
  shape.isolation = dice.chance(50) ? Isolation::kNone : Isolation::kSnapshot;
  shape.transactions = 9;
  shape.processes = 4;
  shape.keys = 4;
  shape.crash_percent = 0;
  TransactionsDraft draft = generate(dice, shape);
  for (std::uint64_t i = 0; i < dice.roll(4); ++i) mutate(dice, &draft);
  return draft;
}

TEST(CycleSearchTest, RulesOutWhatAllCyclesTogetherDo) {
  std::map<Anomaly, int> found;
  for (std::uint64_t seed = 0; seed < 6'000; ++seed) {
    const TransactionHistory history = record(tangled(seed));
    const VersionIndex index(history);
    ASSERT_EQ(index.error(), "");
    const bool registers = history.kind() == TransactionKind::kRwRegister;
    const RegisterOrder order(index, {true, registers}, 1'000'000);
    const DependencyGraph graph(index, registers ? &order : nullptr, 1'000'000);
    std::vector<TransactionId> all;
    for (TransactionId id = 0; id < history.size(); ++id) all.push_back(id);
    const Subgraph whole(graph, all);
    const Components components = whole.components(EdgeFilter());
    for (const std::uint32_t number : components.nontrivial) {
      std::vector<TransactionId> members;
      for (const TransactionId id : all) {
        if (components.number[id] == number) members.push_back(id);
      }
      Subgraph subgraph(graph, members);
      const AnomalySet truth = AllCycles(subgraph).anomalies();
      std::uint64_t total = 1'000'000;
      const CycleSearchResult result = find_cycles(subgraph, 1'000'000, &total);
      AnomalySet reported = 0;
      for (const Cycle& cycle : result.cycles) {
        ASSERT_EQ(classify(cycle.edges), cycle.anomaly);
        reported |= set_of(cycle.anomaly);
        ++found[cycle.anomaly];
      }
      ASSERT_EQ(result.undecided, 0U);
      ASSERT_EQ(ruled_out_by(reported), ruled_out_by(truth)) << "seed " << seed;
    }
  }
  EXPECT_EQ(found.size(), 15U) << "not all kinds of cycles occurred";
}

}  // namespace
}  // namespace synchrodb::check::testing
