// What a resumable search answers.
#pragma once

#include <cstdint>

namespace synchrodb::check {

enum class Search : std::uint8_t { kRunning, kValid, kInvalid, kOutOfMemory };

}  // namespace synchrodb::check
