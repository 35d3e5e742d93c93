// Bytes of a client to commands, as they arrive: RESP arrays of bulk strings and inline commands,
// by Redis' rules, limits and error texts.
//
//   parser.commit(bytes read into parser.writable());
//   while (parser.next() == RequestParser::Outcome::kCommand) serve(parser.argv());
//
// How the bytes are cut into pieces changes nothing: neither the commands nor the errors. A command
// that has arrived in part is not looked at again from its start. Arguments are views into the
// parser's own buffer. Memory is claimed for bytes that are there, not for lengths that are
// announced, and is given back after a large command.
//
// As in Redis: an empty line, `*0` and `*-1` are no commands and are passed over; what the two
// bytes behind a bulk string are, and the one behind a line's "\r", is not looked at. Unlike Redis,
// a line may hold the byte 0, and the limit of a line holds however it arrives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/resp/inline_command.h"
#include "net/resp/input_buffer.h"

namespace synchrodb::net {

struct RequestLimits {
  std::uint64_t bulk_bytes = std::uint64_t{512} << 20;  // Redis' proto-max-bulk-len
  std::uint64_t elements = 1024 * 1024;                 // of one command
  // An inline command, or the line of a length.
  std::size_t line_bytes = 64 * 1024;
  // One command with all its arguments; Redis' client-query-buffer-limit. Below 4 GiB.
  std::uint64_t request_bytes = std::uint64_t{1} << 30;
  // While the client has yet to authenticate.
  std::uint64_t unauthenticated_bulk_bytes = 16 * 1024;
  std::uint64_t unauthenticated_elements = 10;
};

class RequestParser {
 public:
  enum class Outcome {
    kCommand,   // argv() is the next one; never empty
    kNeedMore,  // all complete commands have been taken
    kError,     // error() says why; nothing that follows can be understood: answer it, then close
  };

  explicit RequestParser(RequestLimits limits = {});

  // Where to read to; never empty. It is up to the connection to stop reading while commands pile
  // up.
  std::span<char> writable();
  void commit(std::size_t bytes) { buffer_.commit(bytes); }
  // The same for bytes that are elsewhere; copies them.
  void feed(std::string_view bytes);

  Outcome next();

  // After kCommand, until the next call of next(), writable(), feed() or release().
  std::span<const std::string_view> argv() const { return argv_; }
  // After kError, which is final: the text of the reply, "ERR Protocol error: ...".
  const std::string& error() const { return error_; }

  // The smaller limits hold while false; true at first. For commands that next() has not begun.
  void set_authenticated(bool authenticated) { authenticated_ = authenticated; }

  // Bytes that have arrived and are not part of a command taken.
  std::size_t pending_bytes() const { return buffer_.pending().size() - taken_; }
  // Gives memory back if nothing is pending: for connections that have gone idle.
  void release();
  // What is held, for the memory accounts of CLIENT LIST.
  std::size_t memory_bytes() const;

 private:
  enum class Progress { kDone, kNothing, kNeedMore, kError };

  void drop_taken();
  Progress advance();
  Progress read_inline();
  Progress read_multibulk();
  Progress read_count();
  Progress read_bulk_length();
  Progress finish();
  // Looks for `end` from at_ on; sets line_end_.
  Progress find_line(char end, std::string_view too_long);
  Progress fail(std::string_view what);
  std::string_view line() const;

  RequestLimits limits_;
  InputBuffer buffer_;
  std::vector<ArgumentPlace> places_;  // of argv_: the buffer may move before it is whole
  std::vector<std::string_view> argv_;
  std::string error_;
  bool authenticated_ = true;

  // The state of the command being read. Offsets are from its start, which is that of the buffer.
  std::size_t taken_ = 0;  // or its size, once it has been taken
  std::size_t at_ = 0;
  std::size_t searched_ = 0;  // no end of the line at at_ lies before this
  std::size_t line_end_ = 0;
  std::uint64_t elements_left_ = 0;
  std::optional<std::uint32_t> bulk_;  // the argument at at_ has this size
};

}  // namespace synchrodb::net
