#pragma once

namespace synchrodb::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;  // the server answered with an error, or refused
inline constexpr int kExitUsage = 2;   // the command line, or a line of the input, makes no sense
inline constexpr int kExitNoConnection = 3;
inline constexpr int kExitNoOutput = 4;  // standard output takes nothing; the command was executed

}  // namespace synchrodb::cli
