// A file of a FaultyDisk: what is durable, and what a power failure would take.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/env/disk.h"
#include "net/disk/fiber_mutex.h"

namespace synchrodb::net {

// Shared by all handles. Changes are kept here, in order, and reach `durable` at a sync. The caller
// decides which syncs fail.
class UnsyncedFile {
 public:
  // `durable`: the file on the disk below or, while its name is not durable there, one in memory
  // that nobody else can open.
  UnsyncedFile(Fibers& fibers, std::string name, std::shared_ptr<File> durable)
      : name_(std::move(name)),
        durable_(std::move(durable)),
        size_(durable_->size()),
        turn_(fibers) {}

  Result<> write(std::uint64_t offset, std::string_view bytes);
  Result<std::string> read(std::uint64_t offset, std::size_t length);
  Result<> truncate(std::uint64_t size);
  Result<> preallocate(std::uint64_t size);
  std::uint64_t size() const { return size_; }

  // Makes durable what was written before. A failure is final: nothing is written from then on.
  Result<> sync();
  // A sync that fails because it was told to.
  Result<> fail_sync();

  // The name has become durable: `below`, an empty or left-over file, gets all that is durable and
  // takes its place. After an error it is to be done again.
  Result<> move_to(std::shared_ptr<File> below);

  std::uint64_t unsynced_bytes() const;

 private:
  struct Change {
    enum class Kind { kWrite, kTruncate, kPreallocate } kind;
    std::uint64_t offset;  // or the size
    std::shared_ptr<const std::string> bytes;
  };

  static Result<> apply(const Change& change, File& file);
  static void show(const Change& change, std::uint64_t offset, std::string& bytes);
  Result<> remember(Result<> result);
  Error refusal() const;

  std::string name_;
  std::shared_ptr<File> durable_;
  std::uint64_t size_;
  std::deque<Change> changes_;
  std::optional<Error> failed_;
  FiberMutex turn_;  // of what touches `durable_`
};

}  // namespace synchrodb::net
