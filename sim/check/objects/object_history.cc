#include "sim/check/objects/object_history.h"

#include <array>
#include <cstdio>

#include "sim/check/assert.h"
#include "sim/check/edn.h"

namespace synchrodb::check {
namespace {

std::string print_moment(std::int64_t time_ns, EventOrder order) {
  std::array<char, 96> text{};
  std::snprintf(text.data(), text.size(), "%.6f s (event %u)", static_cast<double>(time_ns) / 1e9,
                order);
  return text.data();
}

}  // namespace

std::string_view name(ObjectModel model) {
  constexpr std::array<std::string_view, 4> kNames = {"set", "queue", "counter", "bank"};
  return kNames[static_cast<std::size_t>(model)];
}

std::optional<ObjectModel> parse_object_model(std::string_view word) {
  for (const ObjectModel model :
       {ObjectModel::kSet, ObjectModel::kQueue, ObjectModel::kCounter, ObjectModel::kBank}) {
    if (name(model) == word) return model;
  }
  return std::nullopt;
}

std::string_view name(ObjectFunction function) {
  constexpr std::array<std::string_view, 6> kNames = {"add",     "read",  "enqueue",
                                                      "dequeue", "drain", "transfer"};
  return kNames[static_cast<std::size_t>(function)];
}

std::string ObjectHistory::print(Value value) const {
  switch (value.kind()) {
    case Value::Kind::kInteger:
      return std::to_string(value.number());
    case Value::Kind::kText: {
      Edn form;
      form.kind = Edn::Kind::kString;
      form.text = strings_.at(value.id());
      return form.print();
    }
    default:
      return "nil";
  }
}

std::uint32_t ObjectHistory::keep(std::span<const Value> values) {
  const auto first = static_cast<std::uint32_t>(values_.size());
  SYNCHRODB_CHECK_ASSERT(values.size() < 0xffffffffU - values_.size(),
                         "a history of too many values");
  values_.insert(values_.end(), values.begin(), values.end());
  return first;
}

OperationId ObjectHistory::invoke(std::int32_t process, ObjectFunction function,
                                  std::span<const Value> arguments, std::int64_t time_ns) {
  SYNCHRODB_CHECK_ASSERT(next_event_ < kNeverCompleted - 1,
                         "a history holds at most 2^32 - 2 events");
  ObjectOperation& one = operations_.emplace_back();
  one.process = process;
  one.function = function;
  one.first_argument = keep(arguments);
  one.argument_count = static_cast<std::uint32_t>(arguments.size());
  one.invoke_time = time_ns;
  one.invoke_order = next_event_++;
  return static_cast<OperationId>(operations_.size() - 1);
}

void ObjectHistory::complete(OperationId id, Outcome outcome, std::span<const Value> results,
                             std::int64_t time_ns) {
  SYNCHRODB_CHECK_ASSERT(id < operations_.size(), "no such operation");
  ObjectOperation& one = operations_[id];
  SYNCHRODB_CHECK_ASSERT(one.complete_order == kNeverCompleted, "completed twice");
  one.outcome = outcome;
  one.complete_time = time_ns;
  if (outcome == Outcome::kOk) {
    one.first_result = keep(results);
    one.result_count = static_cast<std::uint32_t>(results.size());
  }
  const EventOrder order = next_event_++;
  if (outcome != Outcome::kInfo) one.complete_order = order;
}

std::string ObjectHistory::describe(OperationId id) const {
  const ObjectOperation& one = operations_[id];
  std::string out = "process " + std::to_string(one.process) + "'s " +
                    std::string(name(one.function)) + ", from " +
                    print_moment(one.invoke_time, one.invoke_order);
  if (one.complete_order == kNeverCompleted) return out + ", which got no answer";
  return out + " to " + print_moment(one.complete_time, one.complete_order);
}

}  // namespace synchrodb::check
