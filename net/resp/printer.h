// Replies to bytes, in either version of the Redis protocol.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "engine/kv/reply.h"

namespace synchrodb::net {

enum class RespVersion : std::uint8_t { k2 = 2, k3 = 3 };

// Appends the reply to `out`. What RESP2 lacks takes the form that Redis gives it there: a map, set
// or push is an array, a boolean 0 or 1, a double a bulk string. RESP3 has one nil. A line break
// within a status or an error, which would end it, becomes a space. Doubles are in the shortest
// form that reads back as the same value.
void print(const Reply& reply, RespVersion version, std::string& out);

// What takes a large reply away piece by piece.
struct Outlet {
  std::size_t piece = 0;       // bytes
  std::function<void()> take;  // empties the output; may park
};
// The same, but `out` is taken away each time that it has a piece, or more.
void print(const Reply& reply, RespVersion version, std::string& out, const Outlet& outlet);

}  // namespace synchrodb::net
