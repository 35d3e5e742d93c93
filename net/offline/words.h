// What `synchrodb-server` does instead of serving, when its first argument is a word.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace synchrodb::net {

// synchrodb-server restore --from FILE [--json] [--OPTION VALUE]...
// synchrodb-server recover --i-accept-data-loss [--json] [--OPTION VALUE]...
//
// Runs the word, writes to standard output and error, and returns the process's exit code: 0 done,
// 1 the system failed, 2 misuse or bad input. Nothing if the arguments begin with no such word.
// They and the environment are as read_invocation() takes them, the options too: a word may be
// given all that the server will be started with.
std::optional<int> run_word(std::span<const std::string> arguments,
                            std::span<const std::string> environment, std::string_view version);

}  // namespace synchrodb::net
