#include "net/loop/socket_watch.h"

#include <fcntl.h>
#include <kj/debug.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

namespace synchrodb::net {
namespace {

constexpr std::size_t kEventsAtOnce = 128;
// What an idle socket keeps of its buffer.
constexpr std::size_t kKeptPosted = 1024;

int make_set() {
  int set = -1;
  KJ_SYSCALL(set = ::epoll_create1(EPOLL_CLOEXEC));
  return set;
}

// Whether a call on a socket that is not ready, or was interrupted, is to be made again.
bool again(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

[[noreturn]] void disconnected(const char* call, int error) {
  kj::throwFatalException(kj::Exception(kj::Exception::Type::DISCONNECTED, __FILE__, __LINE__,
                                        kj::str(call, ": ", strerror(error))));
}

}  // namespace

// ---- SocketWatch -------------------------------------------------------------------------------

SocketWatch::SocketWatch(Loop& loop)
    : loop_(loop),
      set_(make_set()),
      observer_(loop.io().unixEventPort, set_.get(), kj::UnixEventPort::FdObserver::OBSERVE_READ),
      watching_(watch().eagerlyEvaluate(nullptr)) {}

kj::Promise<void> SocketWatch::watch() {
  return observer_.whenBecomesReadable().then([this] {
    take_events();
    return watch();
  });
}

void SocketWatch::take_events() {
  std::array<epoll_event, kEventsAtOnce> events;
  int count = 0;
  do {
    count = ::epoll_wait(set_.get(), events.data(), events.size(), 0);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      static_cast<WatchedSocket*>(event.data.ptr)->take_events(event.events);
    }
  } while (count == static_cast<int>(events.size()) || (count < 0 && errno == EINTR));
}

void SocketWatch::send_posted() {
  for (WatchedSocket* socket : posted_) {
    socket->in_this_turn_ = false;
    socket->send_posted();
  }
  posted_.clear();
}

// ---- WatchedSocket -----------------------------------------------------------------------------

WatchedSocket::WatchedSocket(SocketWatch& watch, kj::AutoCloseFd descriptor)
    : loop_(watch.loop_), watch_(watch), descriptor_(kj::mv(descriptor)) {
  int flags = 0;
  KJ_SYSCALL(flags = ::fcntl(descriptor_, F_GETFL));
  KJ_SYSCALL(::fcntl(descriptor_, F_SETFL, flags | O_NONBLOCK));
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = this;
  KJ_SYSCALL(::epoll_ctl(watch_.set_, EPOLL_CTL_ADD, descriptor_, &event));
}

WatchedSocket::~WatchedSocket() noexcept {
  // Another process may share the socket: it would stay in the set.
  epoll_event none{};
  ::epoll_ctl(watch_.set_, EPOLL_CTL_DEL, descriptor_, &none);
  if (in_this_turn_) std::erase(watch_.posted_, this);
}

void WatchedSocket::take_events(std::uint32_t events) {
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) ended_ = true;
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
    readable_ = true;
    if (reader_ != nullptr) loop_.wake(reader_);
  }
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) {
    writable_ = true;
    if (!in_this_turn_) send_posted();
    if (writer_ != nullptr) loop_.wake(writer_);
  }
}

namespace {

// Sets `slot` to the running fiber while it waits.
class Waiting {
 public:
  Waiting(Loop& loop, Fiber*& slot) : slot_(slot) { slot_ = loop.current(); }
  ~Waiting() { slot_ = nullptr; }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  Fiber*& slot_;
};

}  // namespace

bool WatchedSocket::wait_readable(Instant deadline) {
  const Waiting waiting(loop_, reader_);
  while (!readable_) {
    if (!loop_.park(deadline)) return readable_;
  }
  return true;
}

std::optional<std::size_t> WatchedSocket::read(char* buffer, std::size_t size, Instant deadline) {
  // Others have their turn first, however much there is to read.
  if (readable_) loop_.park(monotonic_now());
  while (wait_readable(deadline)) {
    const ssize_t got = ::recv(descriptor_, buffer, size, 0);
    if (got > 0) {
      // Less than there was room for: the socket is empty, and news will be an event; but for the
      // end, which may have been told of together with the bytes before it.
      readable_ = ended_ || static_cast<std::size_t>(got) == size;
      return static_cast<std::size_t>(got);
    }
    if (got == 0) return 0;
    if (!again(errno)) disconnected("recv", errno);
    if (errno != EINTR) readable_ = false;
  }
  return std::nullopt;
}

bool WatchedSocket::wait_writable(Instant deadline) {
  const Waiting waiting(loop_, writer_);
  while (!writable_) {
    if (!loop_.park(deadline)) return writable_;
  }
  return true;
}

std::optional<std::size_t> WatchedSocket::write(std::string_view bytes, Instant deadline) {
  if (!drain(deadline)) return std::nullopt;
  bool in_time = true;
  while (in_time) {
    // The kernel tells of room once a third of its buffer is free: a try finds less, too.
    in_time = wait_writable(deadline);
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (!again(errno)) disconnected("send", errno);
    if (errno != EINTR) writable_ = false;
  }
  return std::nullopt;
}

bool WatchedSocket::post(std::string_view bytes) {
  if (!posted_.empty() && !in_this_turn_) return false;
  posted_ += bytes;
  if (std::exchange(in_this_turn_, true)) return true;
  watch_.posted_.push_back(this);
  if (watch_.posted_.size() == 1) loop_.at_end_of_turn([&watch = watch_] { watch.send_posted(); });
  return true;
}

bool WatchedSocket::drain(Instant deadline) {
  if (std::exchange(in_this_turn_, false)) {
    std::erase(watch_.posted_, this);
    send_posted();
  }
  const Duration patience = deadline - monotonic_now();
  while (!posted_.empty()) {
    if (wait_writable(deadline)) {
      send_posted();
    } else if (takes_posted()) {
      deadline = monotonic_now() + patience;
    } else {
      return false;
    }
  }
  return true;
}

// The kernel does not tell of little room.
bool WatchedSocket::takes_posted() {
  const std::size_t waiting = posted_.size();
  send_posted();
  return posted_.size() < waiting;
}

// Of an error the reader learns, and a lost reply ends the connection.
void WatchedSocket::send_posted() {
  if (posted_.empty()) return;
  ssize_t sent = 0;
  do {
    sent = ::send(descriptor_, posted_.data(), posted_.size(), MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0 && !again(errno)) {
    ::shutdown(descriptor_, SHUT_RDWR);
    sent = static_cast<ssize_t>(posted_.size());
  }
  posted_.erase(0, sent < 0 ? 0 : static_cast<std::size_t>(sent));
  writable_ = posted_.empty();
  if (posted_.empty() && posted_.capacity() > kKeptPosted) posted_.shrink_to_fit();
}

}  // namespace synchrodb::net
