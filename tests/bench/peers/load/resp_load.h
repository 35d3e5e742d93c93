// The load on servers of the Redis protocol.
#pragma once

#include "tests/bench/peers/load/options.h"
#include "tests/bench/peers/load/results.h"

namespace synchrodb::load {

// Thread `thread`'s share of the load; blocks until it is done. An error when not all connections
// could be opened; connections that fail later are counted in the results and not opened again.
Result<Results> run_resp(const Options& options, unsigned thread, Window& window);

}  // namespace synchrodb::load
