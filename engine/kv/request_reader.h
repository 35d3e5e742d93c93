// One pass over an encoded request, shared by decode() and by apply(), which wants views of the
// arguments instead of copies.
#pragma once

#include <string_view>

#include "engine/kv/codec.h"
#include "engine/kv/command.h"

namespace synchrodb {

inline constexpr std::uint8_t kRequestVersion = 1;
inline constexpr std::uint8_t kTransactionFlag = 1;

struct RequestHead {
  RequestKind kind = RequestKind::kExecute;
  SessionId session;
  std::uint64_t sequence = 0;
  bool transaction = false;
};

inline bool read_head(ByteReader& in, RequestHead& head) {
  if (in.byte() != kRequestVersion) return false;
  const std::uint8_t kind = in.byte();
  if (kind > static_cast<std::uint8_t>(RequestKind::kStamp)) return false;
  head.kind = static_cast<RequestKind>(kind);
  head.session = SessionId{in.varint()};
  head.sequence = in.varint();
  const std::uint8_t flags = in.byte();
  head.transaction = (flags & kTransactionFlag) != 0;
  return (flags & ~kTransactionFlag) == 0 && in.ok();
}

// Calls, in order: sink.command(count), sink.argument(view) count times ...; then
// sink.watch(key, version) for each watched key. False if the payload is not a request; the sink
// may have been called by then. The views live as long as the payload.
template <class Sink>
bool read_request(std::string_view payload, RequestHead& head, Sink& sink) {
  ByteReader in(payload);
  if (!read_head(in, head)) return false;
  const std::size_t commands = in.count(2);
  std::size_t arguments_left = kMaxRequestArguments;
  for (std::size_t i = 0; i < commands && in.ok(); ++i) {
    const std::size_t arguments = in.count();
    if (arguments == 0 || arguments > arguments_left) return false;
    arguments_left -= arguments;
    sink.command(arguments);
    for (std::size_t j = 0; j < arguments && in.ok(); ++j) sink.argument(in.string());
  }
  const std::size_t watched = in.count(2);
  for (std::size_t i = 0; i < watched && in.ok(); ++i) {
    const std::string_view key = in.string();
    sink.watch(key, in.varint());
  }
  if (!in.ok() || !in.at_end()) return false;

  // Meaningless combinations are malformed too: a request has one encoding.
  const bool executes = head.kind == RequestKind::kExecute;
  if (!executes && (commands > 0 || watched > 0 || head.transaction)) return false;
  if (executes && commands == 0 && !head.transaction) return false;
  return true;
}

}  // namespace synchrodb
