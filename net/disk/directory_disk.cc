#include "net/disk/directory_disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "consensus/assert.h"
#include "net/disk/file_name.h"

namespace synchrodb::net {

namespace {

// The inode that has this name; 0 when there is none or it cannot be told.
std::uint64_t inode_of(int directory, const std::string& name) {
  struct stat status;
  return ::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 ? status.st_ino : 0;
}

bool is_regular(int directory, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_REG;
  struct stat status;
  return ::fstatat(directory, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISREG(status.st_mode);
}

int list_files(int directory, std::vector<std::string>& names) {
  // A descriptor of its own: reading moves its position.
  const int fd = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return errno;
  DIR* const stream = ::fdopendir(fd);
  if (stream == nullptr) {
    const int error = errno;
    ::close(fd);
    return error;
  }
  errno = 0;
  while (const dirent* entry = ::readdir(stream)) {
    if (is_file_name(entry->d_name) && is_regular(fd, *entry)) names.emplace_back(entry->d_name);
    errno = 0;
  }
  const int error = errno;
  ::closedir(stream);
  return error;
}

struct Opened {
  int error = 0;
  Descriptor fd;
  struct stat status = {};
};

Opened open_file(int directory, const std::string& name, Disk::Mode mode) {
  Opened opened;
  const int create = mode == Disk::Mode::kCreate ? O_CREAT : 0;
  // A symbolic link or a device in this place is somebody's mistake, and never followed.
  const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | create;
  opened.fd = Descriptor(::openat(directory, name.c_str(), flags, 0600));
  if (!opened.fd || ::fstat(opened.fd.get(), &opened.status) != 0) opened.error = errno;
  return opened;
}

}  // namespace

// One handle. The file itself is shared.
class DirectoryFile final : public File {
 public:
  DirectoryFile(DirectoryDisk& disk, DirectoryDisk::InodeNumber number, OpenFile& file)
      : disk_(disk), number_(number), file_(file) {
    ++file_.handles;
  }
  ~DirectoryFile() override { disk_.release(number_); }

  Result<> write(std::uint64_t offset, std::string_view bytes) override {
    return file_.write(offset, bytes);
  }
  Result<std::string> read(std::uint64_t offset, std::size_t length) override {
    return file_.read(offset, length);
  }
  Result<> sync() override { return file_.sync(); }
  Result<> truncate(std::uint64_t size) override { return file_.truncate(size); }
  Result<> preallocate(std::uint64_t size) override { return file_.preallocate(size); }
  std::uint64_t size() const override { return file_.size(); }

 private:
  DirectoryDisk& disk_;
  DirectoryDisk::InodeNumber number_;
  OpenFile& file_;
};

DirectoryDisk::DirectoryDisk(Loop& loop, std::string folder, Descriptor directory, Descriptor lock)
    : loop_(loop),
      folder_(std::move(folder)),
      lock_(std::move(lock)),
      directory_(std::move(directory)) {}

DirectoryDisk::~DirectoryDisk() {
  for (auto& [number, file] : files_) {
    SYNCHRODB_ASSERT(file->handles == 0, "files are closed before their disk goes");
    file->write_out();
  }
}

DiskLane& DirectoryDisk::lane_of(std::string_view name) {
  return is_bulk(name) ? bulk_ : log_;
}

Error DirectoryDisk::error(std::string_view operation, std::string_view name, int number) const {
  return system_error(std::string(operation) + " of " + std::string(name) + " in " + folder_,
                      number);
}

Result<std::unique_ptr<File>> DirectoryDisk::open(std::string_view name, Mode mode) {
  if (Result<> r = check_file_name(name); !r) return r.error();
  DiskLane& lane = lane_of(name);
  Opened opened;
  const std::string path(name);
  run_on_lane(loop_, lane, [&] { opened = open_file(directory_.get(), path, mode); });
  if (opened.error != 0) return error("opening", name, opened.error);
  if (!S_ISREG(opened.status.st_mode)) {
    return Error{ErrorCode::kInvalid, path + " in " + folder_ + " is not a regular file"};
  }
  const InodeNumber number = opened.status.st_ino;
  std::unique_ptr<OpenFile>& file = files_[number];
  if (file == nullptr) {
    file = std::make_unique<OpenFile>(loop_, lane, OpenFile::Identity{folder_, path},
                                      std::move(opened.fd),
                                      static_cast<std::uint64_t>(opened.status.st_size));
  }
  return std::unique_ptr<File>(std::make_unique<DirectoryFile>(*this, number, *file));
}

void DirectoryDisk::release(InodeNumber number) {
  auto it = files_.find(number);
  SYNCHRODB_ASSERT(it != files_.end() && it->second->handles > 0, "handles are counted");
  OpenFile& file = *it->second;
  if (--file.handles > 0 || (file.must_stay() && !file.removed)) return;
  file.retire();
  files_.erase(it);
}

void DirectoryDisk::forget(InodeNumber number) {
  auto it = files_.find(number);
  if (it == files_.end()) return;
  it->second->removed = true;
  if (it->second->handles > 0) return;
  it->second->retire();
  files_.erase(it);
}

Result<std::vector<std::string>> DirectoryDisk::list() {
  std::vector<std::string> names;
  int failure = 0;
  run_on_lane(loop_, log_, [&] { failure = list_files(directory_.get(), names); });
  if (failure != 0) return error("listing", "the files", failure);
  std::sort(names.begin(), names.end());
  return names;
}

Result<> DirectoryDisk::rename(std::string_view from, std::string_view to) {
  if (Result<> r = check_file_name(from); !r) return r;
  if (Result<> r = check_file_name(to); !r) return r;
  const std::string source(from);
  const std::string target(to);
  InodeNumber moved = 0;
  InodeNumber replaced = 0;
  int failure = 0;
  run_on_lane(loop_, lane_of(from), [&] {
    const int directory = directory_.get();
    moved = inode_of(directory, source);
    replaced = inode_of(directory, target);
    if (::renameat(directory, source.c_str(), directory, target.c_str()) != 0) failure = errno;
  });
  if (failure != 0) return error("renaming", source + " to " + target, failure);
  if (replaced != moved) forget(replaced);
  if (auto it = files_.find(moved); it != files_.end()) it->second->rename(target);
  return {};
}

Result<> DirectoryDisk::remove(std::string_view name) {
  if (Result<> r = check_file_name(name); !r) return r;
  const std::string path(name);
  InodeNumber removed = 0;
  int failure = 0;
  run_on_lane(loop_, lane_of(name), [&] {
    removed = inode_of(directory_.get(), path);
    if (::unlinkat(directory_.get(), path.c_str(), 0) != 0) failure = errno;
  });
  if (failure != 0) return error("removal", name, failure);
  forget(removed);
  return {};
}

Result<> DirectoryDisk::sync_directory() {
  if (directory_failed_) {
    return Error{directory_failed_->code,
                 "sync refused after an earlier failure: " + directory_failed_->message};
  }
  int failure = 0;
  run_on_lane(loop_, log_, [&] { failure = synchronise_directory(directory_.get()); });
  if (failure == 0) return {};
  directory_failed_ = error("sync", "the file names", failure);
  return *directory_failed_;
}

}  // namespace synchrodb::net
