// Random runs of a TestCluster: a burst of hostile events, then healing, then the question whether
// the group serves again.
#pragma once

#include <cstdint>
#include <string>

#include "tests/consensus/support/test_cluster.h"

namespace synchrodb::test {

struct ChaosShape {
  std::uint64_t nodes = 3;
  std::uint64_t events = 400;
  RaftOptions options;
  bool membership = false;
  bool damage = false;
  bool drifting_clocks = false;
  bool forget_faults = false;
};

// What a seed stands for.
ChaosShape shape_of(std::uint64_t seed);

struct ChaosResult {
  std::string violation;  // empty: none
  std::uint64_t commits = 0, reads_ok = 0, lease_reads = 0, elections = 0, restores = 0,
                recoveries = 0, configurations = 0;
};

ChaosResult run_chaos(std::uint64_t seed, bool print = false);

}  // namespace synchrodb::test
