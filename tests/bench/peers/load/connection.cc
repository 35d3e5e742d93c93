#include "tests/bench/peers/load/connection.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "consensus/assert.h"
#include "tests/bench/peers/load/resp.h"

namespace synchrodb::load {
namespace {

Error io_error(const std::string& what, int number) {
  return Error{ErrorCode::kIo, what + ": " + std::strerror(number)};
}

}  // namespace

Connection::~Connection() {
  close();
}

void Connection::close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

Result<> Connection::open(const Endpoint& endpoint) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int status = getaddrinfo(endpoint.host.c_str(), endpoint.port.c_str(), &hints, &found);
  if (status != 0) {
    return Error{ErrorCode::kNotFound, endpoint.text() + ": " + gai_strerror(status)};
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  int failure = 0;
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    close();
    socket_ = ::socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, 0);
    if (socket_ >= 0 && ::connect(socket_, address->ai_addr, address->ai_addrlen) == 0) {
      const int on = 1;
      setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      fcntl(socket_, F_SETFL, O_NONBLOCK);
      return {};
    }
    failure = errno;
  }
  close();
  return io_error("connecting to " + endpoint.text(), failure);
}

Result<> Connection::begin(unsigned requests, Clock::time_point now) {
  SYNCHRODB_ASSERT(outstanding_ == 0, "one batch at a time");
  outstanding_ = requests;
  begun_ = now;
  sent_ = 0;
  Result<bool> flushed = flush();
  if (!flushed) return flushed.error();
  return {};
}

Result<bool> Connection::flush() {
  while (sent_ < out_.size()) {
    const ssize_t sent = ::send(socket_, out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) return false;
    if (sent < 0) return io_error("sending", errno);
    sent_ += static_cast<std::size_t>(sent);
  }
  out_.clear();
  sent_ = 0;
  return true;
}

Result<bool> Connection::receive(Results& results) {
  std::array<char, 64 << 10> buffer;
  const ssize_t got = ::recv(socket_, buffer.data(), buffer.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return outstanding_ == 0;
  if (got < 0) return io_error("receiving", errno);
  if (got == 0) return Error{ErrorCode::kUnavailable, "the server closed the connection"};
  std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
  if (!in_.empty()) bytes = in_.append(bytes);
  Result<std::size_t> taken = take_replies(bytes, results);
  if (!taken) return taken.error();
  // `bytes` may lie within in_.
  if (in_.empty()) {
    in_.assign(bytes.substr(taken.value()));
  } else {
    in_.erase(0, taken.value());
  }
  return outstanding_ == 0;
}

Result<std::size_t> Connection::take_replies(std::string_view bytes, Results& results) {
  const Clock::time_point now = Clock::now();
  std::size_t at = 0;
  while (at < bytes.size()) {
    const Reply reply = parse_reply(bytes.substr(at));
    if (reply.kind == Reply::Kind::kIncomplete) break;
    if (reply.kind == Reply::Kind::kMalformed) return Error{ErrorCode::kCorrupt, reply.text};
    if (outstanding_ == 0) return Error{ErrorCode::kCorrupt, "a reply that nothing asked for"};
    --outstanding_;
    at += reply.length;
    if (reply.kind == Reply::Kind::kError) {
      results.failed(reply.text);
    } else {
      results.answered(begun_, now, reply.kind == Reply::Kind::kMissing);
    }
  }
  return at;
}

}  // namespace synchrodb::load
