#include "sim/explain/anomaly.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <iterator>

#include "sim/check/check.h"

namespace synchrodb::sim {
namespace {

using check::History;
using check::Operation;
using check::Value;

// So that an explanation is there within seconds.
constexpr std::uint64_t kCheckerSteps = 20'000'000;

std::string text_of(const History& history, Value value) {
  if (value.is_absent()) return "nothing";
  if (value.is_integer()) return std::to_string(value.number());
  return value.is_text() ? std::string(history.bytes(value)) : "";
}

std::string question_of(const History& history, const Operation& operation) {
  std::string words(check::name(operation.function));
  const auto add = [&](const char* before, Value value) {
    if (!value.is_none()) words += before + text_of(history, value);
  };
  add(" ", history.key_name(operation.key));
  add(" ", operation.expected);
  add(operation.expected.is_none() ? " " : " to ", operation.argument);
  return words;
}

std::string type_of(check::Outcome outcome) {
  return std::string(
      check::name(outcome == check::Outcome::kRefused ? check::Outcome::kFail : outcome));
}

// "n3 leads …": many details begin with whom they are about.
std::optional<std::uint32_t> node_named_first(const std::string& detail) {
  if (detail.size() < 2 || detail[0] != 'n') return std::nullopt;
  std::uint32_t number = 0;
  const auto parsed = std::from_chars(detail.data() + 1, detail.data() + detail.size(), number);
  if (parsed.ec != std::errc{} || number == 0) return std::nullopt;
  return number - 1;
}

}  // namespace

std::vector<SeenOperation> operations_of(const RecordedHistory& recorded, std::uint32_t clients) {
  const History& history = recorded.history;
  std::vector<SeenOperation> seen;
  for (const Operation& operation : history.operations()) {
    SeenOperation each;
    // A client whose operation had no answer goes on as another process, as Jepsen's do.
    const auto process = static_cast<std::uint32_t>(operation.process);
    each.lane = kFirstClient + (clients == 0 ? process : process % clients);
    each.begin_ns = operation.invoke_time;
    if (operation.complete_order != check::kNeverCompleted) each.end_ns = operation.complete_time;
    each.type = type_of(operation.outcome);
    each.question = question_of(history, operation);
    if (operation.outcome == check::Outcome::kOk) each.answer = text_of(history, operation.result);
    seen.push_back(std::move(each));
  }
  check::Options how;
  how.model = recorded.model;
  how.limits.steps = kCheckerSteps;
  const check::Judgement judgement = check::check(history, how);
  if (judgement.contradiction) {
    for (const check::OperationId id : judgement.contradiction->operations) seen[id].wrong = true;
  }
  return seen;
}

void accuse_answered(const RunLog& log, std::vector<SeenOperation>& operations) {
  const auto marked = [](const SeenOperation& each) { return each.wrong; };
  if (std::any_of(operations.begin(), operations.end(), marked)) return;
  const auto& entries = log.entries();
  const auto violation = std::find_if(entries.begin(), entries.end(), is_violation);
  if (violation == entries.begin() || violation == entries.end()) return;
  const auto* answer = std::get_if<MessageEvent>(&*std::prev(violation));
  if (answer == nullptr || answer->kind != MessageEvent::Kind::kDelivered) return;
  const std::int64_t now = std::get<TraceLine>(*violation).time_ns;
  if (answer->time_ns != now) return;
  SeenOperation* asked = nullptr;
  for (SeenOperation& each : operations) {
    const bool open = each.begin_ns <= now && each.end_ns.value_or(now) >= now;
    if (each.lane == answer->to && open) asked = &each;
  }
  if (asked == nullptr) return;
  asked->wrong = true;
  // The run ended before it could be recorded.
  if (!asked->end_ns) asked->end_ns = now;
}

Anomaly find_anomaly(const RunResult& result, const RunLog& log,
                     const std::vector<SeenOperation>& operations) {
  Anomaly found;
  for (const SeenOperation& each : operations) {
    if (!each.wrong) continue;
    found.begin_ns = std::min(found.begin_ns.value_or(each.begin_ns), each.begin_ns);
    if (each.end_ns) found.time_ns = std::max(found.time_ns.value_or(*each.end_ns), *each.end_ns);
  }
  if (found.begin_ns) return found;
  for (const LogEntry& entry : log.entries()) {
    if (!is_violation(entry)) continue;
    found.time_ns = found.begin_ns = std::get<TraceLine>(entry).time_ns;
    break;
  }
  found.node = node_named_first(result.detail);
  return found;
}

}  // namespace synchrodb::sim
