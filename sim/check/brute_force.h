// The oracle: tries every order of every choice of operations.
//
// It shares no code with the other algorithms but the history itself: values are compared as
// strings, dialects and models are spelled out again. Slow on purpose, and meant to be read.
#pragma once

#include <cstddef>

#include "sim/check/check.h"
#include "sim/check/history.h"

namespace synchrodb::check {

inline constexpr std::size_t kBruteForceMost = 8;

// Precondition: no key has more than kBruteForceMost operations, and the model knows them all.
Verdict brute_force(const History& history, const Options& options);

}  // namespace synchrodb::check
