// The ids of clusters.
#pragma once

#include <optional>

#include "net/client/backup_file.h"
#include "net/config/server_options.h"
#include "net/disk/data_directory.h"

namespace synchrodb::net {

// What --initial-cluster stands for: a hash of it, so that founders agree without a word. Nothing
// for a node that is alone in it, or has none.
std::optional<ClusterId> cluster_of_founders(const ServerOptions& options);

// The cluster that these founders begin with the state of `backup`: the same for all of them, and
// another than the one that they would found without it, or with another backup. Nothing where
// cluster_of_founders() has nothing.
std::optional<ClusterId> restored_cluster(const ServerOptions& options, const BackupHeader& backup);

Result<ClusterId> random_cluster();

}  // namespace synchrodb::net
