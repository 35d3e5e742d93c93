// The little of the Redis protocol that a load needs: SET and GET out, their replies in.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace synchrodb::load {

void append_set(std::string& out, std::string_view key, std::string_view value);
void append_get(std::string& out, std::string_view key);

struct Reply {
  enum class Kind {
    kIncomplete,  // more bytes are needed
    kMalformed,   // not a reply that SET or GET can have; `text` says why
    kValue,
    kMissing,  // null
    kError,    // `text` is the server's, e.g. "ERR unknown command"
  };
  Kind kind = Kind::kIncomplete;
  std::size_t length = 0;  // bytes that the reply takes; 0 when incomplete or malformed
  std::string text;
};

// The first reply in `bytes`. Stateless: when it is incomplete, ask again with more bytes. Accepts
// strings, integers, bulk strings (at most 512 MiB), nulls and errors of RESP2 and RESP3; lines of
// at most 64 KiB.
Reply parse_reply(std::string_view bytes);

}  // namespace synchrodb::load
