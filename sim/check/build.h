// Pairs invocations with completions: from events in a file's order to a history.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/check/edn.h"
#include "sim/check/event_fields.h"
#include "sim/check/history.h"

namespace synchrodb::check {

// One line of a file.
struct RawEvent {
  std::size_t line = 0;
  EventType type = EventType::kInvoke;
  std::int32_t process = 0;
  Function function = Function::kRead;
  std::int64_t time = 0;
  bool has_value = false;
  bool has_key = false;
  bool refused = false;
  Edn value;
  Edn key;
  std::optional<Edn> result;
  std::optional<Witness> witness;
};

// Empty, or what is wrong. `skip`: as of `read_event_fields`.
std::string parse_event(const Edn& map, std::size_t line, RawEvent* event, bool* skip);

struct Build {
  std::string error;
  std::size_t error_line = 0;
  bool keyed = false;       // operations are on named keys
  bool key_fields = false;  // named by a field of their own
};

// Takes the values out of `events`.
Build build_history(std::vector<RawEvent>& events, History* history);

}  // namespace synchrodb::check
