// A backup becomes the first state of a new cluster.
#pragma once

#include <string>

#include "consensus/configuration.h"
#include "net/client/backup_file.h"
#include "net/config/server_options.h"
#include "net/disk/data_directory.h"

namespace synchrodb::net {

struct Restored {
  BackupHeader backup;
  ClusterId cluster;
  Configuration members;
};

// Makes the data folder that `options` name (absent, or empty) that of a founding member of a new
// cluster, whose log begins with the backup in `file`. Every founding member does so by itself:
// with the same file and the same --initial-cluster they come to the same state, the same members
// and the same cluster id. Nothing is left in the folder unless it is whole, except by a crash;
// what that leaves is refused by servers and by this.
//
// kCorrupt, kUnsupported: the backup, and where. kInvalid: the folder is not empty, or the options
// are those of a node that joins. kUnavailable: a server runs on the folder. Blocks.
Result<Restored> restore_backup(const std::string& file, const ServerOptions& options);

}  // namespace synchrodb::net
