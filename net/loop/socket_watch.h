// Sockets that fibers wait for, without a promise for each wait: a promise of KJ's costs eight
// blocks of memory, and a request of a client waits at least once.
#pragma once

#include <kj/async-unix.h>
#include <kj/io.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/loop/loop.h"

namespace synchrodb::net {

class WatchedSocket;

// One set of descriptors (epoll, edge-triggered) beside KJ's own, which watches it as a whole.
class SocketWatch {
 public:
  // The loop outlives the watch, and the watch its sockets.
  explicit SocketWatch(Loop& loop);
  SocketWatch(const SocketWatch&) = delete;
  SocketWatch& operator=(const SocketWatch&) = delete;

 private:
  friend class WatchedSocket;

  kj::Promise<void> watch();
  void take_events();
  void send_posted();

  Loop& loop_;
  kj::AutoCloseFd set_;
  kj::UnixEventPort::FdObserver observer_;
  kj::Promise<void> watching_;
  std::vector<WatchedSocket*> posted_;  // sockets that send something at the end of this turn
};

// A connected stream socket. One fiber at a time reads, and one writes; both may park, and unwind
// by Cancelled. Errors of the socket are kj::Exception of the type DISCONNECTED.
class WatchedSocket {
 public:
  // Takes the descriptor over and makes it non-blocking. The descriptor must not be watched by
  // anybody else.
  WatchedSocket(SocketWatch& watch, kj::AutoCloseFd descriptor);
  ~WatchedSocket() noexcept;
  WatchedSocket(const WatchedSocket&) = delete;
  WatchedSocket& operator=(const WatchedSocket&) = delete;

  // What has arrived, at most `size` bytes, once there is something; 0: the other side has ended;
  // nothing: the deadline came first. Parks each time, so that one who sends without end keeps
  // nobody else waiting.
  std::optional<std::size_t> read(char* buffer, std::size_t size, Instant deadline);
  // How many of the bytes, one at least, the socket has taken as soon as it took some; nothing: the
  // deadline came first.
  std::optional<std::size_t> write(std::string_view bytes, Instant deadline);

  // Sends the bytes at the end of this turn, and what the socket does not take then as soon as it
  // does; a socket that is destroyed before sends nothing. Never parks. False, and nothing is taken
  // over: earlier ones are still waiting. Few bytes: they are copied. Why: many sends one after the
  // other cost less than as many with work of ours in between, in which who is sent to goes to
  // sleep. The price: whoever is posted to waits for all that the turn still does.
  bool post(std::string_view bytes);
  // Parks until the socket has taken all that was posted; false: it took nothing for as long as it
  // was to the deadline.
  bool drain(Instant deadline);
  // Tries to send what waits; whether the socket took some of it.
  bool takes_posted();
  bool drained() const { return posted_.empty(); }

  int fd() const { return descriptor_.get(); }

 private:
  friend class SocketWatch;

  void take_events(std::uint32_t events);
  bool wait_readable(Instant deadline);
  bool wait_writable(Instant deadline);
  void send_posted();

  Loop& loop_;
  SocketWatch& watch_;
  kj::AutoCloseFd descriptor_;
  Fiber* reader_ = nullptr;
  Fiber* writer_ = nullptr;
  // As far as is known: a call finds out.
  bool readable_ = true;
  bool writable_ = true;
  bool ended_ = false;  // the other side will send no more than is there
  std::string posted_;  // and not taken by the socket yet
  bool in_this_turn_ = false;
};

}  // namespace synchrodb::net
