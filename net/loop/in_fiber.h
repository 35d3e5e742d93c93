// How a call that arrives from the network may park.
#pragma once

#include <functional>

#include "net/loop/loop.h"

namespace synchrodb::net {

// Runs `work` in a fiber of its own. The promise is fulfilled when it has returned, and rejected
// with the kj::Exception that it threw. From any fiber or KJ callback of the loop.
kj::Promise<void> in_fiber(Loop& loop, const char* name, std::function<void()> work);

}  // namespace synchrodb::net
