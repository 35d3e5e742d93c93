// DirectoryDisk::open: the folder is made, and taken.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "net/disk/directory_disk.h"
#include "net/disk/file_name.h"

namespace synchrodb::net {

namespace {

// Makes the folder, and its name in its parent durable: else the whole database could vanish with
// the power.
Result<> make_folder(const std::string& folder) {
  if (::mkdir(folder.c_str(), 0700) != 0) {
    if (errno == EEXIST) return {};
    return system_error("making the data folder " + folder, errno);
  }
  std::string parent = folder.substr(0, folder.find_last_not_of('/') + 1);
  const std::size_t slash = parent.find_last_of('/');
  parent = slash == std::string::npos ? "." : parent.substr(0, slash + 1);
  const Descriptor fd(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const int failure = fd ? synchronise_directory(fd.get()) : errno;
  if (failure != 0) return system_error("sync of " + parent + ", where " + folder + " is", failure);
  return {};
}

// Who says to hold the lock.
std::string holder(int lock) {
  std::string text;
  if (read_fully(lock, 0, 20, text) != 0) return "another process";
  text = text.substr(0, text.find_first_not_of("0123456789"));
  return text.empty() ? "another process" : "process " + text;
}

Result<> take(int lock, const std::string& folder) {
  while (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return system_error("locking the data folder " + folder, errno);
    return Error{ErrorCode::kUnavailable, "the data folder " + folder + " is in use by " +
                                              holder(lock) +
                                              ": stop it first, or choose another folder"};
  }
  // For people; a full disk is no reason not to start.
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock, 0) == 0) write_fully(lock, 0, pid);
  return {};
}

}  // namespace

Result<std::unique_ptr<DirectoryDisk>> DirectoryDisk::open(Loop& loop, const std::string& folder) {
  if (folder.empty() || folder.find('\0') != std::string::npos) {
    return Error{ErrorCode::kInvalid, "the data folder has no valid name"};
  }
  if (Result<> r = make_folder(folder); !r) return r.error();
  Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return system_error("opening the data folder " + folder, errno);
  const int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
  Descriptor lock(::openat(directory.get(), kLockName.data(), flags, 0600));
  if (!lock) {
    return system_error("the data folder " + folder + " cannot be written: opening its LOCK",
                        errno);
  }
  if (Result<> r = take(lock.get(), folder); !r) return r.error();
  return std::unique_ptr<DirectoryDisk>(
      new DirectoryDisk(loop, folder, std::move(directory), std::move(lock)));
}

}  // namespace synchrodb::net
