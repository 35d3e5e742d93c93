// What all events have, whatever they are events of: process, type, operation, time, value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "sim/check/edn.h"
#include "sim/check/history.h"

namespace synchrodb::check {

enum class EventType : std::uint8_t { kInvoke, kOk, kFail, kInfo };

// Views the map.
struct EventFields {
  EventType type = EventType::kInvoke;
  std::int32_t process = 0;
  const std::string* function = nullptr;  // null if there is none
  std::int64_t time_ns = 0;
  const Edn* value = nullptr;  // null if there is none
};

// Empty, or what is wrong with the map. `skip` is set if the event is of something that is not a
// client (a nemesis); the fields are meaningless then.
std::string read_event_fields(const Edn& map, EventFields* fields, bool* skip);

// Of what is not an invocation.
Outcome outcome_of(EventType completion);

// What a process must not do.
std::string invokes_while_open(std::int32_t process, std::size_t open_line);
std::string completes_without_invocation(std::int32_t process);

}  // namespace synchrodb::check
