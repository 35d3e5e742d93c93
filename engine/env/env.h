// The seam: all that a node may ask of the world, and nothing else.
#pragma once

#include "consensus/random_stream.h"
#include "engine/env/buggify.h"
#include "engine/env/clock.h"
#include "engine/env/disk.h"
#include "engine/env/fibers.h"
#include "engine/env/observer.h"
#include "engine/env/transport.h"

namespace synchrodb {

// One node's world. All parts outlive the node; the node's fibers unwind when the world ends it.
struct Env {
  NodeId self;
  Clock& clock;
  Fibers& fibers;
  Transport& transport;
  Disk& disk;
  RandomStream& random;  // of this node's consensus
  Buggify& buggify;
  Observer& observer;
};

}  // namespace synchrodb
