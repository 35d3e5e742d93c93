// What comes next after a version of a key.
#pragma once

#include "sim/check/transactions/register_order.h"
#include "sim/check/transactions/version_index.h"

namespace synchrodb::check {

// Calls `visit` with each version that comes next after `version` of `key`, and with what that
// rests on. `order`: of registers, else null.
template <typename Visit>
void for_each_next(const VersionIndex& index, const RegisterOrder* order, std::uint32_t key,
                   VersionId version, Visit visit) {
  if (order != nullptr) {
    for (const RegisterOrder::Next& next : order->next(version)) visit(next);
    return;
  }
  const auto give = [&visit](VersionId next) {
    visit(RegisterOrder::Next{next, Basis::kObserved});
  };
  const VersionId last = index.last_ordered(key);
  if (version < last) give(version + 1);
  // Appends that no list of the trunk holds came later, unless a list besides the trunk holds them.
  if (version != last || index.history().has_divergent(key)) return;
  for (VersionId next = last + 1; next < index.end(key); ++next) give(next);
}

}  // namespace synchrodb::check
