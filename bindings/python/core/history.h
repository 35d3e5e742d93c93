// Histories as Python sees them.
#pragma once

#include <memory>
#include <optional>

#include "sim/check/check.h"
#include "sim/check/history.h"

namespace synchrodb::python {

// A history with what its source says about how to judge it. Never changes once it is made.
struct HistoryObject {
  check::History history;
  check::Model model = check::Model::kCasRegister;
  check::Dialect dialect = check::Dialect::kJepsenLog;
  std::optional<check::Value> initial{};
};

}  // namespace synchrodb::python
