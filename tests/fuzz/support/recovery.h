// What must hold of a node that starts on whatever is on its disk.
#pragma once

#include "tests/engine/support/memory_disk.h"

namespace synchrodb::fuzz {

// Recovers. If that succeeds: what was recovered makes sense, and a restart after a power failure
// recovers the same.
void check_recovery(testing::MemoryDisk disk);

// A disk on which group 1 of a node has a log of ten entries.
testing::MemoryDisk small_node();

}  // namespace synchrodb::fuzz
