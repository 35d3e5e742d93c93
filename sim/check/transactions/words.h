// Transactions and what they did, as people read them.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "sim/check/transactions/check_transactions.h"
#include "sim/check/transactions/register_order.h"
#include "sim/check/transactions/version_index.h"

namespace synchrodb::check {

// "[1 2 3]".
std::string print_list(const TransactionHistory& history, std::span<const ValueId> list);
// "key 5".
std::string print_key(const TransactionHistory& history, std::uint32_t key);
// "[[:append 9 2] [:r 8 [1 2]]]".
std::string print_micros(const TransactionHistory& history, TransactionId id);
// "{:process 3, :type :ok, :value [[:append 9 2] [:r 8 [1 2]]]}".
std::string print_transaction(const TransactionHistory& history, TransactionId id);

// What the transactions of a case are called: T1, T2, … in its order, then those that only a reason
// names.
class CaseNames {
 public:
  explicit CaseNames(const AnomalyCase& one);

  const std::vector<TransactionId>& transactions() const { return transactions_; }
  std::string operator()(TransactionId id) const;

 private:
  void add(TransactionId id);

  std::vector<TransactionId> transactions_;
  absl::flat_hash_map<TransactionId, std::size_t> numbers_;
};

// "Let:\n  T1 = …\n  T2 = …\n".
std::string introduce(const TransactionHistory& history, const CaseNames& names);

// Fills in what the step rests on. `order`: of registers, else null.
DependencyStep explain_step(const VersionIndex& index, const RegisterOrder* order,
                            TransactionId from, TransactionId to, EdgeKind kind);

// Words for each step of a cycle, and for the whole.
void explain_cycle(const VersionIndex& index, AnomalyCase* cycle);

}  // namespace synchrodb::check
