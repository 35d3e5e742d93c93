// What a running server consists of, for those who look after it: administration, the commands
// about the server, metrics.
#pragma once

#include <cstdint>
#include <functional>

#include "engine/node/node.h"
#include "engine/session/gateway.h"
#include "net/clock/real_clock.h"
#include "net/commands/server_commands.h"
#include "net/config/runtime_config.h"
#include "net/disk/faulty_disk.h"
#include "net/loop/loop.h"
#include "net/peer/rpc_transport.h"
#include "net/resp/resp_server.h"
#include "net/server/rpc_server.h"
#include "net/server/server_observer.h"
#include "net/tls/server_tls.h"

namespace synchrodb::net {

inline constexpr GroupId kOnlyGroup{1};

// Turns of the event loop: how long everybody else was held up.
struct TurnStatistics {
  std::uint64_t turns = 0;
  Duration busy;     // of all turns together
  Duration longest;  // of one, since the start
};

struct ServerParts {
  Loop& loop;
  RealClock& clock;
  RuntimeConfig& config;
  const ClusterIdentity& identity;
  AddressBook& book;
  RpcTransport& transport;
  Node& node;
  Gateway& gateway;
  ServerObserver& observer;
  RandomStream& random;
  Instant started;
  FaultyDisk* faulty = nullptr;  // null: fault injection is not enabled
  ServerCommands* commands = nullptr;
  RespServer* resp = nullptr;
  std::function<void()> addresses_changed;
  // Ends the server in good order; `hand_over`: after giving leadership away.
  std::function<void(bool hand_over)> shut_down;
  RpcServer* rpc = nullptr;  // null until the doors are open
  const ServerTls* tls = nullptr;
  TurnStatistics turns = {};

  const ServerOptions& options() const { return config.options(); }
  // Null while the node recovers.
  Replica* replica() const { return node.replica(kOnlyGroup); }
  // Whom this node takes for the leader; 0: nobody, or it recovers.
  NodeId leader() const {
    const Replica* known = replica();
    return known != nullptr ? known->protocol().status().leader : NodeId{};
  }
};

}  // namespace synchrodb::net
