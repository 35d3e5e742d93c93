// Bytes of a server to replies, as they arrive: RESP2 and RESP3, for the command line and for
// tests.
//
// Hostile servers are bounded: in depth, in elements, in bytes, and in memory, which follows what
// has arrived. What RESP3 has and Reply has not: a big number is a bulk string of its digits, a
// verbatim string loses its format, an error in the form of a bulk is an error, attributes are
// dropped. Streamed strings and aggregates, which no server sends, are errors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/kv/reply.h"
#include "net/resp/input_buffer.h"

namespace synchrodb::net {

struct ReplyLimits {
  int depth = kMaxReplyDepth;                          // of aggregates within aggregates
  std::uint64_t elements = 16 * 1024 * 1024;           // of one reply, all levels together
  std::uint64_t reply_bytes = std::uint64_t{1} << 30;  // of one reply
  std::size_t line_bytes = 1024 * 1024;                // of a status, an error, a number
};

class ReplyParser {
 public:
  enum class Outcome {
    kReply,     // `reply` is the next one
    kNeedMore,  // all complete replies have been taken
    kError,     // error() says why; final
  };

  explicit ReplyParser(ReplyLimits limits = {}) : limits_(limits) {}

  // As RequestParser's.
  std::span<char> writable() { return buffer_.writable(); }
  void commit(std::size_t bytes) { buffer_.commit(bytes); }
  void feed(std::string_view bytes) { buffer_.append(bytes); }

  // `reply` is assigned with kReply only.
  Outcome next(Reply& reply);

  const std::string& error() const { return error_; }

 private:
  enum class Progress { kValue, kOpened, kNeedMore, kError };
  struct Open {  // an aggregate whose elements are still coming
    char type;
    std::uint64_t left;
    std::vector<Reply> elements;
  };
  struct Body {  // of a string whose length is known
    char type;
    std::uint64_t bytes;
  };

  Progress read_item(Reply& value);
  Progress read_body(Reply& value);
  Progress read_line_item(std::string_view line, Reply& value);
  Progress read_double(std::string_view text, Reply& value);
  Progress open_body(char type, std::string_view length, Reply& value);
  Progress open_aggregate(char type, std::string_view count, Reply& value);
  // Puts a value where it belongs; true if it (or what it closed) is a whole reply.
  bool place(Reply& value);
  Progress consume(std::size_t bytes, Progress progress);
  Progress fail(std::string what);

  ReplyLimits limits_;
  InputBuffer buffer_;
  std::string error_;
  // The state of the reply being read; what was read of it is consumed.
  std::vector<Open> open_;
  std::optional<Body> body_;
  std::size_t searched_ = 0;  // no line ends before this
  std::uint64_t elements_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace synchrodb::net
