#include "net/log/log.h"

#define SPDLOG_FMT_EXTERNAL
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <nlohmann/json.hpp>

namespace synchrodb::net {
namespace {

spdlog::level::level_enum native(LogLevel level) {
  switch (level) {
    case LogLevel::kTrace:
      return spdlog::level::trace;
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kOff:
      break;
  }
  return spdlog::level::off;
}

struct Log {
  std::shared_ptr<spdlog::logger> logger;
  LogFormat format = LogFormat::kText;
  LogLevel level = LogLevel::kInfo;
};

Log& the_log() {
  static Log log{std::make_shared<spdlog::logger>(
      "synchrodb", std::make_shared<spdlog::sinks::stderr_sink_mt>())};
  return log;
}

// The pattern puts time and level in front; the rest of a line is ours.
constexpr const char* kTextPattern = "%Y-%m-%dT%H:%M:%S.%fZ %-7l %v";
constexpr const char* kJsonPattern = R"({"time":"%Y-%m-%dT%H:%M:%S.%fZ","level":"%l",%v})";

std::string json_string(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool needs_quotes(std::string_view value) {
  return value.empty() || value.find_first_of(" =\"\n\t\\") != std::string_view::npos;
}

std::string text_line(std::string_view topic, std::string_view event,
                      std::initializer_list<LogField> fields) {
  std::string line(topic);
  line += ": ";
  line += event;
  for (const LogField& field : fields) {
    line += ' ';
    line += field.name;
    line += '=';
    line += needs_quotes(field.value) ? json_string(field.value) : field.value;
  }
  return line;
}

std::string json_line(std::string_view topic, std::string_view event,
                      std::initializer_list<LogField> fields) {
  std::string line = "\"topic\":" + json_string(topic) + ",\"event\":" + json_string(event);
  for (const LogField& field : fields)
    line += "," + json_string(field.name) + ":" + json_string(field.value);
  return line;
}

}  // namespace

Result<> open_log(const std::string& file, LogFormat format, LogLevel level) {
  Log& log = the_log();
  if (!file.empty()) {
    try {
      log.logger = std::make_shared<spdlog::logger>(
          "synchrodb", std::make_shared<spdlog::sinks::basic_file_sink_mt>(file));
    } catch (const spdlog::spdlog_ex& failure) {
      return Error{ErrorCode::kInvalid, "logfile: " + std::string(failure.what())};
    }
  }
  log.format = format;
  log.logger->set_formatter(std::make_unique<spdlog::pattern_formatter>(
      format == LogFormat::kText ? kTextPattern : kJsonPattern, spdlog::pattern_time_type::utc));
  log.logger->flush_on(spdlog::level::info);
  set_log_level(level);
  return {};
}

void set_log_level(LogLevel level) {
  the_log().level = level;
  the_log().logger->set_level(native(level));
}

LogLevel log_level() {
  return the_log().level;
}

void log_event(LogLevel level, std::string_view topic, std::string_view event,
               std::initializer_list<LogField> fields) {
  Log& log = the_log();
  if (!log.logger->should_log(native(level))) return;
  const std::string line = log.format == LogFormat::kText ? text_line(topic, event, fields)
                                                          : json_line(topic, event, fields);
  log.logger->log(native(level), "{}", line);
}

}  // namespace synchrodb::net
