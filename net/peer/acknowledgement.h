// Messages of the RPC protocol for which nobody waits.
#pragma once

#include <kj/common.h>

namespace synchrodb::net {

// Whether a message, in pieces as Cap'n Proto writes them to a stream (the table of segments, then
// the segments), tells its receiver no more than that something has come: a Finish, or a Return
// without results, as of a streaming call.
bool is_acknowledgement(kj::ArrayPtr<const kj::ArrayPtr<const kj::byte>> message);

}  // namespace synchrodb::net
