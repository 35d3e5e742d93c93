#include "net/disk/open_file.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

namespace synchrodb::net {

namespace {

constexpr auto kLargest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

template <class Body>
class OnExit {
 public:
  explicit OnExit(Body body) : body_(std::move(body)) {}
  ~OnExit() { body_(); }
  OnExit(const OnExit&) = delete;
  OnExit& operator=(const OnExit&) = delete;

 private:
  Body body_;
};

}  // namespace

void run_on_lane(Loop& loop, DiskLane& lane, const std::function<void()>& work) {
  std::vector<Descriptor> closing = std::exchange(lane.closing, {});
  loop.beside(lane.thread, [&] {
    closing.clear();
    work();
  });
}

// What goes to the lane's thread, and what comes back.
struct OpenFile::Job {
  const char* operation;
  OnFailure on_failure;
  std::vector<Piece> pieces;
  int flush_error = 0;
  int error = 0;
  std::int64_t size = -1;  // after an error

  void perform(int fd, const std::function<int(int)>& work) {
    for (const Piece& piece : pieces) {
      flush_error = write_fully(fd, piece.offset, piece.bytes);
      if (flush_error != 0) break;
    }
    if (flush_error == 0) error = work(fd);
    if (flush_error != 0 || error != 0) size = file_size(fd);
  }
};

Result<> OpenFile::run(const char* operation, OnFailure on_failure,
                       const std::function<int(int)>& work) {
  Job job{operation, on_failure, std::exchange(pieces_, {})};
  buffered_ = 0;
  {
    // Also when the fiber is cancelled meanwhile: the work is done all the same.
    const OnExit settled([&] { settle(job); });
    run_on_lane(loop_, lane_, [&] { job.perform(fd_.get(), work); });
  }
  if (job.flush_error != 0) return error("write", job.flush_error);
  if (job.error != 0) return error(operation, job.error);
  return {};
}

void OpenFile::settle(const Job& job) {
  if (job.flush_error == 0 && job.error == 0) return;
  if (job.size >= 0) size_ = std::max(static_cast<std::uint64_t>(job.size), end_of_buffered());
  if (failed_) return;
  if (job.flush_error != 0) {
    failed_ = error("write", job.flush_error);
  } else if (job.on_failure == OnFailure::kRemember) {
    failed_ = error(job.operation, job.error);
  }
}

Result<> OpenFile::write(std::uint64_t offset, std::string_view bytes) {
  if (failed_) return refusal("write");
  if (offset > kLargest - bytes.size()) return error("write", EFBIG);
  if (bytes.empty()) return {};
  const std::uint64_t end = offset + bytes.size();
  if (buffered_ + bytes.size() > kMostBuffered) {
    Result<> written =
        run("write", OnFailure::kReport, [&](int fd) { return write_in_bulk(fd, offset, bytes); });
    if (!written) return written;
  } else {
    buffer(offset, bytes);
  }
  size_ = std::max(size_, end);
  return {};
}

void OpenFile::buffer(std::uint64_t offset, std::string_view bytes) {
  buffered_ += bytes.size();
  if (!pieces_.empty() && pieces_.back().offset + pieces_.back().bytes.size() == offset) {
    pieces_.back().bytes.append(bytes);
  } else {
    pieces_.push_back({offset, std::string(bytes)});
  }
}

std::uint64_t OpenFile::end_of_buffered() const {
  std::uint64_t end = 0;
  for (const Piece& piece : pieces_) end = std::max(end, piece.offset + piece.bytes.size());
  return end;
}

Result<std::string> OpenFile::read(std::uint64_t offset, std::size_t length) {
  std::string bytes;
  if (offset >= size_) return bytes;
  length = static_cast<std::size_t>(std::min<std::uint64_t>(length, size_ - offset));
  Result<> done = run("read", OnFailure::kReport,
                      [&](int fd) { return read_fully(fd, offset, length, bytes); });
  if (!done) return done.error();
  return bytes;
}

Result<> OpenFile::sync() {
  if (failed_) return refusal("sync");
  return run("sync", OnFailure::kRemember, synchronise);
}

Result<> OpenFile::truncate(std::uint64_t size) {
  if (failed_) return refusal("truncation");
  if (size > kLargest) return error("truncation", EFBIG);
  Result<> done = run("truncation", OnFailure::kReport, [&](int fd) {
    while (::ftruncate(fd, static_cast<off_t>(size)) != 0) {
      if (errno != EINTR) return errno;
    }
    return 0;
  });
  if (done) size_ = std::max(size, end_of_buffered());
  return done;
}

Result<> OpenFile::preallocate(std::uint64_t size) {
  if (failed_) return refusal("preallocation");
  if (size > kLargest) return error("preallocation", EFBIG);
  if (size == 0) return {};
  Result<> done =
      run("preallocation", OnFailure::kReport, [&](int fd) { return reserve(fd, size); });
  if (done) size_ = std::max(size_, size);
  return done;
}

void OpenFile::write_out() {
  for (const Piece& piece : pieces_) {
    if (write_fully(fd_.get(), piece.offset, piece.bytes) != 0) return;
  }
  pieces_.clear();
}

Error OpenFile::error(const char* operation, int number) const {
  return system_error(std::string(operation) + " of " + identity_.name + " in " + identity_.folder,
                      number);
}

Error OpenFile::refusal(const char* operation) const {
  return {failed_->code, std::string(operation) + " of " + identity_.name + " in " +
                             identity_.folder +
                             " refused after an earlier failure: " + failed_->message};
}

}  // namespace synchrodb::net
