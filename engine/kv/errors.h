// Redis' error texts, to the letter.
#pragma once

#include <string>
#include <string_view>

#include "engine/kv/reply.h"

namespace synchrodb::errors {

// The answer to a command that may need more memory when all that is allowed is in use. Such a
// request never reaches the log: ClientReply::why has this text.
inline constexpr std::string_view kOutOfMemory =
    "OOM command not allowed when used memory > 'maxmemory'.";
inline constexpr std::string_view kReplyTooLarge =
    "ERR the reply is larger than what travels between nodes (64 MiB): ask for less at once, or "
    "ask "
    "the leader";

inline Reply syntax() {
  return Reply::error("ERR syntax error");
}
inline Reply not_integer() {
  return Reply::error("ERR value is not an integer or out of range");
}
inline Reply not_float() {
  return Reply::error("ERR value is not a valid float");
}
inline Reply no_such_key() {
  return Reply::error("ERR no such key");
}
inline Reply string_too_long() {
  return Reply::error("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
}
inline Reply offset_out_of_range() {
  return Reply::error("ERR offset is out of range");
}
inline Reply increment_overflow() {
  return Reply::error("ERR increment or decrement would overflow");
}
inline Reply invalid_expire(std::string_view command) {
  return Reply::error("ERR invalid expire time in '" + std::string(command) + "' command");
}
inline Reply wrong_arity(std::string_view command) {
  return Reply::error("ERR wrong number of arguments for '" + std::string(command) + "' command");
}
// `argv` as the client sent it, at least the name.
template <class Argv>
Reply unknown_command(const Argv& argv) {
  std::string text = "ERR unknown command '";
  text.append(std::string_view(argv[0]).substr(0, 128));
  text.append("', with args beginning with: ");
  std::string arguments;
  for (std::size_t i = 1; i < argv.size() && arguments.size() < 128; ++i) {
    const std::string_view argument(argv[i]);
    arguments.push_back('\'');
    arguments.append(argument.substr(0, 128 - (arguments.size() - 1)));
    arguments.append("' ");
  }
  // An error is one line of the protocol.
  text.append(arguments);
  for (char& c : text) {
    if (c == '\r' || c == '\n') c = ' ';
  }
  return Reply::error(std::move(text));
}

}  // namespace synchrodb::errors
