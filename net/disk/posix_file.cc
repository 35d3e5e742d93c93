#include "net/disk/posix_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace synchrodb::net {

namespace {

constexpr std::size_t kBulkPiece = 4 * 1024 * 1024;

ErrorCode code_of(int number) {
  switch (number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:  // a limit of the process or the file system
      return ErrorCode::kNoSpace;
    case ENOENT:
      return ErrorCode::kNotFound;
    case EROFS:
    case EACCES:
    case EPERM:
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
    case EINVAL:
      return ErrorCode::kInvalid;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return ErrorCode::kUnavailable;
    default:
      return ErrorCode::kIo;
  }
}

// `call` until it is not interrupted; its errno.
template <class Call>
int repeat(Call call) {
  while (call() != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

int write_zeros(int fd, std::uint64_t from, std::uint64_t to) {
  const std::string zeros(256 * 1024, '\0');
  while (from < to) {
    const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(zeros.size(), to - from));
    if (int error = write_fully(fd, from, std::string_view(zeros).substr(0, length))) return error;
    from += length;
  }
  return 0;
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Error system_error(const std::string& what, int number) {
  return {code_of(number), what + ": " + std::generic_category().message(number)};
}

int write_fully(int fd, std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n < 0 ? errno : EIO;
    offset += static_cast<std::uint64_t>(n);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

int write_in_bulk(int fd, std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kBulkPiece);
    if (int error = write_fully(fd, offset, piece)) return error;
    // Only starts the transfer; whether it succeeded is told by the sync.
    if (::sync_file_range(fd, static_cast<off_t>(offset), static_cast<off_t>(piece.size()),
                          SYNC_FILE_RANGE_WRITE) != 0 &&
        (errno == EIO || errno == ENOSPC)) {
      return errno;
    }
    offset += piece.size();
    bytes.remove_prefix(piece.size());
  }
  return 0;
}

int read_fully(int fd, std::uint64_t offset, std::size_t length, std::string& bytes) {
  std::size_t done = bytes.size();
  const std::size_t end = done + length;
  bytes.resize(end);
  while (done < end) {
    const ssize_t n = ::pread(fd, bytes.data() + done, end - done, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    if (n == 0) break;
    offset += static_cast<std::uint64_t>(n);
    done += static_cast<std::size_t>(n);
  }
  bytes.resize(done);
  return 0;
}

int reserve(int fd, std::uint64_t size) {
  const std::int64_t before = file_size(fd);
  if (before < 0) return EIO;
  int error = repeat([&] { return ::fallocate(fd, 0, 0, static_cast<off_t>(size)); });
  if (error == EOPNOTSUPP || error == ENOSYS) {
    error = write_zeros(fd, static_cast<std::uint64_t>(before), size);
  }
  if (error != 0 && file_size(fd) != before) {
    repeat([&] { return ::ftruncate(fd, static_cast<off_t>(before)); });
  }
  return error;
}

int synchronise(int fd) {
  return repeat([&] { return ::fdatasync(fd); });
}

int synchronise_directory(int fd) {
  return repeat([&] { return ::fsync(fd); });
}

std::int64_t file_size(int fd) {
  struct stat status;
  return ::fstat(fd, &status) == 0 ? status.st_size : -1;
}

}  // namespace synchrodb::net
