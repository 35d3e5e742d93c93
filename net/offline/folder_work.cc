#include "net/offline/folder_work.h"

#include <map>
#include <optional>
#include <utility>

#include "net/disk/directory_disk.h"
#include "net/server/server_parts.h"

namespace synchrodb::net {

Result<> work_on_folder(const ServerOptions& options, const std::function<Result<>(Disk&)>& work) {
  if (options.node.persistence != Persistence::kLog) {
    return Error{ErrorCode::kInvalid, "persistence: a node that keeps nothing has no data folder"};
  }
  Loop loop;
  Result<std::unique_ptr<DirectoryDisk>> disk = DirectoryDisk::open(loop, options.node.dir);
  if (!disk) return disk.error();
  std::optional<Result<>> done;
  loop.run([&] {
    done.emplace(work(*disk.value()));
    loop.stop();
  });
  return *done;
}

OfflineStorage::OfflineStorage(Disk& disk, const ServerOptions& options)
    : storage_(make_storage(disk, buggify_, observer_, node_options(options).storage)) {}

Result<DurableState> OfflineStorage::recover() {
  Result<std::map<GroupId, DurableState>> recovered = storage_->recover();
  if (!recovered) return recovered.error();
  return std::move(recovered.value()[kOnlyGroup]);
}

}  // namespace synchrodb::net
