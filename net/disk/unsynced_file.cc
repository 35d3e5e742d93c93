#include "net/disk/unsynced_file.h"

#include <algorithm>
#include <vector>

namespace synchrodb::net {

namespace {

constexpr std::size_t kPiece = 256 * 1024;

bool all_zero(std::string_view bytes) {
  return bytes.find_first_not_of('\0') == std::string_view::npos;
}

}  // namespace

Error UnsyncedFile::refusal() const {
  return {failed_->code, name_ + " refused after an earlier failure: " + failed_->message};
}

Result<> UnsyncedFile::remember(Result<> result) {
  if (!result && !failed_) failed_ = result.error();
  return result;
}

Result<> UnsyncedFile::write(std::uint64_t offset, std::string_view bytes) {
  if (failed_) return refusal();
  if (bytes.empty()) return {};
  changes_.push_back({Change::Kind::kWrite, offset, std::make_shared<const std::string>(bytes)});
  size_ = std::max(size_, offset + bytes.size());
  return {};
}

Result<> UnsyncedFile::truncate(std::uint64_t size) {
  if (failed_) return refusal();
  changes_.push_back({Change::Kind::kTruncate, size, nullptr});
  size_ = size;
  return {};
}

Result<> UnsyncedFile::preallocate(std::uint64_t size) {
  if (failed_) return refusal();
  changes_.push_back({Change::Kind::kPreallocate, size, nullptr});
  size_ = std::max(size_, size);
  return {};
}

// What `change` makes of `bytes`, which lie at `offset`.
void UnsyncedFile::show(const Change& change, std::uint64_t offset, std::string& bytes) {
  const std::uint64_t end = offset + bytes.size();
  if (change.kind == Change::Kind::kTruncate) {
    if (change.offset >= end) return;
    const auto kept = static_cast<std::size_t>(std::max(change.offset, offset) - offset);
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(kept), bytes.end(), '\0');
  } else if (change.kind == Change::Kind::kWrite) {
    const std::uint64_t from = std::max(offset, change.offset);
    const std::uint64_t to = std::min(end, change.offset + change.bytes->size());
    if (from >= to) return;
    bytes.replace(static_cast<std::size_t>(from - offset), static_cast<std::size_t>(to - from),
                  *change.bytes, static_cast<std::size_t>(from - change.offset),
                  static_cast<std::size_t>(to - from));
  }
}

Result<std::string> UnsyncedFile::read(std::uint64_t offset, std::size_t length) {
  if (offset >= size_) return std::string();
  length = static_cast<std::size_t>(std::min<std::uint64_t>(length, size_ - offset));
  // As of now: reading parks, and a sync meanwhile takes changes off the list. To show a change
  // that is durable already alters nothing.
  const std::vector<Change> changes(changes_.begin(), changes_.end());
  const std::shared_ptr<File> durable = durable_;
  Result<std::string> read = durable->read(offset, length);
  if (!read) return read;
  std::string bytes = std::move(read).value();
  bytes.resize(length, '\0');
  for (const Change& change : changes) show(change, offset, bytes);
  return bytes;
}

Result<> UnsyncedFile::apply(const Change& change, File& file) {
  switch (change.kind) {
    case Change::Kind::kWrite:
      return file.write(change.offset, *change.bytes);
    case Change::Kind::kTruncate:
      return file.truncate(change.offset);
    case Change::Kind::kPreallocate:
      return file.preallocate(change.offset);
  }
  return {};
}

Result<> UnsyncedFile::sync() {
  const FiberMutex::Lock lock(turn_);
  if (failed_) return refusal();
  const std::size_t count = changes_.size();
  for (std::size_t i = 0; i < count; ++i) {
    const Change change = changes_[i];
    if (Result<> r = remember(apply(change, *durable_)); !r) return r;
  }
  if (Result<> r = remember(durable_->sync()); !r) return r;
  changes_.erase(changes_.begin(), changes_.begin() + static_cast<std::ptrdiff_t>(count));
  return {};
}

Result<> UnsyncedFile::fail_sync() {
  if (failed_) return refusal();
  return remember(Error{ErrorCode::kIo, "sync of " + name_ + ": injected failure"});
}

Result<> UnsyncedFile::move_to(std::shared_ptr<File> below) {
  const FiberMutex::Lock lock(turn_);
  if (below->size() > 0) {
    if (Result<> r = below->truncate(0); !r) return r;
  }
  const std::uint64_t size = durable_->size();
  if (Result<> r = below->preallocate(size); !r) return r;
  for (std::uint64_t at = 0; at < size; at += kPiece) {
    Result<std::string> piece = durable_->read(at, kPiece);
    if (!piece) return piece.error();
    if (all_zero(piece.value())) continue;
    if (Result<> r = below->write(at, piece.value()); !r) return r;
  }
  if (Result<> r = below->sync(); !r) return r;
  durable_ = std::move(below);
  return {};
}

std::uint64_t UnsyncedFile::unsynced_bytes() const {
  std::uint64_t bytes = 0;
  for (const Change& change : changes_) bytes += change.bytes ? change.bytes->size() : 0;
  return bytes;
}

}  // namespace synchrodb::net
