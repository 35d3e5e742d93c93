// Who should lead next, when the leader goes and nobody has been named.
#pragma once

#include "consensus/protocol.h"

namespace synchrodb {

// The voter that has acknowledged the most among those that have been heard from lately: it is
// ready the soonest. 0: there is none, or this node does not lead.
NodeId best_successor(const Protocol& protocol);

}  // namespace synchrodb
