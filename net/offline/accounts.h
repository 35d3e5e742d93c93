// What the words of `synchrodb-server` say about what they did: for people, or as one JSON object.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "net/offline/recovery.h"
#include "net/offline/restore.h"

namespace synchrodb::net {

std::string restored_text(const Restored& restored, const std::string& file,
                          const ServerOptions& options);
nlohmann::json restored_json(const Restored& restored, const std::string& file,
                             const ServerOptions& options);

// Before anything is done.
std::string survivor_text(const Survivor& survivor, const ServerOptions& options);
nlohmann::json survivor_json(const Survivor& survivor, const ServerOptions& options);

std::string recovered_text(const Recovered& recovered, const ServerOptions& options);
nlohmann::json recovered_json(const Recovered& recovered, const ServerOptions& options);

}  // namespace synchrodb::net
