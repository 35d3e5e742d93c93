// What a socket between two nodes is set to.
#pragma once

#include <kj/async-io.h>

namespace synchrodb::net {

// Without delay, and not for ever: a connection ends when the other machine acknowledges nothing
// for five seconds, or takes nothing (a process that is stopped). Otherwise it would outlive a
// partition, and TCP's next attempt may be minutes after the end of that.
void set_up_peer_socket(kj::AsyncIoStream& stream);

}  // namespace synchrodb::net
