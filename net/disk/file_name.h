// What may name a file on a Disk, and whom it belongs to.
#pragma once

#include <string_view>

#include "engine/env/result.h"

namespace synchrodb::net {

// The file whose lock says that a process uses the folder. Never a file of the Disk's.
inline constexpr std::string_view kLockName = "LOCK";

// A plain name within the folder, as engine/env/disk.h promises: 1 to 64 bytes, no slash and no
// NUL, neither "." nor "..", and not the lock.
inline bool is_file_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos && name != "." && name != ".." &&
         name != kLockName;
}

// kInvalid unless it is one.
Result<> check_file_name(std::string_view name);

// Whether the storage writes this file in bulk, at leisure: snapshots, made or received
// (engine/storage/README.md). All else is the log or as urgent.
inline bool is_bulk(std::string_view name) {
  return name.starts_with("snapshot-") || name.starts_with("saving-") ||
         name.starts_with("staging-");
}

}  // namespace synchrodb::net
