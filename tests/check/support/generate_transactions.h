// Random histories of transactions: as a correct database of some isolation makes them, then
// spoiled.
#pragma once

#include "tests/check/support/generate.h"
#include "tests/check/support/transaction_script.h"

namespace synchrodb::check::testing {

enum class Isolation : std::uint8_t {
  kStrictSerial,  // each takes effect as a whole, between its invocation and its completion
  kSnapshot,      // reads as of its beginning, writes at its end, unless another wrote the same
  kNone,          // each micro-operation takes effect by itself
};

struct TransactionShape {
  TransactionKind kind = TransactionKind::kListAppend;
  Isolation isolation = Isolation::kStrictSerial;
  std::size_t transactions = 6;
  std::size_t processes = 3;
  std::size_t most_micros = 3;
  int keys = 2;
  std::uint64_t crash_percent = 10;
  std::uint64_t fail_percent = 5;
  // Registers: no write without a read of the key before.
  bool updates_only = false;
  // Ends with a transaction that reads all keys.
  bool final_read = true;
};

TransactionsDraft generate(Dice& dice, const TransactionShape& shape);

// Changes one thing: what a read saw, the order of two events, an outcome, the order of two
// micro-operations.
void mutate(Dice& dice, TransactionsDraft* draft);

}  // namespace synchrodb::check::testing
