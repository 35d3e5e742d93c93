// A cluster that lost its quorum for good goes on with the one node that is left.
#pragma once

#include <functional>

#include "consensus/protocol.h"
#include "engine/node/offline.h"
#include "net/config/server_options.h"
#include "net/disk/data_directory.h"

namespace synchrodb::net {

// What is left, before anything is changed.
struct Survivor {
  NodeIdentity identity;
  DurableState state;
  Configuration members;  // as its log has them
};

struct Recovered {
  ClusterId cluster;  // a new one, so that members that come back are refused
  TakenOver entry;
};

// Makes the node whose folder `options` name the only voter of a new cluster with its data:
// make_sole_voter() says at what price. `before` is called once it is certain that this can be
// done, and before anything is.
//
// The cluster's id is changed first, then the log, each at once: what a crash leaves is refused by
// the former members, and this may be run again. kInvalid: there is nothing to do, or the folder is
// another node's; kNotFound: there is no such folder; kUnavailable: a server runs on it; else what
// the storage says. Blocks.
Result<Recovered> recover_alone(const ServerOptions& options,
                                const std::function<void(const Survivor&)>& before);

}  // namespace synchrodb::net
