// Serves Redis clients: listeners, connections, and what the commands about connections may do to
// them. One fiber a connection.
#pragma once

#include <kj/async-io.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/session/connection.h"
#include "net/commands/server_commands.h"
#include "net/config/server_options.h"
#include "net/loop/loop.h"
#include "net/loop/socket_watch.h"
#include "net/tls/renewable_tls.h"

namespace synchrodb::net {

// Counted since the start, or since reset.
struct RespCounters {
  std::uint64_t connections = 0;
  std::uint64_t rejected = 0;
  std::uint64_t commands = 0;
  std::uint64_t input_bytes = 0;
  std::uint64_t output_bytes = 0;
  std::uint64_t reads = 0;
  std::uint64_t writes = 0;
  std::uint64_t protocol_errors = 0;
  std::uint64_t tls_failures = 0;
  std::uint64_t http_requests = 0;
  std::uint64_t closed_idle = 0;
  std::uint64_t closed_output_limit = 0;
  std::uint64_t closed_unknown_outcome = 0;
};

class RespServer {
 public:
  // Where a command belongs when followers do not forward: the reply, or nothing to go on.
  using Redirect = std::function<std::optional<Reply>(const ClientState& client,
                                                      const std::vector<std::string>& argv)>;

  // All outlive the server. `options` changes under CONFIG SET.
  RespServer(Loop& loop, Clock& clock, Gateway& gateway, ServerCommands& commands,
             const ServerOptions& options, Redirect redirect);
  ~RespServer();

  // Accepts connections until the fiber is cancelled. Parks for ever. `tls`: null, or what clients
  // of this listener speak; outlives the server.
  void serve(kj::Own<kj::ConnectionReceiver> listener, RenewableTls* tls);
  // No new connections are accepted from now on.
  void stop_accepting() { accepting_ = false; }
  // Whether a request of any connection is under way; one that just waits, as WAIT does, is not.
  bool busy() const;

  // By id. The pointers live until the caller parks.
  std::vector<ClientState*> clients() const;
  std::size_t client_count() const { return connections_.size(); }
  // The connection's fiber unwinds soon; one that closes itself does so after its reply.
  void close(ClientState& client);

  RespCounters& counters() { return counters_; }

 private:
  friend class RespConnection;

  void take(kj::Own<kj::AsyncIoStream> stream, RenewableTls* tls);
  // Empty: it may come in. Otherwise why not.
  std::string_view refusal(kj::AsyncIoStream& stream) const;
  void serve_connection(kj::Own<kj::AsyncIoStream> stream, RenewableTls* tls);
  kj::Own<kj::AsyncIoStream> secure(kj::Own<kj::AsyncIoStream> stream, RenewableTls& tls);

  Loop& loop_;
  Clock& clock_;
  Gateway& gateway_;
  ServerCommands& commands_;
  const ServerOptions& options_;
  Redirect redirect_;
  SocketWatch sockets_;
  std::map<std::uint64_t, class RespConnection*> connections_;
  std::size_t handshakes_ = 0;  // under way
  std::uint64_t last_id_ = 0;
  bool accepting_ = true;
  RespCounters counters_;
};

}  // namespace synchrodb::net
