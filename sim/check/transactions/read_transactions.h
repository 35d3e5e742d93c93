// Reads histories of transactions as Jepsen and Elle write them:
//   {:index 3, :type :ok, :f :txn, :process 1, :value [[:append 9 2] [:r 8 [1 2]]]}
//   {"index":3,"type":"ok","f":"txn","process":1,"value":[["w","x",2],["r","y",null]]}
#pragma once

#include <string>
#include <string_view>

#include "sim/check/forms.h"
#include "sim/check/transactions/transaction_history.h"

namespace synchrodb::check {

struct TransactionsResult {
  std::string error;  // with its line; empty if all went well
  TransactionHistory history;
  Format format = Format::kAuto;  // as read
};

// Never crashes: whatever the bytes are, there is a history or an error. What a process that is
// not a number (`:nemesis`) does is skipped. Of a transaction that failed or got no answer, what it
// asked counts. A file without any invocation is understood too; then nothing is known of real
// time. The field `:f` may be missing; it may not be anything but `:txn`.
TransactionsResult read_transactions(std::string_view bytes, TransactionKind kind,
                                     Format format = Format::kAuto);

}  // namespace synchrodb::check
