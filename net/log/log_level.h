// How much is logged, and how.
#pragma once

#include <cstdint>

namespace synchrodb::net {

enum class LogLevel : std::uint8_t { kTrace, kDebug, kInfo, kWarning, kError, kOff };
enum class LogFormat : std::uint8_t { kText, kJson };

}  // namespace synchrodb::net
