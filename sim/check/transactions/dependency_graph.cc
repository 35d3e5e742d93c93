#include "sim/check/transactions/dependency_graph.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>

#include "sim/check/assert.h"
#include "sim/check/transactions/next_versions.h"

namespace synchrodb::check {
DependencyGraph::DependencyGraph(const VersionIndex& index, const RegisterOrder* order,
                                 std::size_t most_edges) {
  const TransactionHistory& history = index.history();
  SYNCHRODB_CHECK_ASSERT(history.size() < 1U << (32 - kKindBits),
                         "a graph holds at most 2^28 transactions");
  is_node_.resize(history.size());
  for (TransactionId id = 0; id < history.size(); ++id) {
    const Outcome outcome = history[id].outcome;
    is_node_[id] = outcome == Outcome::kOk || outcome == Outcome::kInfo;
  }
  find_processes(history);
  first_.assign(history.size() + 1, 0);
  std::size_t edges = 0;
  visit_data(index, order, [&](TransactionId from, TransactionId /*to*/, EdgeKind /*kind*/) {
    if (edges == most_edges) return false;
    ++edges;
    ++first_[from + 1];
    return true;
  });
  for (std::size_t i = 1; i < first_.size(); ++i) first_[i] += first_[i - 1];
  edges_.resize(edges);
  std::vector<std::uint32_t> next(first_.begin(), first_.end() - 1);
  std::size_t filled = 0;
  visit_data(index, order, [&](TransactionId from, TransactionId to, EdgeKind kind) {
    if (filled == edges) {
      complete_ = false;
      return false;
    }
    ++filled;
    edges_[next[from]++] = to << kKindBits | kind.bits();
    return true;
  });
  before_ = {};
  if (history.knows_real_time()) find_ranges(history);
}

// Gives `found` every edge, until it returns false.
template <typename Found>
void DependencyGraph::visit_data(const VersionIndex& index, const RegisterOrder* order,
                                 Found found) const {
  const TransactionHistory& history = index.history();
  bool more = true;
  for (TransactionId id = 0; id < history.size() && more; ++id) {
    if (!is_node_[id]) continue;
    if (before_[id] != kNoTransaction) {
      more = more && found(before_[id], id, EdgeKind(Dependency::kProcess));
    }
    const Transaction& one = history[id];
    const auto give = [&](TransactionId to, EdgeKind kind) {
      if (to != id && to != kNoTransaction && more) more = found(id, to, kind);
    };
    for (std::uint32_t i = 0; i < one.micro_count && more; ++i) {
      const std::uint32_t place = one.first_micro + i;
      const MicroOperation& micro = history.micros()[place];
      const VersionId version = index.version_of(place);
      if (version == kNoVersion || !index.is_external(place)) continue;
      if (micro.is_read() && (one.outcome != Outcome::kOk || index.writer(version) == id)) continue;
      const Dependency next = micro.is_read() ? Dependency::kRw : Dependency::kWw;
      if (!micro.is_read()) {
        for (const TransactionId reader : index.readers(version)) {
          give(reader, EdgeKind(Dependency::kWr));
        }
      }
      for_each_next(index, order, micro.key(), version, [&](const RegisterOrder::Next& later) {
        give(index.possible_writer(later.version), EdgeKind(next, later.basis));
      });
    }
  }
}

void DependencyGraph::find_processes(const TransactionHistory& history) {
  before_.assign(history.size(), kNoTransaction);
  absl::flat_hash_map<std::int32_t, TransactionId> last;
  for (TransactionId id = 0; id < history.size(); ++id) {
    if (!is_node_[id]) continue;
    const auto [before, fresh] = last.try_emplace(history[id].process, kNoTransaction);
    before_[id] = before->second;
    SYNCHRODB_CHECK_ASSERT(fresh || before->second == kNoTransaction ||
                               history[before->second].complete_order < history[id].invoke_order,
                           "a process does one thing at a time");
    if (history[id].outcome == Outcome::kOk) before->second = id;
  }
}

void DependencyGraph::find_ranges(const TransactionHistory& history) {
  // By event: how many transactions began before it; the number of the first that did not.
  std::vector<TransactionId> began(history.event_count() + 1, 0);
  for (const Transaction& one : history.transactions()) ++began[one.invoke_order + 1];
  for (std::size_t i = 1; i < began.size(); ++i) began[i] += began[i - 1];
  const auto size = static_cast<TransactionId>(history.size());
  // From each on: the event of the earliest completion.
  std::vector<EventOrder> earliest(history.size() + 1, kNeverCompleted);
  for (TransactionId id = size; id-- > 0;) {
    const bool counts = history[id].outcome == Outcome::kOk;
    earliest[id] =
        std::min(earliest[id + 1], counts ? history[id].complete_order : kNeverCompleted);
  }
  ranges_.resize(history.size(), {0, 0});
  for (TransactionId id = 0; id < size; ++id) {
    const Transaction& one = history[id];
    if (one.outcome != Outcome::kOk) continue;
    const TransactionId begin = began[one.complete_order];
    const EventOrder until = earliest[begin];
    ranges_[id] = {begin, until == kNeverCompleted ? size : began[until]};
  }
}

std::size_t DependencyGraph::memory_bytes() const {
  return is_node_.capacity() / 8 + first_.capacity() * sizeof(std::uint32_t) +
         edges_.capacity() * sizeof(PackedEdge) + ranges_.capacity() * sizeof(Range);
}

}  // namespace synchrodb::check
