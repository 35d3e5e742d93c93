// Judges a history of transactions: which anomalies it has, which consistency models it cannot be
// of, and why. After Elle (Kingsbury and Alvaro, VLDB 2020).
//
// Sound, not complete: what is found convicts; of lists that were read at their ends nothing is
// missed but what searches ran out of steps or memory for, which is told. A model that is "not
// ruled out" is one that this history says nothing against. What Elle infers, and how, is told in
// dependency.h and register_order.h.
//
// A verdict depends on the history and the options alone: no clock, no thread, no hash order.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/check/check.h"
#include "sim/check/transactions/anomaly.h"
#include "sim/check/transactions/dependency.h"
#include "sim/check/transactions/transaction_history.h"

namespace synchrodb::check {

struct TransactionOptions {
  // What is promised: the verdict is about this model.
  ConsistencyModel required = ConsistencyModel::kStrictSerializable;
  // A transaction that reads one value of a register and writes another puts them in order. True
  // of all databases that let nobody write in the past.
  bool writes_follow_reads = true;
  // Use processes and real time to put the values of registers in order. What follows counts as a
  // -process or -realtime anomaly, so it is safe; it finds more.
  bool time_orders_values = true;
  // A value that no transaction wrote is an anomaly. Else such a read says nothing.
  bool garbage_counts = true;
  // Edges that the search for each anomaly may look at in each cyclic component, and ten times as
  // many in all.
  std::uint64_t steps = 20'000'000;
  // What dependencies may take: some 24 bytes each at worst. A million transactions have a few
  // million.
  std::size_t memory_bytes = Limits().memory_bytes;
  // Cases of each anomaly that are told in full.
  std::size_t examples = 4;
  // Put the examples into words.
  bool explain = true;
  // Called now and then, for whoever may want to give up: an exception out of it ends the check.
  // Changes no verdict.
  std::function<void()> poll{};
};

// As Elle judges registers if nothing else is asked of it: values are ordered by the initial state
// alone, and garbage says nothing.
TransactionOptions elle_dialect(TransactionOptions options);

// Why one transaction of a cycle comes before the next.
struct DependencyStep {
  TransactionId from;
  TransactionId to;
  Dependency dependency;
  Basis basis;  // of the order of the two versions
  // Of ww, wr and rw: the key; the version that `from` wrote or saw; of ww and rw the one that `to`
  // wrote over it.
  std::optional<std::uint32_t> key{};
  ValueId value = kAbsentValue;
  ValueId next_value = kAbsentValue;
  // Of ww and rw of registers: who put the two versions in order, if anybody had to.
  TransactionId earlier = kNoTransaction;
  TransactionId later = kNoTransaction;
  std::string words{};
};

// One example of an anomaly.
struct AnomalyCase {
  Anomaly anomaly;
  // Of a cycle: its transactions in order, T1 the first; else those concerned, the convicted first.
  std::vector<TransactionId> transactions;
  std::vector<DependencyStep> steps;  // of a cycle: the last leads back to the first
  std::optional<std::uint32_t> key;
  std::string words;
};

struct TransactionJudgement {
  Verdict verdict = Verdict::kValid;
  AnomalySet anomalies = 0;
  std::array<std::size_t, kAnomalies> counts{};  // cases of each, examples or not
  std::vector<AnomalyCase> cases;                // the most severe first
  ConsistencyModelSet ruled_out = 0;
  // Cannot be said to be ruled out or not.
  ConsistencyModelSet undecided = 0;
  std::string exhausted;       // what ran out, or why nothing can be said
  std::size_t components = 0;  // cyclic ones
  std::size_t edges = 0;       // of data and processes
  // What index, order of registers and graph hold while cycles are looked for. Building them takes
  // up to twice as much for a while, the subgraphs of large components more again.
  std::size_t memory_bytes = 0;

  // The strongest models that are not ruled out, and the weakest that are.
  std::vector<ConsistencyModel> strongest() const;
  std::vector<ConsistencyModel> weakest_ruled_out() const { return weakest_of(ruled_out); }
};

TransactionJudgement check_transactions(const TransactionHistory& history,
                                        const TransactionOptions& options = {});

}  // namespace synchrodb::check
