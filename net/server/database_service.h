// What client programs may ask of a node. The schema says what each call promises.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/kv/change_history.h"
#include "engine/replica/replica.h"
#include "engine/session/gateway.h"
#include "engine/wire/database.capnp.h"
#include "net/loop/loop.h"

namespace synchrodb::net {

// What the service works with; all outlive it.
struct DatabaseParts {
  Loop& loop;
  Gateway& gateway;
  ChangeHistory& history;
  std::function<const Replica*()> replica;      // null while the node recovers
  std::function<std::string()> leader_address;  // host:port; empty: unknown
};

class WatchRegistry;

// What all clients of a node share: the limits, and what changes are told to.
class DatabaseHost {
 public:
  explicit DatabaseHost(DatabaseParts parts);
  ~DatabaseHost();

  // For a client who may read and write. The host outlives what it gives.
  wire::Database::Client login();
  // Watches end, and none begins any more.
  void shut_down();

  const DatabaseParts& parts() const { return parts_; }
  WatchRegistry& watches() { return *watches_; }
  std::size_t calls() const { return calls_; }

  // Room for a call that carries this much; given back when the object dies.
  class Room;

 private:
  DatabaseParts parts_;
  std::unique_ptr<WatchRegistry> watches_;
  std::size_t calls_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace synchrodb::net
