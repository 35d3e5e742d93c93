// Shrinks an invalid key to operations that already contradict each other (law: check.h,
// Contradiction).
#pragma once

#include <cstdint>
#include <span>

#include "sim/check/check.h"
#include "sim/check/decide.h"

namespace synchrodb::check {

// `operations` and `events` as in Problem::compile, `decision` the conviction.
//
// First the horizon: what was invoked after the completion that could not be explained is out
// (linearizability is prefix-closed). Then the last few answers before it, twice as many until
// they contradict each other; then delta debugging (Zeller and Hildebrandt 2002) down to a set of
// which no single operation can be spared. Where values are few, the same is tried from any state
// at the moment before those answers, and the smaller set wins. A candidate counts only if the
// checker calls it invalid; unknown counts as valid.
Contradiction contradict(const History& history, const Options& options,
                         std::span<const OperationId> operations,
                         std::span<const std::uint32_t> events, const Decision& decision);

}  // namespace synchrodb::check
