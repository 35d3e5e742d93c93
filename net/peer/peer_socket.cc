#include "net/peer/peer_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace synchrodb::net {
namespace {

constexpr int kUnheardMs = 5'000;
// An idle one is asked for a sign of life: with the limit above, it ends as soon.
constexpr int kProbeSeconds = 1;

void set(kj::AsyncIoStream& stream, int level, int option, int value) {
  stream.setsockopt(level, option, &value, sizeof value);
}

}  // namespace

void set_up_peer_socket(kj::AsyncIoStream& stream) {
  set(stream, IPPROTO_TCP, TCP_NODELAY, 1);
  set(stream, IPPROTO_TCP, TCP_USER_TIMEOUT, kUnheardMs);
  set(stream, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(stream, IPPROTO_TCP, TCP_KEEPIDLE, kProbeSeconds);
  set(stream, IPPROTO_TCP, TCP_KEEPINTVL, kProbeSeconds);
}

}  // namespace synchrodb::net
