// What the server knows of one client connection.
//
// The RESP server owns one for each connection and keeps the fields marked "server" up to date; the
// commands keep the rest. All of it belongs to the loop's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "consensus/types.h"
#include "engine/session/session.h"
#include "net/commands/queued_commands.h"

namespace synchrodb::net {

// Which of a connection's replies are sent: CLIENT REPLY.
class ReplyGate {
 public:
  void on() { *this = ReplyGate(); }
  void off() { off_ = true; }
  // For a connection that begins anew: after OFF its reply is sent, after SKIP it is not, as in
  // Redis.
  void reset() { off_ = false; }
  // Not the reply to the present command, nor to the next.
  void skip() {
    if (!off_) skip_ = 2;
  }
  // Not the reply to the present command, whatever it is: SHUTDOWN.
  void silence() { skip_ = skip_ == 0 ? 1 : skip_; }

  // Whether the reply to the command that was just handled is to be sent. To be asked exactly once
  // for each command, in the order in which they came.
  bool admit() {
    if (skip_ > 0) {
      --skip_;
      return false;
    }
    return !off_;
  }

 private:
  bool off_ = false;
  int skip_ = 0;
};

// The name of a command that does not exist.
inline constexpr std::string_view kNoCommand = "NULL";

// What CLIENT UNBLOCK has said to a command that waits.
enum class Unblocked { kNo, kAsTimedOut, kWithError };

struct ClientState {
  // ---- Server: who is at the other end.
  std::uint64_t id = 0;       // unique while the process lives; grows
  std::string address;        // "127.0.0.1:40312"
  std::string local_address;  // "127.0.0.1:7379"
  int fd = -1;
  bool unix_socket = false;
  bool tls = false;
  Instant created;
  Instant last_interaction;  // when bytes came from it, or were taken by it, last

  // ---- Server: what the connection holds, in bytes.
  std::size_t query_bytes = 0;       // received, not parsed yet
  std::size_t query_free_bytes = 0;  // left in the input buffer
  std::size_t argument_bytes = 0;    // of the command that is being handled
  std::size_t output_bytes = 0;      // replies that wait for the socket
  std::size_t output_pieces = 0;
  std::size_t total_bytes = 0;

  // ---- Server: where it stands.
  bool blocked = false;  // a command of it waits, and can be told not to
  Unblocked unblocked = Unblocked::kNo;
  // The newest log index that a write of this connection got; WAIT is about it.
  Index last_write;

  // ---- Commands.
  std::string name;
  std::string library_name;
  std::string library_version;
  std::string user = "default";
  bool authenticated = false;  // meaningless while no password is set
  int resp = 2;                // the protocol's version, for the replies from now on
  ReplyGate replies;
  bool readonly = false;  // READONLY: stale reads from this node are welcome
  bool asking = false;    // ASKING, for the next command
  bool no_evict = false;
  bool no_touch = false;
  // "get", "client|list"; lives forever. Whether or not it was refused or queued.
  std::string_view last_command = kNoCommand;
  std::uint64_t commands = 0;

  // MULTI and WATCH, and what of an open transaction is not the log's business.
  Session session;
  QueuedCommands queued;

  // ---- Requests of the commands to the server.
  bool close_after_reply = false;  // QUIT, CLIENT KILL of oneself
  bool close_at_once = false;      // CLIENT KILL of somebody else
};

// The letters of CLIENT LIST's flags; "N" if there is none.
std::string client_flags(const ClientState& client);

// A line of CLIENT LIST, without its end, as Redis 7.0 writes it and with 7.2's lib-name, lib-ver.
std::string client_line(const ClientState& client, Instant now);

}  // namespace synchrodb::net
