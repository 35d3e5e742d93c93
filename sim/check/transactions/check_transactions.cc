#include "sim/check/transactions/check_transactions.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "sim/check/transactions/cycle_search.h"
#include "sim/check/transactions/dependency_graph.h"
#include "sim/check/transactions/phenomena.h"
#include "sim/check/transactions/register_order.h"
#include "sim/check/transactions/words.h"

namespace synchrodb::check {
namespace {

// A dependency takes 4 bytes in the graph, and 12 again in the subgraph of its component; a pair of
// versions of a register 20 while all are sorted, then 8.
constexpr std::size_t kBytesPerDependency = 24;

std::size_t most_dependencies(const TransactionOptions& options) {
  constexpr std::size_t kMost = std::size_t{1} << 31;  // positions are of 32 bits
  return std::min(options.memory_bytes / kBytesPerDependency, kMost);
}

class TransactionCheck : public PhenomenonSink {
 public:
  TransactionCheck(const TransactionHistory& history, const TransactionOptions& options)
      : history_(history),
        options_(options),
        total_steps_(10 * std::min(options.steps, ~std::uint64_t{0} / 10)) {}

  TransactionJudgement run() {
    poll();
    const VersionIndex index(history_);
    index_ = &index;
    poll();
    if (!index.error().empty()) {
      result_.verdict = Verdict::kUnknown;
      result_.exhausted = index.error();
      result_.undecided = ~ConsistencyModelSet{0} >> (32 - kConsistencyModels);
      return std::move(result_);
    }
    std::unique_ptr<RegisterOrder> order;
    if (history_.kind() == TransactionKind::kRwRegister) {
      order = std::make_unique<RegisterOrder>(
          index, RegisterOrder::Use{options_.writes_follow_reads, options_.time_orders_values},
          most_dependencies(options_));
      find_cyclic_versions(index, *order, *this);
    }
    poll();
    find_internal(index, *this);
    find_bad_reads(index, options_.garbage_counts, *this);
    find_dirty_updates(index, *this);
    find_lost_updates(index, *this);
    poll();
    find_cycles_of_graph(index, order.get());
    decide();
    return std::move(result_);
  }

 private:
  void poll() const {
    if (options_.poll) options_.poll();
  }

  bool wants_example(Anomaly anomaly) {
    result_.anomalies |= set_of(anomaly);
    return result_.counts[static_cast<std::size_t>(anomaly)]++ < options_.examples;
  }

  void report(Anomaly anomaly, std::uint32_t key, std::vector<TransactionId> transactions,
              const std::function<std::string()>& words) override {
    if (!wants_example(anomaly)) return;
    AnomalyCase one{anomaly, std::move(transactions), {}, key, ""};
    if (options_.explain) {
      one.words = introduce(history_, CaseNames(one)) + "\nThen:\n  - " + words() + ".\n";
    }
    result_.cases.push_back(std::move(one));
  }

  void find_cycles_of_graph(const VersionIndex& index, const RegisterOrder* order) {
    const DependencyGraph graph(index, order, most_dependencies(options_));
    result_.edges = graph.edge_count();
    if (!graph.complete() || (order != nullptr && !order->complete())) {
      result_.exhausted = "memory";
    }
    const Components components =
        strong_components(static_cast<std::uint32_t>(graph.size()),
                          [&graph](TransactionId id, std::uint32_t* position) {
                            const auto edges = graph.edges(id);
                            if (*position < edges.size())
                              return DependencyGraph::edge(edges[(*position)++]).to;
                            const DependencyGraph::Range range = graph.realtime(id);
                            const auto place = static_cast<std::uint32_t>(*position - edges.size());
                            if (range.begin + place >= range.end) return kNoNode;
                            ++*position;
                            return range.begin + place;
                          });
    result_.components = components.nontrivial.size();
    result_.memory_bytes = index.memory_bytes() + graph.memory_bytes() +
                           components.number.capacity() * sizeof(std::uint32_t) +
                           (order == nullptr ? 0 : order->memory_bytes());
    for (std::vector<TransactionId>& members : members_of(components)) {
      Subgraph subgraph(graph, std::move(members));
      CycleSearchResult found = find_cycles(subgraph, options_.steps, &total_steps_, options_.poll);
      undecided_ |= found.undecided;
      for (const Cycle& cycle : found.cycles) add(subgraph, cycle, order);
    }
  }

  // In order of their first transactions.
  std::vector<std::vector<TransactionId>> members_of(const Components& components) const {
    std::vector<std::vector<TransactionId>> all(components.nontrivial.size());
    if (all.empty()) return all;
    for (TransactionId id = 0; id < components.number.size(); ++id) {
      const auto place = std::lower_bound(components.nontrivial.begin(),
                                          components.nontrivial.end(), components.number[id]);
      if (place == components.nontrivial.end() || *place != components.number[id]) continue;
      all[static_cast<std::size_t>(place - components.nontrivial.begin())].push_back(id);
    }
    std::sort(all.begin(), all.end());
    return all;
  }

  void add(const Subgraph& subgraph, const Cycle& cycle, const RegisterOrder* order) {
    if (!wants_example(cycle.anomaly)) return;
    AnomalyCase one{cycle.anomaly, {}, {}, std::nullopt, ""};
    for (const Subgraph::Edge& edge : cycle.edges) {
      const TransactionId from = subgraph.transaction(edge.from);
      one.transactions.push_back(from);
      one.steps.push_back(
          explain_step(*index_, order, from, subgraph.transaction(edge.to), edge.kind));
    }
    if (options_.explain) explain_cycle(*index_, &one);
    result_.cases.push_back(std::move(one));
  }

  void decide() {
    std::stable_sort(
        result_.cases.begin(), result_.cases.end(),
        [](const AnomalyCase& a, const AnomalyCase& b) { return a.anomaly < b.anomaly; });
    result_.ruled_out = ruled_out_by(result_.anomalies);
    if (!result_.exhausted.empty()) {
      undecided_ = ~AnomalySet{0} >> (32 - kAnomalies);
    } else if (undecided_ != 0) {
      result_.exhausted = "steps";
    }
    result_.undecided = ruled_out_by(undecided_) & ~result_.ruled_out;
    const ConsistencyModelSet required = set_of(options_.required);
    if ((result_.ruled_out & required) != 0) {
      result_.verdict = Verdict::kInvalid;
    } else if ((result_.undecided & required) != 0) {
      result_.verdict = Verdict::kUnknown;
    }
  }

  const TransactionHistory& history_;
  const TransactionOptions& options_;
  const VersionIndex* index_ = nullptr;
  std::uint64_t total_steps_;
  AnomalySet undecided_ = 0;
  TransactionJudgement result_;
};

}  // namespace

TransactionOptions elle_dialect(TransactionOptions options) {
  options.writes_follow_reads = false;
  options.time_orders_values = false;
  options.garbage_counts = false;
  return options;
}

std::vector<ConsistencyModel> TransactionJudgement::strongest() const {
  const ConsistencyModelSet all = ~ConsistencyModelSet{0} >> (32 - kConsistencyModels);
  return strongest_of(all & ~ruled_out & ~undecided);
}

TransactionJudgement check_transactions(const TransactionHistory& history,
                                        const TransactionOptions& options) {
  return TransactionCheck(history, options).run();
}

}  // namespace synchrodb::check
