// What Prometheus is told.
#pragma once

#include <string>

#include "net/server/server_parts.h"

namespace synchrodb::net {

// In Prometheus' text format, of this moment. Names are synchrodb_*; each has its help and type.
std::string metrics_text(const ServerParts& parts);

}  // namespace synchrodb::net
