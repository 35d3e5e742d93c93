// Transactions key by key.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "sim/check/transactions/transaction_history.h"

namespace synchrodb::check {

// Visits what each transaction does to each key: `visit` gets the transaction and the places of its
// micro-operations on that key in `history.micros()`, in their order.
template <typename Visit>
void for_each_key(const TransactionHistory& history, Visit visit) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> by_key;
  std::vector<std::uint32_t> micros;
  for (TransactionId id = 0; id < history.size(); ++id) {
    const Transaction& one = history[id];
    by_key.clear();
    for (std::uint32_t i = 0; i < one.micro_count; ++i) {
      by_key.emplace_back(history.micros()[one.first_micro + i].key(), one.first_micro + i);
    }
    if (by_key.size() > 1) std::sort(by_key.begin(), by_key.end());
    for (std::size_t i = 0; i < by_key.size();) {
      micros.clear();
      const std::uint32_t key = by_key[i].first;
      for (; i < by_key.size() && by_key[i].first == key; ++i) micros.push_back(by_key[i].second);
      visit(id, std::span<const std::uint32_t>(micros));
    }
  }
}

}  // namespace synchrodb::check
