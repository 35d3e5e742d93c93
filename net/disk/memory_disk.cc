#include "net/disk/memory_disk.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "net/disk/file_name.h"

namespace synchrodb::net {

namespace {

constexpr std::size_t kBlock = 64 * 1024;
constexpr std::uint64_t kLargest = std::uint64_t{1} << 40;  // of a file

Error absent(std::string_view name) {
  return {ErrorCode::kNotFound, "no file " + std::string(name) + " in memory"};
}

// Calls `use(block, from, length)` for each part of [offset, offset + length) that lies in one
// block.
template <class Use>
void for_each_block(std::uint64_t offset, std::uint64_t length, Use use) {
  while (length > 0) {
    const auto from = static_cast<std::size_t>(offset % kBlock);
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(kBlock - from, length));
    use(static_cast<std::size_t>(offset / kBlock), from, part);
    offset += part;
    length -= part;
  }
}

}  // namespace

// A file's bytes. Blocks that were never written are absent and read as zeros; so do the bytes
// after the end of the file, which makes growing it trivial.
class MemoryDisk::Contents {
 public:
  void write(std::uint64_t offset, std::string_view bytes) {
    resize(std::max(size_, offset + bytes.size()));
    for_each_block(offset, bytes.size(), [&](std::size_t block, std::size_t from, std::size_t n) {
      if (blocks_[block] == nullptr) blocks_[block] = std::make_unique<Block>();
      std::memcpy(blocks_[block]->data() + from, bytes.data(), n);
      bytes.remove_prefix(n);
    });
  }

  std::string read(std::uint64_t offset, std::size_t length) const {
    std::string bytes;
    if (offset >= size_) return bytes;
    length = static_cast<std::size_t>(std::min<std::uint64_t>(length, size_ - offset));
    bytes.reserve(length);
    for_each_block(offset, length, [&](std::size_t block, std::size_t from, std::size_t n) {
      if (blocks_[block] == nullptr) {
        bytes.append(n, '\0');
      } else {
        bytes.append(blocks_[block]->data() + from, n);
      }
    });
    return bytes;
  }

  void resize(std::uint64_t size) {
    blocks_.resize(static_cast<std::size_t>((size + kBlock - 1) / kBlock));
    if (size < size_ && size % kBlock != 0 && blocks_.back() != nullptr) {
      const auto kept = static_cast<std::size_t>(size % kBlock);
      std::memset(blocks_.back()->data() + kept, 0, kBlock - kept);
    }
    size_ = size;
  }

  std::uint64_t size() const { return size_; }
  std::size_t memory() const {
    return kBlock *
           static_cast<std::size_t>(std::count_if(
               blocks_.begin(), blocks_.end(), [](const auto& block) { return block != nullptr; }));
  }

 private:
  using Block = std::array<char, kBlock>;

  std::uint64_t size_ = 0;
  std::vector<std::unique_ptr<Block>> blocks_;
};

namespace {

class MemoryFile final : public File {
 public:
  explicit MemoryFile(std::shared_ptr<MemoryDisk::Contents> contents)
      : contents_(std::move(contents)) {}

  Result<> write(std::uint64_t offset, std::string_view bytes) override {
    if (offset > kLargest || bytes.size() > kLargest - offset) return too_large();
    if (!bytes.empty()) contents_->write(offset, bytes);
    return {};
  }
  Result<std::string> read(std::uint64_t offset, std::size_t length) override {
    return contents_->read(offset, length);
  }
  Result<> sync() override { return {}; }
  Result<> truncate(std::uint64_t size) override {
    if (size > kLargest) return too_large();
    contents_->resize(size);
    return {};
  }
  Result<> preallocate(std::uint64_t size) override {
    if (size > kLargest) return too_large();
    contents_->resize(std::max(size, contents_->size()));
    return {};
  }
  std::uint64_t size() const override { return contents_->size(); }

 private:
  static Error too_large() { return {ErrorCode::kNoSpace, "a file in memory is below 1 TiB"}; }

  std::shared_ptr<MemoryDisk::Contents> contents_;
};

}  // namespace

Result<std::unique_ptr<File>> MemoryDisk::open(std::string_view name, Mode mode) {
  if (Result<> r = check_file_name(name); !r) return r.error();
  auto it = files_.find(name);
  if (it == files_.end()) {
    if (mode == Mode::kMustExist) return absent(name);
    it = files_.emplace(std::string(name), std::make_shared<Contents>()).first;
  }
  return std::unique_ptr<File>(std::make_unique<MemoryFile>(it->second));
}

Result<std::vector<std::string>> MemoryDisk::list() {
  std::vector<std::string> names;
  for (const auto& [name, contents] : files_) names.push_back(name);
  return names;
}

Result<> MemoryDisk::rename(std::string_view from, std::string_view to) {
  if (Result<> r = check_file_name(from); !r) return r;
  if (Result<> r = check_file_name(to); !r) return r;
  auto it = files_.find(from);
  if (it == files_.end()) return absent(from);
  std::shared_ptr<Contents> contents = std::move(it->second);
  files_.erase(it);
  files_.insert_or_assign(std::string(to), std::move(contents));
  return {};
}

Result<> MemoryDisk::remove(std::string_view name) {
  if (Result<> r = check_file_name(name); !r) return r;
  auto it = files_.find(name);
  if (it == files_.end()) return absent(name);
  files_.erase(it);
  return {};
}

std::size_t MemoryDisk::memory() const {
  std::size_t bytes = 0;
  for (const auto& [name, contents] : files_) bytes += contents->memory();
  return bytes;
}

}  // namespace synchrodb::net
