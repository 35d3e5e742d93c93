// Small files that are written as a whole.
#pragma once

#include <string_view>

#include "engine/env/disk.h"

namespace synchrodb::net {

// Writes a file, or puts it in the place of the one that is there: at once, and durable when it
// returns ok. Until it is whole and synced it is called `name`-new.
Result<> replace_file(Disk& disk, std::string_view name, std::string_view bytes);

}  // namespace synchrodb::net
