// What a server's ports speak TLS with.
#pragma once

#include <kj/async-io.h>
#include <kj/compat/tls.h>

#include <cstdint>
#include <memory>

#include "net/config/server_options.h"
#include "net/loop/loop.h"

namespace synchrodb::net {

class ServerTls {
 public:
  // Reads and checks the certificates that the options name; kInvalid, naming the option, if they
  // are of no use. Blocks on files.
  static Result<ServerTls> make(const ServerOptions& options);

  // For tls-port; null: there is none.
  kj::TlsContext* clients() const { return clients_.get(); }
  // For the RPC port and for what this node connects to; null: tls-peers is off.
  kj::TlsContext* peers() const { return peers_.get(); }
  // When this node's certificate is out of date, in seconds since the epoch; 0: it has none.
  std::int64_t expires() const { return expires_; }

 private:
  std::unique_ptr<kj::TlsContext> clients_;
  std::unique_ptr<kj::TlsContext> peers_;
  std::int64_t expires_ = 0;
};

// The server's side of a handshake. kj::Exception: the client did not speak TLS, showed no
// certificate that is believed, or took more than ten seconds. Parks.
kj::Own<kj::AsyncIoStream> accept_tls(Loop& loop, kj::TlsContext& tls,
                                      kj::Own<kj::AsyncIoStream> plain);

}  // namespace synchrodb::net
