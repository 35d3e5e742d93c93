// Who has called a node's RPC port.
#pragma once

#include <cstdint>
#include <functional>

namespace synchrodb::net {

enum class Caller : std::uint8_t { kPeer, kOperator, kClient };

// Called once a caller has shown that it belongs here.
using Admit = std::function<void(Caller)>;

}  // namespace synchrodb::net
