// A contradiction in words and as EDN.
#pragma once

#include <span>
#include <string>

#include "sim/check/check.h"

namespace synchrodb::check {

// "write 5", "read 5", "cas 2 -> 3, which found another value", …
std::string describe(const History& history, const Operation& operation);

// Fills in `words` and `edn`. `operations`: all of the key.
void explain(const History& history, const Options& options,
             std::span<const OperationId> operations, Contradiction* contradiction);

}  // namespace synchrodb::check
