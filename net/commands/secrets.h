// Comparing secrets without telling, by the time it takes, how much of a guess is right.
#pragma once

#include <string_view>

namespace synchrodb::net {

// Takes a time that depends on the length of `offered` alone.
bool equal_secrets(std::string_view secret, std::string_view offered);

}  // namespace synchrodb::net
