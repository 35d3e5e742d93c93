// The bytes of a client, plain or through TLS. Private to net/resp/.
#pragma once

#include <kj/async-io.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "net/loop/loop.h"
#include "net/loop/socket_watch.h"

namespace synchrodb::net {

// All calls park the calling fiber. A broken connection is a kj::Exception.
class ClientStream {
 public:
  virtual ~ClientStream() = default;

  // At most `size` bytes, as soon as there are some; 0: the client has ended; nothing: it was
  // silent until the deadline.
  virtual std::optional<std::size_t> read(char* buffer, std::size_t size, Instant deadline) = 0;
  // How many of the bytes, one at least, have been taken, as soon as some could; nothing: the
  // client has taken none until the deadline, and the stream may only be destroyed.
  virtual std::optional<std::size_t> write(std::string_view bytes, Instant deadline) = 0;
  // Sends few bytes at the end of this turn, without parking; false: it cannot, write() them.
  virtual bool post(std::string_view bytes) = 0;
  // Once all that was posted has been taken; false: nothing was for as long as it is to the
  // deadline.
  virtual bool drain(Instant deadline) = 0;
  // Whether the client takes some of what was posted, now that it is tried again.
  virtual bool takes_posted() = 0;
  virtual bool drained() const = 0;
  // -1: none that can be told.
  virtual int fd() const = 0;
};

// Of a TCP or Unix socket that KJ has accepted; KJ's stream is let go.
std::unique_ptr<ClientStream> plain_stream(SocketWatch& watch, kj::Own<kj::AsyncIoStream> accepted);
// Of what KJ reads and writes, TLS say, through the socket `fd`.
std::unique_ptr<ClientStream> stream_of(Loop& loop, kj::Own<kj::AsyncIoStream> stream, int fd);

}  // namespace synchrodb::net
