#include "net/disk/folder_id.h"

#include <sys/random.h>

#include <memory>
#include <optional>

#include "net/disk/hex.h"
#include "net/disk/replace_file.h"

namespace synchrodb::net {
namespace {

constexpr std::string_view kName = "folder-id";
constexpr std::size_t kTextBytes = 2 * kFolderIdBytes + 1;

// Without the file, the node would get a new id, and be refused: so that is no advice.
Error damaged(std::string_view folder) {
  return {ErrorCode::kCorrupt,
          std::string(kName) + " in " + std::string(folder) +
              " is damaged: it is a line of 32 hex digits, the last word of this node's line in "
              "the file addresses of every other node. Write it again, or remove this node from "
              "the cluster and let it rejoin under a new id with an empty folder"};
}

}  // namespace

Result<std::string> read_folder_id(Disk& disk, std::string_view folder) {
  Result<std::unique_ptr<File>> file = disk.open(kName, Disk::Mode::kMustExist);
  if (!file) {
    if (file.error().code == ErrorCode::kNotFound) return std::string();
    return file.error();
  }
  Result<std::string> text = file.value()->read(0, kTextBytes + 1);
  if (!text) return text.error();
  if (text.value().size() != kTextBytes || !text.value().ends_with('\n')) return damaged(folder);
  const auto id = from_hex(std::string_view(text.value()).substr(0, 2 * kFolderIdBytes));
  if (!id) return damaged(folder);
  return *id;
}

Result<std::string> make_folder_id(Disk& disk) {
  std::string id(kFolderIdBytes, '\0');
  if (getrandom(id.data(), id.size(), 0) != static_cast<ssize_t>(id.size())) {
    return Error{ErrorCode::kIo, "no random numbers from the system"};
  }
  if (Result<> written = replace_file(disk, kName, to_hex(id) + "\n"); !written) {
    return written.error();
  }
  return id;
}

}  // namespace synchrodb::net
