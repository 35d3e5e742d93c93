// The causal chain: of all that happened before the anomaly, the path that tells most.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/explain/happenings.h"

namespace synchrodb::sim {

// How much a happening tells somebody who asks how it came to the anomaly; 0: nothing by itself,
// 1: not worth a line.
// Elections, crashes, damage and the operations that contradict each other tell much; all that is
// regular tells nothing.
std::int64_t telling(const Happenings& run, const Happening& happening);

// Positions of happenings, each directly before the next (`previous`, `sending`, or `earlier`), the
// last one directly before the anomaly is seen. It is the path of greatest weight: what is telling
// counts, less the longer ago it was; messages cost. So it keeps to a lane unless another has more
// to say, and begins where nothing before it is worth telling. Empty if nothing happened.
std::vector<std::size_t> causal_chain(const Happenings& run, const Anomaly& anomaly);

// What is worth a line from the chain's begin to the anomaly, without the chain itself: at most
// `most`, by weight, in order of time; of what is alike, the last two.
std::vector<std::size_t> meanwhile(const Happenings& run, const std::vector<std::size_t>& chain,
                                   std::size_t most);

}  // namespace synchrodb::sim
