#include "sim/check/write.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <cstdio>
#include <vector>

namespace synchrodb::check {
namespace {

// EDN and JSON differ in how fields and lists are spelled, and in nil.
struct Syntax {
  bool json;
  std::string field(std::string_view name) const {
    return json ? "\"" + std::string(name) + "\":" : ":" + std::string(name) + " ";
  }
  std::string word(std::string_view text) const {
    return json ? "\"" + std::string(text) + "\"" : ":" + std::string(text);
  }
  const char* between() const { return json ? "," : ", "; }
  const char* space() const { return json ? "," : " "; }
  const char* nil() const { return json ? "null" : "nil"; }
};

void quote(std::string_view text, std::string* out) {
  *out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      *out += '\\';
      *out += c;
    } else if (c == '\n') {
      *out += "\\n";
    } else if (c == '\t') {
      *out += "\\t";
    } else if (c == '\r') {
      *out += "\\r";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      *out += escape;
    } else {
      *out += c;
    }
  }
  *out += '"';
}

std::string form(const History& history, Value value, const Syntax& syntax) {
  if (value.is_integer()) return std::to_string(value.number());
  if (!value.is_text()) return syntax.nil();
  std::string text;
  quote(history.bytes(value), &text);
  return text;
}

std::string value_of(const History& history, const Operation& operation, bool completion,
                     const Syntax& syntax) {
  std::string value;
  switch (operation.function) {
    case Function::kRead:
      value = completion && operation.outcome == Outcome::kOk
                  ? form(history, operation.result, syntax)
                  : syntax.nil();
      break;
    case Function::kCas:
      value = "[" + form(history, operation.expected, syntax) + syntax.space() +
              form(history, operation.argument, syntax) + "]";
      break;
    default:
      value = form(history, operation.argument, syntax);
  }
  if (operation.key == kOnlyKey) return value;
  return "[" + form(history, history.key_name(operation.key), syntax) + syntax.space() + value +
         "]";
}

std::string witness_of(const Witness& witness, const Syntax& syntax) {
  const auto number = [&](std::string_view name, std::uint64_t value) {
    return syntax.field(name) + std::to_string(value);
  };
  return "{" + number("group", witness.group) + syntax.between() + number("term", witness.term) +
         syntax.between() + number("index", witness.index) + syntax.between() +
         number("read", witness.read_index) + syntax.between() +
         number("position", witness.position) + "}";
}

void write_event(const History& history, const Operation& operation, bool completion,
                 EventOrder order, const Syntax& syntax, std::string* out) {
  const bool refused = operation.outcome == Outcome::kRefused;
  const std::string_view type = !completion ? "invoke" : refused ? "fail" : name(operation.outcome);
  *out += "{" + syntax.field("index") + std::to_string(order) + syntax.between() +
          syntax.field("time") +
          std::to_string(completion ? operation.complete_time : operation.invoke_time) +
          syntax.between() + syntax.field("type") + syntax.word(type) + syntax.between() +
          syntax.field("process") + std::to_string(operation.process) + syntax.between() +
          syntax.field("f") + syntax.word(name(operation.function)) + syntax.between() +
          syntax.field("value") + value_of(history, operation, completion, syntax);
  if (completion && refused) {
    *out += syntax.between() + syntax.field("error") + syntax.word("refused");
  }
  if (completion && operation.function != Function::kRead && !operation.result.is_none()) {
    *out += syntax.between() + syntax.field("result") + form(history, operation.result, syntax);
  }
  if (const Witness* witness = history.witness(operation); completion && witness != nullptr) {
    *out += syntax.between() + syntax.field("witness") + witness_of(*witness, syntax);
  }
  *out += "}\n";
}

struct Event {
  std::uint64_t place;  // twice the event order; odd just before that order
  OperationId id;
  bool completion;
};

constexpr std::uint64_t kNowhere = ~std::uint64_t{0};

// Where the completion belongs that says "nobody knows". A process that went on must have given
// up before; one that did not may stay open, unless there is a witness to write down.
std::uint64_t place_of_info(const History& history, const Operation& operation,
                            EventOrder next_invocation, std::uint64_t* last) {
  if (operation.given_up_order != kNeverCompleted)
    return 2 * std::uint64_t{operation.given_up_order};
  if (next_invocation != kNeverCompleted) return 2 * std::uint64_t{next_invocation} - 1;
  return history.witness(operation) == nullptr ? kNowhere : (*last += 2);
}

void write_events(const History& history, std::span<const OperationId> ids, const Syntax& syntax,
                  std::string* out) {
  std::vector<Event> events;
  events.reserve(2 * ids.size());
  absl::flat_hash_map<std::int32_t, EventOrder> next_invocation;
  std::uint64_t last = 2 * std::uint64_t{history.event_count()};
  for (std::size_t i = ids.size(); i-- > 0;) {
    const OperationId id = ids[i];
    const Operation& operation = history[id];
    EventOrder& next =
        next_invocation.try_emplace(operation.process, kNeverCompleted).first->second;
    const std::uint64_t place = operation.complete_order != kNeverCompleted
                                    ? 2 * std::uint64_t{operation.complete_order}
                                    : place_of_info(history, operation, next, &last);
    if (place != kNowhere) events.push_back({place, id, true});
    events.push_back({2 * std::uint64_t{operation.invoke_order}, id, false});
    next = operation.invoke_order;
  }
  std::sort(events.begin(), events.end(),
            [](const Event& x, const Event& y) { return x.place < y.place; });
  for (const Event& event : events) {
    const auto order = static_cast<EventOrder>(event.place / 2);
    write_event(history, history[event.id], event.completion, order, syntax, out);
  }
}

std::vector<OperationId> everything(const History& history) {
  std::vector<OperationId> ids(history.size());
  for (OperationId id = 0; id < ids.size(); ++id) ids[id] = id;
  return ids;
}

std::string label_of(const History& history, const Label& label, const Syntax& syntax) {
  return "{" + syntax.field("version") + "1" + syntax.between() + syntax.field("model") +
         syntax.word(name(label.model)) + syntax.between() + syntax.field("dialect") +
         syntax.word(name(label.dialect)) + syntax.between() + syntax.field("initial") +
         form(history, label.initial, syntax) + "}";
}

constexpr Syntax kEdn{false};
constexpr Syntax kJson{true};

}  // namespace

std::string to_edn(const History& history, Value value) {
  return form(history, value, kEdn);
}

std::string write_edn(const History& history, std::span<const OperationId> only) {
  std::string out;
  write_events(history, only, kEdn, &out);
  return out;
}

std::string write_edn(const History& history, const std::optional<Label>& label) {
  std::string out;
  if (label) out = ";; synchrodb-history " + label_of(history, *label, kEdn) + "\n";
  write_events(history, everything(history), kEdn, &out);
  return out;
}

std::string write_json_lines(const History& history, const std::optional<Label>& label) {
  std::string out;
  if (label) out = "{\"synchrodb-history\":" + label_of(history, *label, kJson) + "}\n";
  write_events(history, everything(history), kJson, &out);
  return out;
}

}  // namespace synchrodb::check
