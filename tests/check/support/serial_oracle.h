// Is there an order of the transactions that explains them? By trying all. Shares no code with the
// checker.
#pragma once

#include "tests/check/support/transaction_script.h"

namespace synchrodb::check::testing {

enum class OracleOrder : std::uint8_t {
  kAny,      // serializable
  kProcess,  // strong-session-serializable: as each process did them
  kRealtime  // strict-serializable: as they were over and began
};

inline constexpr std::size_t kOracleMost = 9;

// At most kOracleMost transactions that did not fail. One that got no answer may have happened or
// not.
bool is_serializable(const TransactionsDraft& draft, OracleOrder order);

}  // namespace synchrodb::check::testing
