// How a node reaches the RPC port of another.
#pragma once

#include <kj/async-io.h>

#include <string>

#include "net/loop/loop.h"
#include "net/tls/renewable_tls.h"

namespace synchrodb::net {

class PeerDialer {
 public:
  // All outlive the dialer. `tls`: null, or the RPC ports of the cluster speak TLS, and
  // certificates must name `name`, or the host of the address where that is empty.
  PeerDialer(Loop& loop, RenewableTls* tls, std::string name)
      : loop_(loop), tls_(tls), name_(std::move(name)) {}

  // A connection to "host:port"; kj::Exception if there is none within `patience`. Parks.
  kj::Own<kj::AsyncIoStream> dial(const std::string& address, Duration patience) const;

 private:
  Loop& loop_;
  RenewableTls* tls_;
  std::string name_;
};

}  // namespace synchrodb::net
