#include "engine/replica/successor.h"

namespace synchrodb {

NodeId best_successor(const Protocol& protocol) {
  NodeId best;
  Index furthest;
  for (const PeerStatus& peer : protocol.peers()) {
    const bool voter = protocol.configuration().is_voter(peer.node);
    if (!voter || !peer.active || peer.match < furthest) continue;
    best = peer.node;
    furthest = peer.match;
  }
  return best;
}

}  // namespace synchrodb
