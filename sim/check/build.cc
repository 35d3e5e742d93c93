#include "sim/check/build.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>

namespace synchrodb::check {
namespace {

using Type = EventType;

std::uint64_t unsigned_field(const Edn& map, std::string_view name) {
  const Edn* field = map.find(name);
  if (field == nullptr || !field->is_integer() || field->integer < 0) return 0;
  return static_cast<std::uint64_t>(field->integer);
}

Witness parse_witness(const Edn& map) {
  Witness witness;
  witness.group = static_cast<std::uint32_t>(unsigned_field(map, "group"));
  witness.term = unsigned_field(map, "term");
  witness.index = unsigned_field(map, "index");
  witness.read_index = unsigned_field(map, "read");
  witness.position = static_cast<std::uint32_t>(unsigned_field(map, "position"));
  return witness;
}

// Strings stand for themselves, anything compound for its canonical print.
Value to_value(History& history, const Edn& form) {
  switch (form.kind) {
    case Edn::Kind::kNil:
      return Value::absent();
    case Edn::Kind::kInteger:
      return Value::integer(form.integer);
    case Edn::Kind::kString:
    case Edn::Kind::kOther:
      return history.text(form.text);
    default:
      return history.text(form.print());
  }
}

class Builder {
 public:
  Builder(std::vector<RawEvent>& events, History* history) : events_(events), history_(*history) {}

  Build run() {
    find_keys();
    history_.reserve(events_.size() / 2 + 1);
    for (RawEvent& event : events_) {
      const bool good = event.type == Type::kInvoke ? invoke(event) : complete(event);
      if (good) continue;
      build_.error_line = event.line;
      break;
    }
    return build_;
  }

 private:
  struct Open {
    OperationId id;
    Function function;
    std::size_t line;
  };

  bool fail(std::string message) {
    build_.error = std::move(message);
    return false;
  }

  static bool looks_independent(const RawEvent& event) {
    if (!event.has_value || !event.value.is_pair()) return false;
    return event.function != Function::kCas || event.value.items[1].is_pair();
  }

  void find_keys() {
    bool any = false;
    bool independent = true;
    for (const RawEvent& event : events_) {
      build_.key_fields |= event.has_key;
      if (event.type != Type::kInvoke) continue;
      any = true;
      independent &= looks_independent(event);
    }
    independent_ = any && independent && !build_.key_fields;
    build_.keyed = independent_ || build_.key_fields;
  }

  // The value without its key.
  const Edn& payload(const RawEvent& event) const {
    const bool wrapped = independent_ && event.value.is_pair();
    return wrapped ? event.value.items[1] : event.value;
  }

  bool invoke(const RawEvent& event) {
    const auto open = open_.find(event.process);
    if (open != open_.end()) {
      return fail(invokes_while_open(event.process, open->second.line));
    }
    Invocation invocation;
    invocation.process = event.process;
    invocation.function = event.function;
    if (independent_) invocation.key = history_.key(to_value(history_, event.value.items[0]));
    if (event.has_key) invocation.key = history_.key(to_value(history_, event.key));
    const Edn& value = payload(event);
    switch (event.function) {
      case Function::kCas:
        if (!value.is_pair()) return fail("cas needs a value of the form [from to]");
        invocation.expected = to_value(history_, value.items[0]);
        invocation.argument = to_value(history_, value.items[1]);
        break;
      case Function::kIncrement:
        if (!value.is_nil() && !value.is_integer()) return fail("an increment needs an integer");
        invocation.argument = value.is_nil() ? Value::integer(1) : Value::integer(value.integer);
        break;
      case Function::kWrite:
      case Function::kAppend:
        if (!event.has_value) return fail(std::string(name(event.function)) + " needs a value");
        invocation.argument = to_value(history_, value);
        break;
      default:
        break;
    }
    open_[event.process] = {history_.invoke(invocation, event.time), event.function, event.line};
    return true;
  }

  bool complete(const RawEvent& event) {
    const auto open = open_.find(event.process);
    if (open == open_.end()) {
      // Jepsen's threads may report on themselves.
      if (event.type == Type::kInfo) return true;
      return fail(completes_without_invocation(event.process));
    }
    const Open operation = open->second;
    if (operation.function != event.function) {
      return fail("process " + std::to_string(event.process) + " completes a " +
                  std::string(name(event.function)) + ", but line " +
                  std::to_string(operation.line) + " invoked a " +
                  std::string(name(operation.function)));
    }
    open_.erase(open);
    Value result;
    const bool read = event.function == Function::kRead;
    if (read && event.type == Type::kOk && event.has_value) {
      result = to_value(history_, payload(event));
    }
    if (!read && event.result) result = to_value(history_, *event.result);
    const bool refused = event.refused && event.type == Type::kFail;
    const Outcome outcome = refused ? Outcome::kRefused : outcome_of(event.type);
    history_.complete(operation.id, outcome, result, event.time, event.witness);
    return true;
  }

  std::vector<RawEvent>& events_;
  History& history_;
  absl::flat_hash_map<std::int32_t, Open> open_;
  bool independent_ = false;
  Build build_;
};

}  // namespace

std::string parse_event(const Edn& map, std::size_t line, RawEvent* event, bool* skip) {
  EventFields fields;
  std::string problem = read_event_fields(map, &fields, skip);
  if (!problem.empty() || *skip) return problem;
  if (fields.function == nullptr) return "the operation has no :f";
  const auto known_function = parse_function(*fields.function);
  if (!known_function) return "unknown operation " + fields.function->substr(0, 40);
  event->line = line;
  event->process = fields.process;
  event->type = fields.type;
  event->function = *known_function;
  event->time = fields.time_ns;
  if (fields.value != nullptr) {
    event->has_value = true;
    event->value = *fields.value;
  }
  if (const Edn* key = map.find("key"); key != nullptr && !key->is_nil()) {
    event->has_key = true;
    event->key = *key;
  }
  if (const Edn* error = map.find("error")) event->refused = error->text == "refused";
  if (const Edn* result = map.find("result")) event->result = *result;
  if (const Edn* witness = map.find("witness")) event->witness = parse_witness(*witness);
  return "";
}

Build build_history(std::vector<RawEvent>& events, History* history) {
  return Builder(events, history).run();
}

}  // namespace synchrodb::check
