#include "tests/bench/peers/load/resp.h"

#include <charconv>
#include <cstdint>

namespace synchrodb::load {
namespace {

constexpr std::size_t kMaxLine = 64 << 10;
constexpr std::int64_t kMaxBulk = 512 << 20;

void append_bulk(std::string& out, std::string_view text) {
  out += '$';
  out += std::to_string(text.size());
  out += "\r\n";
  out += text;
  out += "\r\n";
}

Reply malformed(std::string why) {
  return Reply{Reply::Kind::kMalformed, 0, std::move(why)};
}

// A bulk string whose header `line` ends at `body`.
Reply parse_bulk(std::string_view bytes, std::string_view line, std::size_t body) {
  std::int64_t size = 0;
  const auto [end, status] = std::from_chars(line.data(), line.data() + line.size(), size);
  if (status != std::errc{} || end != line.data() + line.size() || size < -1 || size > kMaxBulk) {
    return malformed("a bulk string of length '" + std::string(line.substr(0, 32)) + "'");
  }
  if (size == -1) return Reply{Reply::Kind::kMissing, body, {}};
  const std::size_t length = body + static_cast<std::size_t>(size) + 2;
  if (bytes.size() < length) return {};
  if (bytes.substr(length - 2, 2) != "\r\n") return malformed("a bulk string without its end");
  return Reply{Reply::Kind::kValue, length, {}};
}

}  // namespace

void append_set(std::string& out, std::string_view key, std::string_view value) {
  out += "*3\r\n$3\r\nSET\r\n";
  append_bulk(out, key);
  append_bulk(out, value);
}

void append_get(std::string& out, std::string_view key) {
  out += "*2\r\n$3\r\nGET\r\n";
  append_bulk(out, key);
}

Reply parse_reply(std::string_view bytes) {
  if (bytes.empty()) return {};
  const char type = bytes.front();
  if (std::string_view("+:$-_").find(type) == std::string_view::npos) {
    return malformed("a reply that begins with byte " +
                     std::to_string(static_cast<unsigned char>(type)));
  }
  const std::size_t line_end = bytes.substr(0, kMaxLine).find("\r\n");
  if (line_end == std::string_view::npos) {
    return bytes.size() < kMaxLine ? Reply{} : malformed("a line of more than 64 KiB");
  }
  const std::string_view line = bytes.substr(1, line_end - 1);
  const std::size_t length = line_end + 2;
  switch (type) {
    case '$':
      return parse_bulk(bytes, line, length);
    case '-':
      return Reply{Reply::Kind::kError, length, std::string(line)};
    case '_':
      return Reply{Reply::Kind::kMissing, length, {}};
    default:
      return Reply{Reply::Kind::kValue, length, {}};
  }
}

}  // namespace synchrodb::load
