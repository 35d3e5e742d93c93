// A command that waits for something else than its own request: WAIT, DEBUG SLEEP, CLIENT PAUSE.
#pragma once

#include "net/commands/client_state.h"
#include "net/loop/loop.h"

namespace synchrodb::net {

class RespServer;

// With a client that has ended its side: for what ends by itself, and for what may take for ever.
inline constexpr Duration kPatienceWhenEnded = seconds(10);
inline constexpr Duration kPatienceWithoutEnd = seconds(1);

// While it waits, nobody reads from the connection, so the wait itself looks whether the client is
// still there. One that has ended its side may have closed, or may only have said all that it has
// to say: TCP does not tell. Redis takes both for gone; here it has `patience_when_ended` from then
// on. One whose connection is broken is gone at once.
class ClientWait {
 public:
  // All outlive the wait. From the client's own fiber.
  ClientWait(Loop& loop, RespServer& server, ClientState& client, Duration patience_when_ended)
      : loop_(loop), server_(server), client_(client), patience_(patience_when_ended) {}

  // Parks, no longer than until `deadline`. A client that is gone is closed: its fiber unwinds.
  void park(Instant deadline);

 private:
  bool gone();

  Loop& loop_;
  RespServer& server_;
  ClientState& client_;
  Duration patience_;
  Instant next_look_;
  Instant leaves_ = kNever;  // when an ended client is given up
};

// For as long as it lives, CLIENT UNBLOCK may let the client's command go on.
class BlockedClient {
 public:
  explicit BlockedClient(ClientState& client) : client_(client) {
    client_.blocked = true;
    client_.unblocked = Unblocked::kNo;
  }
  ~BlockedClient() { client_.blocked = false; }
  BlockedClient(const BlockedClient&) = delete;
  BlockedClient& operator=(const BlockedClient&) = delete;

 private:
  ClientState& client_;
};

}  // namespace synchrodb::net
