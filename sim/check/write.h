// Writes histories: Jepsen EDN and JSON lines.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "sim/check/check.h"
#include "sim/check/history.h"

namespace synchrodb::check {

// How a history is to be judged, kept in its first line, so that a file explains itself:
//   ;; synchrodb-history {:version 1, :model :cas-register, :dialect :jepsen-log, :initial nil}
//   {"synchrodb-history": {"version": 1, …}}
struct Label {
  Model model = Model::kCasRegister;
  Dialect dialect = Dialect::kJepsenLog;
  Value initial = Value::absent();
};

// The value as an EDN form: nil, an integer, or a string.
std::string to_edn(const History& history, Value value);

// A map a line, in order of events. Operations on a named key have the value [key value], as
// Jepsen's independent keys do. Besides Jepsen's fields there may be `:result` (of operations
// other than reads) and `:witness {:group, :term, :index, :read, :position}`. With `only`, just
// those operations (in order of invocation).
std::string write_edn(const History& history, std::span<const OperationId> only);
std::string write_edn(const History& history, const std::optional<Label>& label = std::nullopt);

// The same fields as JSON, an object a line.
std::string write_json_lines(const History& history,
                             const std::optional<Label>& label = std::nullopt);

}  // namespace synchrodb::check
