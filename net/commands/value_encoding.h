// How Redis would hold a string: what OBJECT, DEBUG OBJECT and MEMORY USAGE tell.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "engine/kv/reply.h"
#include "net/commands/command_list.h"

namespace synchrodb::net {

struct ValueFacts {
  bool exists = false;
  std::size_t bytes = 0;
  std::string_view encoding;  // "int", "embstr", "raw"
};

// Reads the key, and its value only if that is short. May park. An error is the read's.
std::optional<Reply> look_at_value(Call& call, const std::string& key, ValueFacts& facts);

}  // namespace synchrodb::net
