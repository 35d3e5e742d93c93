// What a socket of a client is set to.
#pragma once

#include <kj/async-io.h>

#include <cstdint>

namespace synchrodb::net {

// Without delay. Idle for `keepalive_s` seconds (0: never), the client is asked for a sign of life,
// and given up without one after as long again: as Redis does.
void set_up_client_socket(kj::AsyncIoStream& stream, std::int64_t keepalive_s);

}  // namespace synchrodb::net
