#include "net/commands/replies.h"

#include <limits>

#include "engine/kv/numbers.h"

namespace synchrodb {

namespace errors {

Reply unknown_subcommand(const net::ServerCommand& container, std::string_view name) {
  return failed("unknown subcommand '" + std::string(name.substr(0, 128)) + "'. Try " +
                net::upper_case(container.spec.name) + " HELP.");
}

Reply unknown_subcommand_or_arity(const net::Call& call) {
  return failed("unknown subcommand or wrong number of arguments for '" + call[1].substr(0, 128) +
                "'. Try " + net::upper_case(call[0]) + " HELP.");
}

Reply failed(std::string_view message) {
  std::string text = "ERR " + std::string(message);
  for (char& c : text) {
    if (c == '\r' || c == '\n') c = ' ';
  }
  return Reply::error(std::move(text));
}

}  // namespace errors

namespace net {

std::string upper_case(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

Number parse_number(std::string_view text) {
  if (const auto value = parse_integer(text)) return {*value, {}};
  return {0, errors::not_integer()};
}

Number parse_int32(std::string_view text) {
  Number number = parse_number(text);
  if (number.error) return number;
  constexpr std::int64_t kLeast = std::numeric_limits<std::int32_t>::min();
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  if (number.value < kLeast || number.value > kMost) {
    number.error =
        Reply::error("ERR value is out of range, value must between -2147483648 and 2147483647");
  }
  return number;
}

Number parse_timeout(std::string_view text) {
  const auto value = parse_integer(text);
  if (!value) return {0, Reply::error("ERR timeout is not an integer or out of range")};
  if (*value < 0) return {0, Reply::error("ERR timeout is negative")};
  // Far enough that no clock gets there, and no sum overflows.
  constexpr std::int64_t kMost = std::int64_t{1} << 42;
  if (*value > kMost) return {0, Reply::error("ERR timeout is out of range")};
  return {*value, {}};
}

}  // namespace net
}  // namespace synchrodb
