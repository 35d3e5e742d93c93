#include "net/disk/replace_file.h"

#include <memory>
#include <string>

namespace synchrodb::net {

Result<> replace_file(Disk& disk, std::string_view name, std::string_view bytes) {
  const std::string fresh = std::string(name) + "-new";
  Result<std::unique_ptr<File>> file = disk.open(fresh, Disk::Mode::kCreate);
  if (!file) return file.error();
  File& f = *file.value();
  if (f.size() > 0) {  // of an attempt that a crash ended
    if (Result<> r = f.truncate(0); !r) return r;
  }
  if (Result<> r = f.write(0, bytes); !r) return r;
  if (Result<> r = f.sync(); !r) return r;
  if (Result<> r = disk.rename(fresh, name); !r) return r;
  return disk.sync_directory();
}

}  // namespace synchrodb::net
