// Reading a file of which parts may be unreadable.
#pragma once

#include <string>

#include "engine/env/disk.h"
#include "engine/storage/format.h"

namespace synchrodb::storage {

// The whole file. A sector that the device cannot read (a latent sector error) comes back as bytes
// that no checksum accepts: to the caller it is damage like any other.
Result<std::string> read_by_sector(File& file);

}  // namespace synchrodb::storage
