#include "sim/campaign/result_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace synchrodb::sim {
namespace {

Error io_error(const std::string& path, const std::string& what) {
  return {ErrorCode::kIo, "out: " + what + " " + path + ": " + std::strerror(errno)};
}

}  // namespace

ResultFile::ResultFile(std::string path, int fd, bool created)
    : path_(std::move(path)), fd_(fd), created_(created) {}

ResultFile::~ResultFile() {
  if (created_ && size_ == 0) ::unlink(path_.c_str());
  ::close(fd_);
}

Result<std::unique_ptr<ResultFile>> ResultFile::open(const std::string& path, bool resume,
                                                     const OnLine& on_line) {
  bool created = true;
  int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0 && errno == EEXIST) {
    created = false;
    fd = ::open(path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC);
  }
  if (fd < 0) return io_error(path, "cannot create or write");
  std::unique_ptr<ResultFile> file(new ResultFile(path, fd, created));
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    return Error{ErrorCode::kInvalid, "out: another campaign is writing to " + path};
  }
  struct stat status {};
  if (::fstat(fd, &status) != 0) return io_error(path, "cannot read");
  if (S_ISREG(status.st_mode) && status.st_size > 0) {
    if (!resume) {
      return Error{ErrorCode::kInvalid,
                   "out: " + path + " exists; add --resume to continue it, or name another file"};
    }
    if (Result<> resumed = file->resume(on_line); !resumed) return resumed.error();
  }
  return file;
}

Result<> ResultFile::resume(const OnLine& on_line) {
  std::string pending;
  std::array<char, 65'536> chunk{};
  std::uint64_t number = 0;
  std::uint64_t offset = 0;
  std::uint64_t keep = 0;  // end of the last line that is no summary
  while (true) {
    const ssize_t got = ::pread(fd_, chunk.data(), chunk.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_error(path_, "cannot read");
    if (got == 0) break;
    offset += static_cast<std::uint64_t>(got);
    pending.append(chunk.data(), static_cast<std::size_t>(got));
    std::size_t begin = 0;
    for (std::size_t end; (end = pending.find('\n', begin)) != std::string::npos; begin = end + 1) {
      const std::string_view line = std::string_view(pending).substr(begin, end - begin);
      ++number;
      size_ += line.size() + 1;
      if (line.starts_with(kSummaryPrefix)) continue;
      if (Result<> taken = on_line(line, number); !taken) return taken;
      keep = size_;
    }
    pending.erase(0, begin);
  }
  size_ = keep;
  if (::ftruncate(fd_, static_cast<off_t>(keep)) != 0) return io_error(path_, "cannot write");
  return {};
}

Result<> ResultFile::failed(const char* what) {
  const Error error = io_error(path_, what);
  if (::ftruncate(fd_, static_cast<off_t>(size_)) != 0 && errno != EINVAL) {
    return Error{ErrorCode::kIo, error.message + "; its last line may be cut off"};
  }
  return error;
}

Result<> ResultFile::append(std::string_view line) {
  const std::string bytes = std::string(line) + "\n";
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t written = ::write(fd_, bytes.data() + done, bytes.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return failed("cannot write to");
    done += static_cast<std::size_t>(written);
  }
  size_ += bytes.size();
  return {};
}

Result<> ResultFile::finish(std::string_view summary) {
  if (Result<> written = append(summary); !written) return written;
  if (::fsync(fd_) != 0 && errno != EINVAL && errno != EROFS) return failed("cannot sync");
  return {};
}

}  // namespace synchrodb::sim
