// Who has called a node's RPC port.
#pragma once

#include <cstdint>
#include <functional>

namespace synchrodb::net {

enum class Caller : std::uint8_t { kPeer, kOperator, kClient };

// Called once a caller has shown that it belongs here.
using Admit = std::function<void(Caller)>;

// The other end of a connection.
struct Visitor {
  bool vouched_for = false;  // it came by loopback, or showed a certificate
  Admit admitted;
};

}  // namespace synchrodb::net
