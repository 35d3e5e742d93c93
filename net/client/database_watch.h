// The client's side of a watch. Private to the client: Database::watch makes them.
#pragma once

#include <vector>

#include "net/client/database.h"

namespace synchrodb::net {

kj::Own<DatabaseWatch> make_database_watch(Dialer& dialer, std::vector<Destination> nodes,
                                           const DatabaseOptions& options, KeysOf keys,
                                           std::uint64_t from);

}  // namespace synchrodb::net
