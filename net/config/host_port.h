// Where a process can be reached: a host and a TCP port, as people write them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/env/result.h"

namespace synchrodb::net {

struct HostPort {
  std::string host;  // a name or an address; IPv6 without its brackets
  std::uint16_t port = 0;

  bool operator==(const HostPort&) const = default;
};

// "node1.example:17379", "10.0.0.1:17379" or "[::1]:17379". The port is 1 to 65535; an IPv6 address
// needs its brackets. The error says what is wrong, and with which text.
Result<HostPort> parse_host_port(std::string_view text);
std::string to_string(const HostPort& address);

// Whether `text` could be a host: a name, an IPv4 address or an IPv6 address without brackets, of
// at most 253 bytes. Nothing is resolved.
bool is_host(std::string_view text);

}  // namespace synchrodb::net
