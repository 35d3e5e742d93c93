// What a server's ports speak TLS with.
#pragma once

#include <kj/async-io.h>
#include <kj/compat/tls.h>

#include <cstdint>
#include <memory>

#include "net/config/server_options.h"
#include "net/loop/loop.h"
#include "net/tls/renewable_tls.h"

namespace synchrodb::net {

class ServerTls {
 public:
  // Reads and checks the certificates that the options name; kInvalid, naming the option, if they
  // are of no use. Blocks on files.
  static Result<ServerTls> make(const ServerOptions& options);

  // Reads the files again, for connections from now on. If they are of no use, all stays as it was.
  // Blocks on files.
  Result<> renew(const ServerOptions& options);

  // For tls-port; null: there is none.
  RenewableTls* clients() const { return clients_.get(); }
  // For the RPC port and for what this node connects to; null: tls-peers is off.
  RenewableTls* peers() const { return peers_.get(); }
  // When this node's certificate is out of date, in seconds since the epoch; 0: it has none.
  std::int64_t expires() const { return expires_; }

 private:
  void note_expiry(const ServerOptions& options);

  std::unique_ptr<RenewableTls> clients_;
  std::unique_ptr<RenewableTls> peers_;
  std::int64_t expires_ = 0;
};

// The server's side of a handshake. kj::Exception: the client did not speak TLS, showed no
// certificate that is believed, or took more than ten seconds. Parks.
kj::Own<kj::AsyncIoStream> accept_tls(Loop& loop, RenewableTls& tls,
                                      kj::Own<kj::AsyncIoStream> plain);

}  // namespace synchrodb::net
