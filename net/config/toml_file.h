// The configuration file: TOML, a table for each group of options.
#pragma once

#include <string>
#include <string_view>

#include "net/config/server_options.h"

namespace synchrodb::net {

inline constexpr std::size_t kMaxConfigFileBytes = 1 << 20;

// Sets the options that `text` gives; the others stay as they are. `name` is what errors call it.
// An error has a line for each thing that is wrong, in the order of the file:
//   node.toml:7: [network] port = "x": is a string; an integer from 0 to 65535 would be right
// On an error `options` may have changed in part and must not be used.
Result<> apply_toml(std::string_view text, const std::string& name, ServerOptions& options);

// The same for a file.
Result<> apply_toml_file(const std::string& path, ServerOptions& options);

}  // namespace synchrodb::net
