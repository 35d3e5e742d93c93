// Bytes as text, for people and for files that people read.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace synchrodb::net {

// Two digits a byte, lower case.
std::string to_hex(std::string_view bytes);
// Nothing unless it is what to_hex() writes.
std::optional<std::string> from_hex(std::string_view hex);

}  // namespace synchrodb::net
