// What tells a node's data folder from another one that is started under the same id: the file
// `folder-id`, 32 hex digits, made at random once and never changed.
//
// A node whose folder was lost has forgotten what it acknowledged and whom it voted for, and would
// do as if it had not. The others know the folder that it had, and refuse another one.
//
// The functions below are called from fibers.
#pragma once

#include <string>
#include <string_view>

#include "engine/env/disk.h"

namespace synchrodb::net {

inline constexpr std::size_t kFolderIdBytes = 16;

// Empty: the folder has none yet, as an earlier version made it. kCorrupt: the file is damaged.
// `folder` is for messages.
Result<std::string> read_folder_id(Disk& disk, std::string_view folder);

// Gives a folder that has none its id; durable when it returns ok.
Result<std::string> make_folder_id(Disk& disk);

}  // namespace synchrodb::net
