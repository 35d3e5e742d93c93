// How a node executes what its own connections ask: through the client library, as if from outside,
// but beginning with the leader that the node itself knows. So a follower forwards to the leader,
// and a write that must be asked for again is applied once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/client/client.h"

namespace synchrodb {

struct GatewayOptions {
  GroupId group{1};
  // Until a command is answered, or given up.
  Duration command_timeout = seconds(5);
  Duration attempt_timeout = seconds(1);
  // Under overload a client learns soon that nothing was executed, rather than wait in yet another
  // queue; a burst is over by then.
  Duration overload_patience = milliseconds(200);
};

class Gateway {
 public:
  // References outlive the gateway. `self`: this node. `leader`: whom it takes for the leader by
  // now, 0: nobody; asked for each request, since a leader that was cut off would not answer.
  Gateway(Clock& clock, Fibers& fibers, Transport& transport, RandomStream& random, NodeId self,
          std::function<NodeId()> leader, GatewayOptions options);

  // An encoded request (engine/kv/command.h) of reads. Parks. Stale reads see what this node has
  // applied, and need no other.
  Outcome read(std::string request, ReadConsistency consistency);
  // Exactly once, in a client session that is this call's alone meanwhile. Parks.
  Outcome write(Request& request);
  // In a session of the client's own (Client::execute_for). Parks.
  Outcome write_for(const Request& request);

  // Requests under way.
  std::size_t busy() const { return made_ - idle_.size(); }
  // Requests given up because of overload, since the start.
  std::uint64_t overloaded() const { return overloaded_; }

 private:
  // A client, with its session, from the pool; goes back unless the fiber unwinds.
  class Lease;
  NodeId leader_or_self() const;
  Outcome counted(Outcome outcome);

  Clock& clock_;
  Fibers& fibers_;
  Transport& transport_;
  RandomStream& random_;
  NodeId self_;
  std::function<NodeId()> leader_;
  GatewayOptions options_;
  std::vector<std::unique_ptr<Client>> idle_;
  std::size_t made_ = 0;
  std::uint64_t overloaded_ = 0;
};

}  // namespace synchrodb
