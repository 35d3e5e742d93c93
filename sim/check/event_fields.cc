#include "sim/check/event_fields.h"

#include <limits>
#include <optional>
#include <string_view>

#include "sim/check/assert.h"

namespace synchrodb::check {
namespace {

std::optional<EventType> parse_type(std::string_view word) {
  if (word == "invoke") return EventType::kInvoke;
  if (word == "ok") return EventType::kOk;
  if (word == "fail") return EventType::kFail;
  if (word == "info") return EventType::kInfo;
  return std::nullopt;
}

const std::string* word(const Edn& map, std::string_view field) {
  const Edn* form = map.find(field);
  const bool is_word =
      form != nullptr && (form->kind == Edn::Kind::kKeyword || form->kind == Edn::Kind::kString ||
                          form->kind == Edn::Kind::kOther);
  return is_word ? &form->text : nullptr;
}

}  // namespace

std::string read_event_fields(const Edn& map, EventFields* fields, bool* skip) {
  *skip = false;
  if (map.kind != Edn::Kind::kMap) return "an operation must be a map";
  const Edn* process = map.find("process");
  if (process == nullptr) return "the operation has no :process";
  if (!process->is_integer()) {
    *skip = true;
    return "";
  }
  if (process->integer < std::numeric_limits<std::int32_t>::min() ||
      process->integer > std::numeric_limits<std::int32_t>::max()) {
    return "the number of the process does not fit 32 bits";
  }
  fields->process = static_cast<std::int32_t>(process->integer);
  const std::string* type = word(map, "type");
  if (type == nullptr) return "the operation has no :type";
  const std::optional<EventType> known = parse_type(*type);
  if (!known) return "unknown :type " + type->substr(0, 40);
  fields->type = *known;
  fields->function = word(map, "f");
  const Edn* time = map.find("time");
  fields->time_ns = time != nullptr && time->is_integer() ? time->integer : 0;
  fields->value = map.find("value");
  return "";
}

Outcome outcome_of(EventType completion) {
  SYNCHRODB_CHECK_ASSERT(completion != EventType::kInvoke, "an invocation has no outcome yet");
  if (completion == EventType::kOk) return Outcome::kOk;
  return completion == EventType::kFail ? Outcome::kFail : Outcome::kInfo;
}

std::string invokes_while_open(std::int32_t process, std::size_t open_line) {
  return "process " + std::to_string(process) + " invokes an operation while that of line " +
         std::to_string(open_line) + " is open";
}

std::string completes_without_invocation(std::int32_t process) {
  return "process " + std::to_string(process) + " completes an operation that it has not invoked";
}

}  // namespace synchrodb::check
