#include "net/offline/restore.h"

#include <optional>
#include <utility>
#include <vector>

#include "engine/node/offline.h"
#include "engine/replica/snapshot_intake.h"
#include "engine/storage/format.h"
#include "net/offline/folder_work.h"
#include "net/server/bootstrap.h"
#include "net/server/cluster_name.h"
#include "net/server/server_parts.h"

namespace synchrodb::net {
namespace {

// Writes the payload as the group's first state, and decodes it on the way: a snapshot that no node
// could load is refused here, where somebody is looking.
Result<> lay_state(Storage& storage, const std::string& file, const Restored& restored) {
  const SnapshotMeta meta = founding_snapshot(Index{restored.backup.index}, restored.members);
  FirstState first(storage, kOnlyGroup, meta, restored.backup.bytes);
  SnapshotIntake intake(meta, restored.backup.bytes);
  Result<> written;
  Result<BackupHeader> read = read_backup(file, [&](std::string_view piece) {
    intake.add(piece);
    if (written) written = first.add(piece);
  });
  if (!read) return read.error();
  if (!written) return written;
  if (read.value().checksum != restored.backup.checksum) {
    return Error{ErrorCode::kCorrupt, file + ": was changed while it was read"};
  }
  if (Result<> whole = intake.finish(); !whole) {
    return Error{whole.error().code,
                 file + ": the snapshot in it cannot be loaded: " + whole.error().message};
  }
  if (intake.take_state().applied() != meta.index) {
    return Error{ErrorCode::kCorrupt, file + ": its header names another index than the snapshot"};
  }
  return first.finish();
}

Result<> found_member(Disk& disk, const std::string& file, const ServerOptions& options,
                      const Restored& restored) {
  OfflineStorage offline(disk, options);
  if (Result<DurableState> empty = offline.recover(); !empty) return empty.error();
  if (Result<> laid = lay_state(offline.storage(), file, restored); !laid) return laid;
  AddressBook book;
  for (const FoundingMember& founder : founding_members(options)) {
    book.learn({founder.id, to_string(founder.rpc), "", 0});
  }
  if (Result<> saved = save_addresses(disk, book); !saved) return saved;
  // Last of all: only now the folder is a node's.
  NodeIdentity identity;
  identity.cluster = restored.cluster;
  identity.node = node_id(options);
  identity.storage_format = storage::kFormatVersion;
  identity.created_by = kSoftware;
  identity.named = cluster_of_founders(options);
  return write_identity(disk, identity);
}

// What a failed attempt wrote into a folder that was empty.
void clear_folder(Disk& disk) {
  Result<std::vector<std::string>> names = disk.list();
  if (!names) return;
  for (const std::string& name : names.value()) {
    if (Result<> removed = disk.remove(name); !removed) return;
  }
}

}  // namespace

Result<Restored> restore_backup(const std::string& file, const ServerOptions& options) {
  if (!options.cluster.join.empty()) {
    return Error{
        ErrorCode::kInvalid,
        "join: a backup founds a new cluster (initial-cluster); a node that joins one gets "
        "its data from there"};
  }
  if (Result<> ours = check_not_of_others(options.node.dir); !ours) return ours.error();
  // All of it, before the folder is touched.
  Result<BackupHeader> backup = read_backup(file);
  if (!backup) return backup.error();
  Restored restored;
  restored.backup = backup.value();
  restored.members = founding_configuration(options);
  const std::optional<ClusterId> agreed = restored_cluster(options, restored.backup);
  Result<ClusterId> cluster = agreed ? Result<ClusterId>(*agreed) : random_cluster();
  if (!cluster) return cluster.error();
  restored.cluster = cluster.value();
  Result<> done = work_on_folder(options, [&](Disk& disk) -> Result<> {
    if (Result<> unused = check_unused(disk, options.node.dir); !unused) return unused;
    Result<> founded = found_member(disk, file, options, restored);
    if (!founded) clear_folder(disk);
    return founded;
  });
  if (!done) return done.error();
  return restored;
}

}  // namespace synchrodb::net
