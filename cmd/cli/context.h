// What every command of a run works with.
#pragma once

#include <kj/async-io.h>

#include "cmd/cli/options.h"
#include "net/client/dialer.h"

namespace synchrodb::cli {

struct Context {
  const Options& options;
  kj::AsyncIoContext& io;
  net::Dialer& dialer;
};

}  // namespace synchrodb::cli
