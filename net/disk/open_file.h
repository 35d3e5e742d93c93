// A file that a DirectoryDisk has open, shared by all the handles to it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/env/result.h"
#include "net/disk/posix_file.h"
#include "net/loop/loop.h"

namespace synchrodb::net {

// A thread beside the loop, and what it should do when it next has something to do.
struct DiskLane {
  explicit DiskLane(const std::string& name) : thread(name) {}

  WorkerThread thread;
  std::vector<Descriptor> closing;  // the last close of a removed file frees its blocks: it blocks
};

// Runs `work` on the lane's thread and parks meanwhile; `work` runs even if the fiber is cancelled.
void run_on_lane(Loop& loop, DiskLane& lane, const std::function<void()>& work);

// Small writes are kept in memory until the next call that needs the disk (or until there are
// kMostBuffered bytes of them), and go there together with it: a batch of the log and its sync are
// one trip to the lane's thread. No write is made on the loop's own thread: even one into the page
// cache waits when the kernel throttles writers or a page is on its way to the device.
//
// The loop's thread only; calls park.
class OpenFile {
 public:
  static constexpr std::size_t kMostBuffered = 1024 * 1024;

  struct Identity {
    std::string folder;
    std::string name;  // the last known one, for messages
  };

  OpenFile(Loop& loop, DiskLane& lane, Identity identity, Descriptor fd, std::uint64_t size)
      : loop_(loop), lane_(lane), identity_(std::move(identity)), fd_(std::move(fd)), size_(size) {}

  Result<> write(std::uint64_t offset, std::string_view bytes);
  Result<std::string> read(std::uint64_t offset, std::size_t length);
  Result<> sync();
  Result<> truncate(std::uint64_t size);
  Result<> preallocate(std::uint64_t size);
  std::uint64_t size() const { return size_; }

  void rename(std::string name) { identity_.name = std::move(name); }
  // Whether a later handle must find this very object: bytes wait, or a failure is remembered.
  bool must_stay() const { return !pieces_.empty() || failed_; }
  // Blocks: writes what waits. At the end of the process, when nobody can be told of an error.
  void write_out();
  // The lane closes the descriptor when it has something to do. Nothing may follow.
  void retire() { lane_.closing.push_back(std::move(fd_)); }

  std::size_t handles = 0;
  bool removed = false;

 private:
  struct Piece {
    std::uint64_t offset;
    std::string bytes;
  };
  struct Job;
  enum class OnFailure { kReport, kRemember };

  // Runs `work` on the lane, after what waits was written. It returns an errno.
  Result<> run(const char* operation, OnFailure on_failure, const std::function<int(int)>& work);
  void settle(const Job& job);
  void buffer(std::uint64_t offset, std::string_view bytes);
  std::uint64_t end_of_buffered() const;
  Error error(const char* operation, int number) const;
  Error refusal(const char* operation) const;

  Loop& loop_;
  DiskLane& lane_;
  Identity identity_;
  Descriptor fd_;
  std::uint64_t size_;
  std::vector<Piece> pieces_;  // in the order of writing
  std::size_t buffered_ = 0;
  // A sync failed, or bytes were lost whose write had been accepted. The page cache may take them
  // for clean now, so that a second sync would succeed and lie: there is none.
  std::optional<Error> failed_;
};

}  // namespace synchrodb::net
