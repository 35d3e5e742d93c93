// The load on etcd.
#pragma once

#include "tests/bench/peers/load/options.h"
#include "tests/bench/peers/load/results.h"

namespace synchrodb::load {

// Thread `thread`'s share of the load over gRPC: each connection is a TCP connection of its own, on
// which `pipeline` calls are under way. Reads are linearizable. As run_resp() otherwise. A build
// without gRPC answers kUnsupported.
Result<Results> run_etcd(const Options& options, unsigned thread, Window& window);

}  // namespace synchrodb::load
