// Replies and checks of arguments that the families share; Redis' texts, to the letter.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/kv/ascii.h"
#include "engine/kv/errors.h"
#include "engine/kv/reply.h"
#include "net/commands/command_list.h"

namespace synchrodb {

namespace errors {

inline Reply no_auth() {
  return Reply::error("NOAUTH Authentication required.");
}
inline Reply wrong_password() {
  return Reply::error("WRONGPASS invalid username-password pair or user is disabled.");
}
// `container`: CLIENT, in any case.
Reply unknown_subcommand(const net::ServerCommand& container, std::string_view name);
// Of a subcommand that looks at the number of its arguments by itself.
Reply unknown_subcommand_or_arity(const net::Call& call);
// An error from elsewhere as a reply: one line, with a code.
Reply failed(std::string_view message);

}  // namespace errors

namespace net {

// The Redis that clients are told they talk to.
inline constexpr std::string_view kRedisVersion = "7.0.15";

inline bool is(std::string_view argument, std::string_view word) {
  return equals_ignoring_case(argument, word);
}

// "CLIENT" for "client".
std::string upper_case(std::string_view text);

inline Reply bulk(std::string_view text) {
  return Reply::bulk(std::string(text));
}

// A text for people: told apart from data in RESP3.
inline Reply text_reply(std::string_view text) {
  return Reply::verbatim(std::string(text));
}

// A map under construction.
class MapReply {
 public:
  MapReply& put(std::string_view key, Reply value) {
    elements_.push_back(bulk(key));
    elements_.push_back(std::move(value));
    return *this;
  }
  MapReply& put(std::string_view key, std::int64_t value) {
    return put(key, Reply::integer(value));
  }
  MapReply& put(std::string_view key, std::string_view value) { return put(key, bulk(value)); }
  Reply take() { return Reply::map(std::move(elements_)); }

 private:
  std::vector<Reply> elements_;
};

// An integer within `least` and `most`, or the error to answer with. `what` fills "%s is not an
// integer or out of range"; Redis says "value" mostly.
struct Number {
  std::int64_t value = 0;
  std::optional<Reply> error;
};
Number parse_number(std::string_view text);
Number parse_int32(std::string_view text);
// Milliseconds for which to wait: not negative.
Number parse_timeout(std::string_view text);

}  // namespace net
}  // namespace synchrodb
