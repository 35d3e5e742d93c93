// One connection of the load generator to a server of the Redis protocol.
#pragma once

#include <cstdint>
#include <string>

#include "engine/env/result.h"
#include "tests/bench/peers/load/options.h"
#include "tests/bench/peers/load/results.h"

namespace synchrodb::load {

// Sends a batch of requests at once and takes all its replies: a closed loop of depth the batch's
// size, as redis-benchmark's. Not movable: the event loop keeps its address.
class Connection {
 public:
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // Blocks until connected; from then on the socket is non-blocking.
  Result<> open(const Endpoint& endpoint);
  void close();
  bool is_open() const { return socket_ >= 0; }
  int socket() const { return socket_; }

  // The batch that begin() will send: append `requests` encoded commands.
  std::string& batch() { return out_; }
  // Starts to send the batch; none may be under way.
  Result<> begin(unsigned requests, Clock::time_point now);
  // Goes on sending; true when all is sent.
  Result<bool> flush();
  // Reads what has arrived and counts each reply in `results`; true when the batch is answered.
  Result<bool> receive(Results& results);

  unsigned outstanding() const { return outstanding_; }
  Clock::time_point begun() const { return begun_; }

  // Whether the event loop has been asked to say when the socket is writable.
  bool awaits_writable = false;

 private:
  // How many of `bytes` were whole replies; an error for what is none.
  Result<std::size_t> take_replies(std::string_view bytes, Results& results);

  int socket_ = -1;
  std::string out_;
  std::size_t sent_ = 0;
  std::string in_;  // the start of a reply whose rest has not arrived
  unsigned outstanding_ = 0;
  Clock::time_point begun_;
};

}  // namespace synchrodb::load
