// `cluster status`: what every node says of itself.
#pragma once

#include "cmd/cli/cluster/operator.h"

namespace synchrodb::cli {

int status_command(Operator& op);

}  // namespace synchrodb::cli
