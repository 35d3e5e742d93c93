// One machine of the simulated world, for what runs on it without the rest of a node.
#pragma once

#include "engine/env/observer.h"
#include "sim/clock/sim_clock.h"
#include "sim/disk/sim_disk.h"
#include "sim/kernel/sim_buggify.h"
#include "sim/kernel/sim_fibers.h"

namespace synchrodb::sim {

// Whoever adds objects that its fibers use calls kernel.shutdown() before they are gone.
struct Machine {
  FaultCounters counters;
  Streams streams{1};
  BuggifyPlan no_buggify;
  Kernel kernel;
  Owner owner = kernel.add_owner("node");
  SimClock clock{kernel, owner, 0, counters};
  SimFibers fibers{kernel, owner, clock};
  SimDisk disk{kernel, streams, 0, counters};
  SimBuggify buggify{no_buggify, streams, 0, counters};
  Observer observer;
  Stream random = streams.stream("raft", 0);
};

}  // namespace synchrodb::sim
