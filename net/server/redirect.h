// Where followers answer -MOVED instead of forwarding (follower-mode moved).
#pragma once

#include "net/resp/resp_server.h"
#include "net/server/server_parts.h"

namespace synchrodb::net {

// `parts` outlives the result.
RespServer::Redirect make_redirect(const ServerParts& parts);

}  // namespace synchrodb::net
