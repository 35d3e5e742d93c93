// Redis' glob-style patterns: * ? [abc] [^abc] [a-z] and backslash.
#pragma once

#include <string_view>

namespace synchrodb {

// Agrees with Redis 7.0's stringmatchlen in every case, the odd ones included: an unclosed class
// ends with the pattern, and the empty string is matched by the empty pattern alone. Takes
// O(|pattern| |text|) at worst.
bool glob_match(std::string_view pattern, std::string_view text);

}  // namespace synchrodb
