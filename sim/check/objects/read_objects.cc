#include "sim/check/objects/read_objects.h"

#include <absl/container/flat_hash_map.h>

#include <charconv>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "sim/check/event_fields.h"

namespace synchrodb::check {
namespace {

struct Word {
  std::string_view word;
  ObjectModel model;
  ObjectFunction function;
  int sign;  // of the argument
};

constexpr Word kWords[] = {
    {"add", ObjectModel::kSet, ObjectFunction::kAdd, 1},
    {"read", ObjectModel::kSet, ObjectFunction::kRead, 1},
    {"enqueue", ObjectModel::kQueue, ObjectFunction::kEnqueue, 1},
    {"dequeue", ObjectModel::kQueue, ObjectFunction::kDequeue, 1},
    {"drain", ObjectModel::kQueue, ObjectFunction::kDrain, 1},
    {"add", ObjectModel::kCounter, ObjectFunction::kAdd, 1},
    {"increment", ObjectModel::kCounter, ObjectFunction::kAdd, 1},
    {"decrement", ObjectModel::kCounter, ObjectFunction::kAdd, -1},
    {"read", ObjectModel::kCounter, ObjectFunction::kRead, 1},
    {"transfer", ObjectModel::kBank, ObjectFunction::kTransfer, 1},
    {"read", ObjectModel::kBank, ObjectFunction::kRead, 1},
};

class ObjectReader : public FormSink {
 public:
  explicit ObjectReader(ObjectModel model) : history_(model) {}

  ObjectsResult run(std::string_view bytes, Format format) {
    FormsResult forms = read_forms(bytes, format, *this);
    return {std::move(forms.error), std::move(history_), forms.format};
  }

 private:
  struct Open {
    OperationId id = 0;
    std::size_t line = 0;
  };

  std::string form(const Edn& map, std::size_t line) override {
    EventFields event;
    bool skip = false;
    std::string problem = read_event_fields(map, &event, &skip);
    if (!problem.empty() || skip) return problem;
    if (event.function == nullptr) return "the operation has no :f";
    const Word* known = nullptr;
    for (const Word& one : kWords) {
      if (one.model == history_.model() && one.word == *event.function) known = &one;
    }
    if (known == nullptr) {
      return "a " + std::string(name(history_.model())) + " has no operation " +
             event.function->substr(0, 40);
    }
    static const Edn nothing;
    const Edn& value = event.value == nullptr ? nothing : *event.value;
    if (event.type == EventType::kInvoke) return invoke(*known, event, value, line);
    return complete(*known, event, value);
  }

  std::string invoke(const Word& known, const EventFields& event, const Edn& value,
                     std::size_t line) {
    const auto open = open_.find(event.process);
    if (open != open_.end()) return invokes_while_open(event.process, open->second.line);
    values_.clear();
    std::string problem = take_arguments(known, value);
    if (!problem.empty()) return problem;
    open_[event.process] = {history_.invoke(event.process, known.function, values_, event.time_ns),
                            line};
    return "";
  }

  std::string complete(const Word& known, const EventFields& event, const Edn& value) {
    const auto open = open_.find(event.process);
    if (open == open_.end()) {
      // Jepsen's threads may report on themselves.
      if (event.type == EventType::kInfo) return "";
      return completes_without_invocation(event.process);
    }
    const OperationId id = open->second.id;
    if (history_[id].function != known.function) {
      return "process " + std::to_string(event.process) + " completes a " +
             std::string(known.word) + ", but line " + std::to_string(open->second.line) +
             " invoked a " + std::string(name(history_[id].function));
    }
    values_.clear();
    const Outcome outcome = outcome_of(event.type);
    std::string problem = outcome == Outcome::kOk ? take_results(known.function, value) : "";
    if (!problem.empty()) return problem;
    history_.complete(id, outcome, values_, event.time_ns);
    open_.erase(open);
    return "";
  }

  Value to_value(const Edn& form) {
    if (form.is_integer()) return Value::integer(form.integer);
    if (form.is_nil()) return Value::absent();
    const bool text = form.kind == Edn::Kind::kString || form.kind == Edn::Kind::kOther;
    return history_.text(text ? form.text : form.print());
  }

  std::string take_arguments(const Word& known, const Edn& value) {
    switch (known.function) {
      case ObjectFunction::kAdd:
      case ObjectFunction::kEnqueue:
        return take_argument(known, value);
      case ObjectFunction::kTransfer: {
        const Edn* fields[] = {value.find("from"), value.find("to"), value.find("amount")};
        for (const Edn* field : fields) {
          if (field == nullptr) return "a transfer needs a value with :from, :to and :amount";
          values_.push_back(to_value(*field));
        }
        return "";
      }
      default:
        return "";
    }
  }

  std::string take_argument(const Word& known, const Edn& value) {
    if (history_.model() != ObjectModel::kCounter) {
      if (value.is_nil()) return std::string(known.word) + " needs a value";
      values_.push_back(to_value(value));
      return "";
    }
    if (!value.is_integer() && !value.is_nil())
      return std::string(known.word) + " needs an integer";
    const std::int64_t amount = value.is_nil() ? 1 : value.integer;
    if (amount == std::numeric_limits<std::int64_t>::min()) return "the amount is too great";
    values_.push_back(Value::integer(known.sign * amount));
    return "";
  }

  std::string take_results(ObjectFunction function, const Edn& value) {
    if (history_.model() == ObjectModel::kBank && function == ObjectFunction::kRead) {
      return take_balances(value);
    }
    if (history_.model() == ObjectModel::kCounter && function == ObjectFunction::kRead) {
      if (!value.is_integer()) return "a counter's read needs an integer";
      values_.push_back(Value::integer(value.integer));
      return "";
    }
    if (function == ObjectFunction::kDequeue && !value.is_nil()) values_.push_back(to_value(value));
    if (function != ObjectFunction::kRead && function != ObjectFunction::kDrain) return "";
    if (value.kind != Edn::Kind::kVector && !value.is_nil()) {
      return "a " + std::string(name(function)) + " needs a collection of elements";
    }
    for (const Edn& element : value.items) values_.push_back(to_value(element));
    return "";
  }

  std::string take_balances(const Edn& value) {
    if (value.kind != Edn::Kind::kMap) return "a bank's read needs a map from accounts to balances";
    for (std::size_t i = 0; i + 1 < value.items.size(); i += 2) {
      const Edn& balance = value.items[i + 1];
      if (!balance.is_integer() && !balance.is_nil()) return "a balance must be an integer";
      values_.push_back(account(value.items[i]));
      values_.push_back(to_value(balance));
    }
    return "";
  }

  // JSON knows only strings for keys.
  Value account(const Edn& form) {
    std::int64_t number = 0;
    const char* end = form.text.data() + form.text.size();
    const auto parsed = std::from_chars(form.text.data(), end, number);
    if (!form.text.empty() && parsed.ec == std::errc() && parsed.ptr == end) {
      return Value::integer(number);
    }
    return to_value(form);
  }

  ObjectHistory history_;
  absl::flat_hash_map<std::int32_t, Open> open_;
  std::vector<Value> values_;
};

}  // namespace

ObjectsResult read_objects(std::string_view bytes, ObjectModel model, Format format) {
  return ObjectReader(model).run(bytes, format);
}

}  // namespace synchrodb::check
