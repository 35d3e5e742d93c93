// How many files and sockets this process may have open.
#pragma once

#include <cstddef>

namespace synchrodb::net {

// What the server needs beside Redis clients: the log, peers, operators, metrics, clients that are
// being told to go.
inline constexpr std::size_t kReservedDescriptors = 256;

// Raises the limit as far as the system lets us, if it is lower than `clients` need. The number of
// clients that there is room for, at most `clients`, at least 1.
std::size_t make_room_for_clients(std::size_t clients);

}  // namespace synchrodb::net
