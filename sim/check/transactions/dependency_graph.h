// Which transaction comes before which: a graph whose cycles are anomalies.
//
// Nodes are transactions; those that failed have no edges, and one that got no answer has none to
// later ones. Edges of data and processes are kept, four bytes each. Those of real time are not:
// of a transaction that completed they lead to a range of transactions, since these are numbered
// in order of invocation: all that began after it completed, and before any such completed (what
// began later follows by transitivity).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/check/transactions/dependency.h"
#include "sim/check/transactions/register_order.h"
#include "sim/check/transactions/version_index.h"

namespace synchrodb::check {

class DependencyGraph {
 public:
  struct Edge {
    TransactionId to;
    EdgeKind kind;
  };
  // As kept; see `edge`.
  using PackedEdge = std::uint32_t;

  // Transactions begin..end-1, but for those that failed.
  struct Range {
    TransactionId begin;
    TransactionId end;
  };

  // `order`: of registers, else null. At most `most_edges` are kept; if there are more, `complete`
  // is false.
  DependencyGraph(const VersionIndex& index, const RegisterOrder* order, std::size_t most_edges);

  static Edge edge(PackedEdge packed) {
    return {packed >> kKindBits,
            EdgeKind::from_bits(static_cast<std::uint8_t>(packed & ((1U << kKindBits) - 1)))};
  }
  std::span<const PackedEdge> edges(TransactionId from) const {
    return std::span(edges_).subspan(first_[from], first_[from + 1] - first_[from]);
  }
  // Empty where nothing is known of real time.
  Range realtime(TransactionId from) const { return ranges_.empty() ? Range{0, 0} : ranges_[from]; }
  bool is_node(TransactionId id) const { return is_node_[id]; }
  std::size_t size() const { return is_node_.size(); }
  std::size_t edge_count() const { return edges_.size(); }
  bool complete() const { return complete_; }
  std::size_t memory_bytes() const;

 private:
  static constexpr unsigned kKindBits = 4;

  template <typename Found>
  void visit_data(const VersionIndex& index, const RegisterOrder* order, Found found) const;
  void find_processes(const TransactionHistory& history);
  void find_ranges(const TransactionHistory& history);

  std::vector<bool> is_node_;
  std::vector<std::uint32_t> first_;  // by transaction
  std::vector<PackedEdge> edges_;
  std::vector<Range> ranges_;
  // By transaction: the last that its process completed before, or kNoTransaction.
  std::vector<TransactionId> before_;
  bool complete_ = true;
};

}  // namespace synchrodb::check
