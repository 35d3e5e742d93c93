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
  bool on_this_machine = false;  // it came by loopback
  Admit admitted;
};

}  // namespace synchrodb::net
