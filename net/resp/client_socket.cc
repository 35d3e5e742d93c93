#include "net/resp/client_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>

namespace synchrodb::net {
namespace {

constexpr int kProbes = 3;
// What Linux takes.
constexpr std::int64_t kMostSeconds = 32'767;

void set(kj::AsyncIoStream& stream, int level, int option, int value) {
  stream.setsockopt(level, option, &value, sizeof value);
}

}  // namespace

void set_up_client_socket(kj::AsyncIoStream& stream, std::int64_t keepalive_s) {
  set(stream, IPPROTO_TCP, TCP_NODELAY, 1);
  if (keepalive_s <= 0) return;
  const int idle = static_cast<int>(std::min(keepalive_s, kMostSeconds));
  set(stream, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(stream, IPPROTO_TCP, TCP_KEEPIDLE, idle);
  set(stream, IPPROTO_TCP, TCP_KEEPINTVL, std::max(idle / kProbes, 1));
  set(stream, IPPROTO_TCP, TCP_KEEPCNT, kProbes);
}

}  // namespace synchrodb::net
