// The RPC port: who may come in, and for how long without saying who it is.
#pragma once

#include <kj/async-io.h>

#include <cstdint>
#include <functional>

#include "engine/wire/node.capnp.h"
#include "net/loop/loop.h"
#include "net/server/caller.h"
#include "net/tls/renewable_tls.h"

namespace synchrodb::net {

// Since the start.
struct RpcCounters {
  std::uint64_t connections = 0;
  std::uint64_t rejected = 0;      // there were too many, or out of descriptors
  std::uint64_t tls_failures = 0;  // handshakes that came to nothing
  std::uint64_t strangers = 0;     // ended without a hello or a password that was accepted
};

// One fiber a connection. A connection is a stranger's until it has been admitted: strangers may
// send little, and not stay for long, and there are never many of them.
class RpcServer {
 public:
  // The bootstrap capability of a connection, which calls the visitor's `admitted` when the other
  // end has shown that it belongs here.
  using MakeNode = std::function<wire::Node::Client(Visitor visitor)>;

  // `tls`: null, or what the port speaks TLS with. Both outlive the server.
  RpcServer(Loop& loop, RenewableTls* tls, MakeNode make_node)
      : loop_(loop), tls_(tls), make_node_(std::move(make_node)) {}

  // Serves one listener until the fiber is cancelled. Parks for ever.
  void serve(kj::Own<kj::ConnectionReceiver> listener);

  const RpcCounters& counters() const { return counters_; }
  std::size_t connection_count() const { return open_; }

 private:
  void start(kj::Own<kj::AsyncIoStream> stream);
  void serve_connection(kj::Own<kj::AsyncIoStream> stream);
  // `known`: the other end has been admitted.
  void serve_calls(kj::Own<kj::AsyncIoStream> stream, bool vouched_for,
                   const std::function<void()>& known);

  Loop& loop_;
  RenewableTls* tls_;
  MakeNode make_node_;
  std::size_t open_ = 0;
  std::size_t strangers_ = 0;
  RpcCounters counters_;
};

}  // namespace synchrodb::net
