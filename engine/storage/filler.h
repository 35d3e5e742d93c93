// Sectors that say nothing, for the part of a new segment that the log has not reached.
#pragma once

#include <cstdint>
#include <string>

#include "engine/storage/format.h"

namespace synchrodb::storage {

// No segment has this number: a sector of it, in its place, is old in every segment.
inline constexpr std::uint64_t kNoSegment = 0;

// `count` sectors from `first`. Not zeros: a write of zeros that missed its place would erase what
// is there without a trace, and pass for the end of the log.
std::string filler(std::uint32_t first, std::uint32_t count);

}  // namespace synchrodb::storage
