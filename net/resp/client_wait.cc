#include "net/resp/client_wait.h"

#include <poll.h>

#include <algorithm>

#include "engine/env/sync.h"
#include "net/resp/resp_server.h"

namespace synchrodb::net {
namespace {

// Often enough for those that are gone, and seldom enough for thousands that wait.
constexpr Duration kLookAtSocket = milliseconds(100);

short events_of(int fd) {
  pollfd one{fd, POLLRDHUP, 0};
  return ::poll(&one, 1, 0) > 0 ? one.revents : short{0};
}

}  // namespace

bool ClientWait::gone() {
  const Instant now = monotonic_now();
  if (now < next_look_) return false;
  next_look_ = now + kLookAtSocket;
  const short events = events_of(client_.fd);
  if ((events & (POLLHUP | POLLERR)) != 0) return true;
  if ((events & POLLRDHUP) == 0) return false;
  leaves_ = std::min(leaves_, now + patience_);
  return now >= leaves_;
}

void ClientWait::park(Instant deadline) {
  if (gone()) {
    client_.close_at_once = true;
    server_.close(client_);
  }
  sleep_until(loop_, std::min(deadline, monotonic_now() + kLookAtSocket));
}

}  // namespace synchrodb::net
