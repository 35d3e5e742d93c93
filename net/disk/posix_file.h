// System calls on files, completed where the kernel stops half-way and repeated where it was
// interrupted. They block: any thread but the loop's. What returns an int returns an errno, 0 for
// success.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "engine/env/result.h"

namespace synchrodb::net {

// An open file descriptor, closed by the destructor. -1: none.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// An errno as the seam's error: "<what>: No space left on device". A full disk, quota or file-size
// limit is kNoSpace, a refusal of the file system (read-only, no permission) kInvalid, the lack of
// descriptors or memory kUnavailable, an absent file kNotFound and everything else kIo.
Error system_error(const std::string& what, int number);

int write_fully(int fd, std::uint64_t offset, std::string_view bytes);
// The same for many bytes. The device begins with them at once, piece by piece, instead of finding
// them all at the sync, where they would be in the way of everybody else's.
int write_in_bulk(int fd, std::uint64_t offset, std::string_view bytes);
// Appends at most `length` bytes to `bytes`, fewer only at the end of the file.
int read_fully(int fd, std::uint64_t offset, std::size_t length, std::string& bytes);
// Reserves space up to `size`; what was not there reads as zeros. Where the file system cannot,
// zeros are written. A failure leaves the file's size as it was.
int reserve(int fd, std::uint64_t size);
int synchronise(int fd);            // contents and size
int synchronise_directory(int fd);  // names
// -1 when it cannot be told.
std::int64_t file_size(int fd);

}  // namespace synchrodb::net
