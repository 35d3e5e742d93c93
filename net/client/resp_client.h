// One RESP connection of a program outside the cluster: a command out, its reply in.
#pragma once

#include <kj/async-io.h>

#include <string>
#include <vector>

#include "engine/kv/reply.h"
#include "net/resp/reply_parser.h"

namespace synchrodb::net {

class RespClient {
 public:
  explicit RespClient(kj::Own<kj::AsyncIoStream> stream) : stream_(kj::mv(stream)) {}

  // Sends a command and gives its reply; pushes that come before it are dropped. One call at a
  // time. Rejected with DISCONNECTED when the connection ends before the reply is whole (the
  // command may have taken effect) and with FAILED when the bytes are no RESP; the connection is of
  // no use then. Must outlive the promise.
  kj::Promise<Reply> call(const std::vector<std::string>& argv);

  // False if the server has closed the connection, as far as is known by now: what is sent then
  // certainly has no effect.
  bool open() const;

 private:
  kj::Promise<Reply> receive();

  kj::Own<kj::AsyncIoStream> stream_;
  std::string request_;
  ReplyParser parser_;
};

// A command as RESP has it: an array of bulk strings.
std::string encode_command(const std::vector<std::string>& argv);

}  // namespace synchrodb::net
