// Histories of transactions in a small language, and by hand.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/check/transactions/transaction_history.h"

namespace synchrodb::check::testing {

// One micro-operation: 'a' append, 'w' write, 'r' read.
struct MicroDraft {
  char function = 'r';
  int key = 0;
  int value = 0;          // of a or w; of a register's read, 0 for nil
  std::vector<int> list;  // of a list's read

  friend bool operator==(const MicroDraft&, const MicroDraft&) = default;
};

struct TransactionDraft {
  std::int32_t process = 0;
  Outcome outcome = Outcome::kOk;
  std::vector<MicroDraft> micros;
};

// What happened: each transaction's number at its invocation and again at its completion (which
// info need not have).
struct TransactionsDraft {
  TransactionKind kind = TransactionKind::kListAppend;
  std::vector<TransactionDraft> transactions;
  std::vector<std::size_t> events;
};

// `key_shift`, `value_shift` and `time_shift` are added to all keys, values and times.
struct Shifts {
  int key = 0;
  int value = 0;
  std::int64_t time = 0;
};
TransactionHistory record(const TransactionsDraft& draft, const Shifts& shifts = {});

// Transactions like "ax1ry12": append 1 to x, read y as [1 2]; "wx1rx1rx" of registers, the last
// read nil. " | " stands between concurrent ones, " ; " between what is over and what begins
// thereafter. Before a transaction: "!" it failed, "?" it got no answer, "~" it began with the
// first and ended with the last, "p3" its process, each else having its own.
TransactionsDraft parse_script(TransactionKind kind, std::string_view script);

}  // namespace synchrodb::check::testing
