// The server's log: structured events, one a line. Any thread.
//
//   2026-03-01T12:00:00.123456Z info  peer: connected node=2 address=127.0.0.1:17380
//   {"time":"2026-03-01T12:00:00.123456Z","level":"info","topic":"peer","event":"connected",...}
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "engine/env/result.h"
#include "net/log/log_level.h"

namespace synchrodb::net {

struct LogField {
  LogField(std::string_view field, std::string text) : name(field), value(std::move(text)) {}
  LogField(std::string_view field, const char* text) : name(field), value(text) {}
  LogField(std::string_view field, std::uint64_t number)
      : name(field), value(std::to_string(number)) {}

  std::string_view name;
  std::string value;
};

// Where lines go from now on. An empty `file`: standard error. Errors name the file.
Result<> open_log(const std::string& file, LogFormat format, LogLevel level);
// At run time.
void set_log_level(LogLevel level);
LogLevel log_level();

void log_event(LogLevel level, std::string_view topic, std::string_view event,
               std::initializer_list<LogField> fields = {});

}  // namespace synchrodb::net
