// The cycles of one strongly connected component, the most severe anomaly first.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "sim/check/transactions/anomaly.h"
#include "sim/check/transactions/subgraph.h"

namespace synchrodb::check {

// A cycle that meets each transaction once, from its first edge's `from` and back there; rows of
// process and realtime edges are one edge.
struct Cycle {
  Anomaly anomaly;
  std::vector<Subgraph::Edge> edges;
};

struct CycleSearchResult {
  // One of each anomaly that no other one found here implies; short, if not always the shortest.
  std::vector<Cycle> cycles;
  // Anomalies that may be there too: the steps ran out.
  AnomalySet undecided = 0;
};

// `steps`: what the search for each anomaly may take; what is left after all is subtracted from
// `total`, which gone each search may still go a few times over the component. At least one cycle
// is found in any case. `poll`: as of TransactionOptions.
CycleSearchResult find_cycles(Subgraph& subgraph, std::uint64_t steps, std::uint64_t* total,
                              const std::function<void()>& poll = {});

// What a cycle is a case of: named by its edges, but never more severe than what the bases of its
// edges presume. A ww that is known by an update makes a G1c at least, since a database that is not
// read-committed may have updates out of order; one known by time makes a G-single. `edges`: the
// `to` of each is the `from` of the next.
Anomaly classify(const std::vector<Subgraph::Edge>& edges);

}  // namespace synchrodb::check
