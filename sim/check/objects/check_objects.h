// Judges sets, queues, counters and banks, each by what its operations may show.
//
// After Jepsen's checkers set-full, total-queue, counter and bank. Each finding is a contradiction
// by itself; histories without one need not be linearizable. All take time linear in what was read.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/check/check.h"
#include "sim/check/objects/object_history.h"

namespace synchrodb::check {

enum class FindingKind : std::uint8_t {
  kLost,             // set: from some time on no read saw it. queue: it never came out
  kStale,            // set: a read missed it though it was there before
  kDuplicated,       // set: twice in one read. queue: came out more often than it went in
  kUnexpected,       // nobody put it there, or only later, or in vain
  kOutOfBounds,      // counter: a read that no order of the adds explains
  kWrongTotal,       // bank: the balances of a read do not add up
  kNegativeBalance,  // bank
  kNilBalance,       // bank: an account without a balance
};

inline constexpr std::size_t kFindingKinds = 8;

std::string_view name(FindingKind kind);

struct ObjectOptions {
  // Sets: a read must see what was there when it began; else it may be late, as long as the element
  // is seen in the end.
  bool linearizable = true;
  // Counters: the count at the beginning. Banks: the total; unset: that of the first read.
  std::optional<std::int64_t> initial{};
  // Banks: balances may be below zero.
  bool negative_balances = false;
  // Findings of each kind that are told in full.
  std::size_t examples = 8;
};

struct Finding {
  FindingKind kind;
  Value element;  // or the account, or the count; Value() if it is about a whole read
  std::vector<OperationId> operations;  // the convicted one first
  // Of stale and lost elements: nanoseconds from when it was known to be there to the last read
  // that missed it (stale), or to the first after which none saw it (lost). 0 for others.
  std::int64_t latency = 0;
  std::string words{};
};

struct ObjectJudgement {
  Verdict verdict = Verdict::kValid;
  std::vector<Finding> findings;
  std::vector<std::size_t> counts = std::vector<std::size_t>(kFindingKinds, 0);
  // What there was: {"attempted", 17}, {"acknowledged", 15}, …
  std::vector<std::pair<std::string, std::int64_t>> statistics;
  std::string exhausted;  // for unknown: why nothing can be said
};

ObjectJudgement check_objects(const ObjectHistory& history, const ObjectOptions& options = {});

std::string to_text(const ObjectHistory& history, const ObjectJudgement& judgement);
// {"verdict": …, "operations": …, "statistics": {…}, "findings": {"lost": 2, …},
//  "examples": [{"kind": …, "element": …, "latency": …, "operations": […], "words": …}, …]}
nlohmann::ordered_json to_json(const ObjectHistory& history, const ObjectJudgement& judgement);

}  // namespace synchrodb::check
