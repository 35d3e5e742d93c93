#include "cmd/cli/output.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "cmd/cli/exit_codes.h"
#include "engine/kv/ascii.h"

namespace synchrodb::cli {
namespace {

bool is_utf8(std::string_view bytes) {
  // The strict check of the library that prints it.
  try {
    (void)Json(std::string(bytes)).dump();
  } catch (const Json::type_error&) {
    return false;
  }
  return true;
}

std::string base64(std::string_view bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = group << 8 | (i < count ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      out.push_back(i <= count ? kDigits[group >> (18 - 6 * i) & 63] : '=');
    }
  }
  return out;
}

bool is_text(const Reply& reply) {
  return reply.kind() == Reply::Kind::kBulk || reply.kind() == Reply::Kind::kStatus ||
         reply.kind() == Reply::Kind::kVerbatim;
}

Json map_to_json(const std::vector<Reply>& elements) {
  bool plain = true;
  for (std::size_t i = 0; i < elements.size(); i += 2) {
    plain = plain && is_text(elements[i]) && is_utf8(elements[i].text());
  }
  Json out = plain ? Json::object() : Json::array();
  for (std::size_t i = 0; i + 1 < elements.size(); i += 2) {
    if (plain) {
      out[elements[i].text()] = to_json(elements[i + 1]);
    } else {
      out.push_back(Json::array({to_json(elements[i]), to_json(elements[i + 1])}));
    }
  }
  return out;
}

void append_raw(const Reply& reply, std::string& out) {
  switch (reply.kind()) {
    case Reply::Kind::kNil:
    case Reply::Kind::kNilArray:
      break;
    case Reply::Kind::kStatus:
    case Reply::Kind::kError:
    case Reply::Kind::kBulk:
    case Reply::Kind::kVerbatim:
      out.append(reply.text());
      break;
    case Reply::Kind::kInteger:
    case Reply::Kind::kBoolean:
      out.append(std::to_string(reply.number()));
      break;
    case Reply::Kind::kDouble: {
      std::array<char, 40> text;
      std::snprintf(text.data(), text.size(), "%.17g", reply.real_number());
      out.append(text.data());
      break;
    }
    case Reply::Kind::kArray:
    case Reply::Kind::kMap:
    case Reply::Kind::kSet:
    case Reply::Kind::kPush:
      for (std::size_t i = 0; i < reply.elements().size(); ++i) {
        if (i > 0) out.push_back('\n');
        append_raw(reply.elements()[i], out);
      }
      break;
  }
}

// Commands whose answers are made to be read as they are.
bool answers_in_prose(std::span<const std::string> argv) {
  constexpr std::array<std::pair<const char*, const char*>, 10> kProse = {{{"info", ""},
                                                                           {"lolwut", ""},
                                                                           {"cluster", "info"},
                                                                           {"cluster", "nodes"},
                                                                           {"client", "list"},
                                                                           {"client", "info"},
                                                                           {"latency", "doctor"},
                                                                           {"latency", "graph"},
                                                                           {"memory", "doctor"},
                                                                           {"debug", "object"}}};
  return std::any_of(kProse.begin(), kProse.end(), [argv](const auto& name) {
    const auto [first, second] = name;
    if (argv.empty() || !equals_ignoring_case(argv[0], first)) return false;
    return *second == '\0' || (argv.size() > 1 && equals_ignoring_case(argv[1], second));
  });
}

std::string with_line_break(std::string text) {
  if (text.empty() || text.back() != '\n') text.push_back('\n');
  return text;
}

}  // namespace

void complain(const std::string& message) {
  std::fprintf(stderr, "synchrodb-cli: %s\n", message.c_str());
}

void print(std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (written && std::fflush(stdout) == 0) return;
  const int error = errno;
  if (error != EPIPE)
    complain(std::string("cannot write to standard output: ") + std::strerror(error));
  std::_Exit(kExitNoOutput);
}

void print_json(const Json& value) {
  print(value.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

Json to_json(const Reply& reply) {
  switch (reply.kind()) {
    case Reply::Kind::kNil:
    case Reply::Kind::kNilArray:
      return nullptr;
    case Reply::Kind::kStatus:
    case Reply::Kind::kBulk:
    case Reply::Kind::kVerbatim:
      if (is_utf8(reply.text())) return reply.text();
      return Json{{"base64", base64(reply.text())}};
    case Reply::Kind::kError:
      return Json{{"error", reply.text()}};
    case Reply::Kind::kInteger:
      return reply.number();
    case Reply::Kind::kBoolean:
      return reply.number() != 0;
    case Reply::Kind::kDouble: {
      const double number = reply.real_number();
      if (std::isfinite(number)) return number;
      return std::isnan(number) ? "nan" : number > 0 ? "inf" : "-inf";
    }
    case Reply::Kind::kArray:
    case Reply::Kind::kSet:
    case Reply::Kind::kPush: {
      Json out = Json::array();
      for (const Reply& element : reply.elements()) out.push_back(to_json(element));
      return out;
    }
    case Reply::Kind::kMap:
      return map_to_json(reply.elements());
  }
  return nullptr;
}

std::string format_reply(const Reply& reply, std::span<const std::string> argv, Format format) {
  if (format == Format::kJson) {
    return to_json(reply).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  }
  std::string text;
  if (format == Format::kRaw) {
    append_raw(reply, text);
    return text + "\n";
  }
  if (reply.kind() == Reply::Kind::kVerbatim || (is_text(reply) && answers_in_prose(argv)))
    return with_line_break(reply.text());
  return to_string(reply) + "\n";
}

std::string format_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    // The last cell of a row may be prose.
    for (std::size_t i = 0; i + 1 < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - row[i].size() + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

std::string format_bytes(std::uint64_t bytes) {
  constexpr std::array<const char*, 6> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
  return text.data();
}

std::string format_span(double seconds) {
  std::array<char, 48> text;
  // What a hostile server may say, too.
  if (!(seconds >= 0) || seconds > 1e15) return "?";
  const auto whole = static_cast<std::uint64_t>(seconds);
  const auto put = [&text](const char* format, std::uint64_t big, std::uint64_t small) {
    std::snprintf(text.data(), text.size(), format, static_cast<unsigned long long>(big),
                  static_cast<unsigned long long>(small));
  };
  if (whole >= 86'400) {
    put("%llud %lluh", whole / 86'400, whole % 86'400 / 3'600);
  } else if (whole >= 3'600) {
    put("%lluh %llum", whole / 3'600, whole % 3'600 / 60);
  } else if (whole >= 60) {
    put("%llum %llus", whole / 60, whole % 60);
  } else {
    std::snprintf(text.data(), text.size(), "%.1fs", seconds);
  }
  return text.data();
}

}  // namespace synchrodb::cli
