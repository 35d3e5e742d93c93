// Files as a whole.
#pragma once

#include <string>

#include "engine/env/result.h"

namespace synchrodb::sim {

// The error names the path.
Result<std::string> read_file(const std::string& path);

}  // namespace synchrodb::sim
