// Histories of single objects that are no registers: sets, queues, counters, banks.
//
// Order is decided by event numbers, never by times, as in history.h.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/check/history.h"

namespace synchrodb::check {

enum class ObjectModel : std::uint8_t { kSet, kQueue, kCounter, kBank };

// Arguments and results:
//   set      add: the element. read: nothing; the elements
//   queue    enqueue: the element. dequeue: nothing; the element, or nothing if it was empty.
//            drain: nothing; all the elements that were left
//   counter  add: the integer added, negative to subtract. read: nothing; the count
//   bank     transfer: from, to, the amount. read: nothing; account, balance, account, balance, …
enum class ObjectFunction : std::uint8_t { kAdd, kRead, kEnqueue, kDequeue, kDrain, kTransfer };

std::string_view name(ObjectModel model);
// By its name; nothing for an unknown one.
std::optional<ObjectModel> parse_object_model(std::string_view word);
std::string_view name(ObjectFunction function);

struct ObjectOperation {
  std::int64_t invoke_time = 0;    // nanoseconds since the start of the run
  std::int64_t complete_time = 0;  // meaningless until there is a completion
  EventOrder invoke_order = 0;
  EventOrder complete_order = kNeverCompleted;  // kNeverCompleted for info
  std::int32_t process = 0;
  std::uint32_t first_argument = 0;
  std::uint32_t argument_count = 0;
  std::uint32_t first_result = 0;
  std::uint32_t result_count = 0;
  ObjectFunction function = ObjectFunction::kRead;
  Outcome outcome = Outcome::kInfo;

  bool is_ok(ObjectFunction wanted) const { return function == wanted && outcome == Outcome::kOk; }
  // Whether it may have taken effect.
  bool is_possible() const { return outcome == Outcome::kOk || outcome == Outcome::kInfo; }
};

class ObjectHistory {
 public:
  explicit ObjectHistory(ObjectModel model = ObjectModel::kSet) : model_(model) {}

  ObjectModel model() const { return model_; }
  // A string value. Equal strings give equal values.
  Value text(std::string_view bytes) { return Value::text_id(strings_.intern(bytes)); }
  // As EDN.
  std::string print(Value value) const;

  OperationId invoke(std::int32_t process, ObjectFunction function,
                     std::span<const Value> arguments, std::int64_t time_ns);
  // At most once for each operation. `results` count only if it is ok.
  void complete(OperationId id, Outcome outcome, std::span<const Value> results,
                std::int64_t time_ns);

  std::size_t size() const { return operations_.size(); }
  const ObjectOperation& operator[](OperationId id) const { return operations_[id]; }
  std::span<const ObjectOperation> operations() const { return operations_; }
  std::span<const Value> arguments(const ObjectOperation& one) const {
    return std::span(values_).subspan(one.first_argument, one.argument_count);
  }
  std::span<const Value> results(const ObjectOperation& one) const {
    return std::span(values_).subspan(one.first_result, one.result_count);
  }
  EventOrder event_count() const { return next_event_; }
  // "process 3's read, from 1.5 s (event 7) to 1.6 s (event 9)".
  std::string describe(OperationId id) const;

 private:
  std::uint32_t keep(std::span<const Value> values);

  ObjectModel model_;
  EventOrder next_event_ = 0;
  std::vector<ObjectOperation> operations_;
  std::vector<Value> values_;
  StringPool strings_;
};

}  // namespace synchrodb::check
