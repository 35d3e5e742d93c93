// What a log entry of kind kCommand carries: one request of a client, or a tick of the stamp.
//
// Layout (all integers are LEB128 varints, strings are length-prefixed):
//   version(=1) kind session sequence flags
//   count { count { string } }     commands, each a list of arguments
//   count { string version }       watched keys
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "consensus/types.h"
#include "engine/env/result.h"

namespace synchrodb {

enum class RequestKind : std::uint8_t {
  kOpenSession = 0,   // reply: integer, the new session's id (the index of this entry)
  kCloseSession = 1,  // of `session`; reply: OK, also when it is gone already
  kExecute = 2,
  kStamp = 3,  // nothing but the passing of time: active expiry; reply: nil
};

// A key under WATCH and the version that StateMachine::version_of (the read `SYNCHRODB.VERSIONS`)
// gave for it.
struct WatchedKey {
  std::string key;
  std::uint64_t version = 0;
  bool operator==(const WatchedKey&) const = default;
};

struct Request {
  RequestKind kind = RequestKind::kExecute;
  // Zero: no session, the command applies at least once. Otherwise the request applies exactly
  // once for each (session, sequence), however often it is in the log (Raft thesis 6.3).
  SessionId session;
  // Grows from request to request of a session, from 1; gaps are allowed. Zero without a session.
  std::uint64_t sequence = 0;
  // kExecute: argument lists, each with the command's name first. They apply as one, in order.
  std::vector<std::vector<std::string>> commands;
  // MULTI ... EXEC: the reply is an array, one element a command (which may be none), or a nil
  // array if a watched key has changed. Otherwise one command's reply comes bare, and several
  // commands (a pipeline in one entry) answer with an array.
  bool transaction = false;
  std::vector<WatchedKey> watched;

  bool operator==(const Request&) const = default;
};

// The largest number of arguments that decode() accepts, over all commands (Redis' limit for one).
// An encoded request: what a log entry may hold and a frame between nodes can carry. A larger one
// would be in the leader's log and could never leave it.
inline constexpr std::size_t kMaxRequestBytes = std::size_t{32} << 20;
inline constexpr std::size_t kMaxRequestArguments = 1024 * 1024;

std::string encode(const Request& request);

// What a request is called in the log, under which it takes effect once.
struct RequestName {
  SessionId session;
  std::uint64_t sequence = 0;

  auto operator<=>(const RequestName&) const = default;
};
// Of an encoded request; nothing if it has none, or is none.
std::optional<RequestName> name_of(std::string_view payload);

// The payload of a one-command request without building a Request.
std::string encode_command(const std::vector<std::string>& argv, SessionId session = {},
                           std::uint64_t sequence = 0);
// Hostile input safe: kCorrupt on anything that encode() would not have written.
Result<Request> decode(std::string_view payload);

}  // namespace synchrodb
