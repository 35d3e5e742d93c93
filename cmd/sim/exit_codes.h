// What the exit code of every subcommand says.
#pragma once

namespace synchrodb::sim {

inline constexpr int kExitOk = 0;
inline constexpr int kExitViolation = 1;
inline constexpr int kExitBadInput = 2;
inline constexpr int kExitUnknown = 3;

}  // namespace synchrodb::sim
