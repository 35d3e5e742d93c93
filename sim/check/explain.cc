#include "sim/check/explain.h"

#include <algorithm>
#include <cstdio>

#include "sim/check/problem.h"
#include "sim/check/write.h"

namespace synchrodb::check {
namespace {

// Longer lists are cut in the middle.
constexpr std::size_t kMostListed = 150;

std::string seconds(std::int64_t ns) {
  char text[48];
  std::snprintf(text, sizeof text, "%.6f s", static_cast<double>(ns) / 1e9);
  return text;
}

std::string shown(const History& history, Value value) {
  if (value.is_none() || value.is_absent()) return "nothing";
  std::string text = to_edn(history, value);
  constexpr std::size_t kLongest = 60;
  if (text.size() > kLongest) {
    text = text.substr(0, 20) + "…" + text.substr(text.size() - 36) + " (" +
           std::to_string(history.bytes(value).size()) + " bytes)";
  }
  return text;
}

// When an event was: its time, or its number in histories without times.
std::string moment(bool timed, std::int64_t time, EventOrder order) {
  return timed ? "at " + seconds(time) : "as event " + std::to_string(order);
}

std::string line(const History& history, const Operation& operation, bool timed) {
  std::string text = "  process " + std::to_string(operation.process) + ": " +
                     describe(history, operation) + "; began " +
                     moment(timed, operation.invoke_time, operation.invoke_order);
  if (operation.complete_order != kNeverCompleted) {
    text += ", completed " + moment(timed, operation.complete_time, operation.complete_order);
  } else {
    text += ", never answered";
  }
  return text + "\n";
}

std::size_t count_other_changes(const History& history, const Options& options,
                                std::span<const OperationId> operations,
                                const Contradiction& contradiction) {
  EventOrder last = 0;
  for (const OperationId id : contradiction.operations) {
    last = std::max(last, history[id].complete_order);
  }
  std::size_t others = 0;
  for (const OperationId id : operations) {
    const Operation& operation = history[id];
    const bool listed =
        std::binary_search(contradiction.operations.begin(), contradiction.operations.end(), id);
    const Standing stands = standing(operation, options);
    const bool changes = operation.function != Function::kRead &&
                         (stands == Standing::kHappened || stands == Standing::kMaybe);
    const bool out = contradiction.from_any_state && operation.complete_order < contradiction.cut;
    others += !listed && !out && changes && operation.invoke_order < last ? 1 : 0;
  }
  return others;
}

// What the listed operations prove.
std::string conclusion(const History& history, const Contradiction& contradiction,
                       std::size_t others) {
  std::string granted;
  if (contradiction.from_any_state) granted += ", whatever the state was before";
  if (others > 0) {
    granted += contradiction.from_any_state ? ", and even if " : ", even if ";
    granted += others == 1 ? "the one other operation"
                           : "each of the " + std::to_string(others) + " other operations";
    granted += " that could have changed it took effect at any moment, or never";
  }
  const Operation& first = history[contradiction.operations.front()];
  const Operation& last = history[contradiction.operations.back()];
  if (contradiction.operations.size() == 1) {
    return "Nothing that had begun when this completed explains the answer" + granted + ".";
  }
  if (contradiction.operations.size() == 2 && first.complete_order < last.invoke_order) {
    return "The first was over when the second began, and then the answer of the second is "
           "impossible" +
           granted + ".";
  }
  return "No order of these operations that respects their times gives these answers" + granted +
         ".";
}

}  // namespace

std::string describe(const History& history, const Operation& operation) {
  const bool ok = operation.outcome == Outcome::kOk;
  std::string text(name(operation.function));
  switch (operation.function) {
    case Function::kRead:
      return ok ? text + " returned " + shown(history, operation.result) : text;
    case Function::kWrite:
      return text + " of " + shown(history, operation.argument);
    case Function::kCas:
      text += " from " + shown(history, operation.expected) + " to " +
              shown(history, operation.argument);
      if (operation.outcome == Outcome::kFail) {
        text += operation.result.is_none() ? ", which found another value"
                                           : ", which found " + shown(history, operation.result);
      }
      return text;
    case Function::kAppend:
    case Function::kIncrement:
    case Function::kDelete:
      if (operation.function == Function::kAppend) text += " of ";
      if (operation.function == Function::kIncrement) text += " by ";
      if (operation.function != Function::kDelete) text += shown(history, operation.argument);
      if (ok && !operation.result.is_none()) {
        text += " returned " + shown(history, operation.result);
      }
      return text;
    case Function::kAcquire:
    case Function::kRelease:
      return text;
  }
  return text;
}

void explain(const History& history, const Options& options,
             std::span<const OperationId> operations, Contradiction* contradiction) {
  const bool timed = std::any_of(
      contradiction->operations.begin(), contradiction->operations.end(), [&](OperationId id) {
        return history[id].invoke_time != 0 || history[id].complete_time != 0;
      });
  const std::size_t count = contradiction->operations.size();
  for (std::size_t i = 0; i < count; ++i) {
    const bool listed = count <= kMostListed || i < kMostListed / 2 || i + kMostListed / 2 >= count;
    if (listed) contradiction->words += line(history, history[contradiction->operations[i]], timed);
    if (!listed && i == kMostListed / 2) {
      contradiction->words += "  … " + std::to_string(count - kMostListed) + " more …\n";
    }
  }
  contradiction->words += conclusion(
      history, *contradiction, count_other_changes(history, options, operations, *contradiction));
  contradiction->edn = write_edn(history, contradiction->operations);
}

}  // namespace synchrodb::check
