// A log for ShiViz (https://bestchai.bitbucket.io/shiviz/), which draws it as a space-time diagram.
#pragma once

#include <string>

#include "sim/explain/explanation.h"

namespace synchrodb::sim {

// The part of the run that the explanation is about, from the chain's begin to the anomaly; of a
// long part the end, since ShiViz is for some thousand events. The first line is the regular
// expression that reads it, the second is empty (there is one execution). Then two lines an event:
// time and words; host and vector clock, whose own entry counts the host's events from 1.
std::string to_shiviz(const Explanation& explanation);

}  // namespace synchrodb::sim
