// Raft (Ongaro's thesis, 2014) as a pure state machine.
#pragma once

#include <memory>

#include "consensus/options.h"
#include "consensus/protocol.h"
#include "consensus/random_stream.h"

namespace synchrodb {

// Makes the Raft core of one replica.
//   self            this node; need not be a member (a joining node is not, until it is added)
//   initial         the configuration at index 0 of a brand-new group; every founding member is given
//                   the same one; empty for a joining node
//   durable         what storage recovered; default-constructed for a new node
//   random, io      must outlive the core
std::unique_ptr<Protocol> make_raft(NodeId self, const RaftOptions& options,
                                    const Configuration& initial, DurableState durable,
                                    RandomStream& random, IoSequence& io, const Now& now);

}  // namespace synchrodb
