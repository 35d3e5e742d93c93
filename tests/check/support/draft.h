// Histories that are still being edited: what tests generate, mutate and then record.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/check/check.h"
#include "sim/check/history.h"

namespace synchrodb::check::testing {

// A value that knows its own bytes.
struct Datum {
  Value::Kind kind = Value::Kind::kNone;
  std::int64_t number = 0;
  std::string text;

  static Datum none() { return {}; }
  static Datum absent() { return {Value::Kind::kAbsent, 0, ""}; }
  static Datum integer(std::int64_t n) { return {Value::Kind::kInteger, n, ""}; }
  static Datum string(std::string s) { return {Value::Kind::kText, 0, std::move(s)}; }
  bool operator==(const Datum&) const = default;
};

Value to_value(History& history, const Datum& datum);
Datum to_datum(const History& history, Value value);

// An operation whose events may still move. Equal moments: completions come after invocations, so
// that operations that touch overlap.
struct Draft {
  std::int32_t process = 0;
  Function function = Function::kRead;
  std::int64_t key = 0;  // 0 is kOnlyKey
  Datum argument;
  Datum expected;
  Datum result;
  Outcome outcome = Outcome::kInfo;
  std::int64_t invoke = 0;
  std::int64_t complete = 0;
  std::optional<Witness> witness;
};

using Drafts = std::vector<Draft>;

// Records the drafts in order of their moments, with `tick` nanoseconds between moments.
History record(const Drafts& drafts, std::int64_t tick = 1'000'000, std::int64_t start = 0);
// The operations of one key, as drafts again. Moments are event orders.
Drafts drafts_of(const History& history, KeyId key);

// Terse constructors, for tests that read like a table: read(2, 5, {10, 20}) is process 2 reading
// 5 from moment 10 to moment 20.
struct During {
  std::int64_t invoke;
  std::int64_t complete;
};
inline constexpr std::int64_t kForever = std::int64_t{1} << 40;
Draft read(std::int32_t process, Datum result, During during);
Draft write(std::int32_t process, Datum argument, During during);
Draft cas(std::int32_t process, Datum expected, Datum argument, During during);
Draft failed(Draft draft);
Draft crashed(Draft draft);

}  // namespace synchrodb::check::testing
