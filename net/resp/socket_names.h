// Small things that are asked of a client's socket.
#pragma once

#include <kj/async-io.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace synchrodb::net {

// "127.0.0.1:40312"; empty where there is no such thing.
std::string peer_name(kj::AsyncIoStream& stream);
std::string local_name(kj::AsyncIoStream& stream);

struct SocketNames {
  std::string peer;
  std::string local;
};
SocketNames names_of(kj::AsyncIoStream& stream);

// Whether the other end is on this machine.
bool is_loopback_peer(kj::AsyncIoStream& stream);

// Sends what the socket takes at once. The number of bytes; 0 too where nothing fits or the
// connection is broken.
std::size_t send_what_fits(int fd, std::string_view bytes);

}  // namespace synchrodb::net
