// How far a member is, by its own word.
#pragma once

#include <optional>

#include "net/server/server_parts.h"

namespace synchrodb::net {

struct Standing {
  NodeId leader;  // whom it follows; 0: nobody
  Term term;
  Index applied;
};

// Asks the node itself, and parks until it has answered. Nothing: it did not, within `patience`.
std::optional<Standing> ask_standing(const ServerParts& parts, NodeId node, Duration patience);

// What keeps `node` from being as far as the leader is, for people; empty: nothing does. It must
// answer now and follow that leader, so one that stands still is never there, and neither is one
// that has not begun. Whichever node is asked finds the same. Parks.
std::string what_it_lacks(const ServerParts& parts, NodeId node);

}  // namespace synchrodb::net
