#include "sim/disk/inode.h"

#include <algorithm>
#include <cstring>

namespace synchrodb::sim {
namespace {

constexpr std::size_t kBlock = BlockPool::kBlockBytes;
constexpr std::size_t kSectorsPerBlock = kBlock / kSectorBytes;

}  // namespace

BlockPool::Block BlockPool::take_zeroed() {
  in_use_ += kBlock;
  if (free_.empty()) return std::make_unique<char[]>(kBlock);
  Block block = std::move(free_.back());
  free_.pop_back();
  std::memset(block.get(), 0, kBlock);
  return block;
}

void BlockPool::give_back(Block block) {
  in_use_ -= kBlock;
  free_.push_back(std::move(block));
}

Inode::~Inode() {
  for (BlockPool::Block& block : blocks_) {
    if (block != nullptr) pool_.give_back(std::move(block));
  }
}

void Inode::set_size(std::uint64_t size) {
  size_ = size;
  const auto whole = static_cast<std::size_t>((size + kBlock - 1) / kBlock);
  while (blocks_.size() > whole) {
    if (blocks_.back() != nullptr) pool_.give_back(std::move(blocks_.back()));
    blocks_.pop_back();
  }
  const auto tail = static_cast<std::size_t>(size % kBlock);
  if (tail != 0 && blocks_.size() == whole && blocks_.back() != nullptr) {
    std::memset(blocks_.back().get() + tail, 0, kBlock - tail);
  }
}

char* Inode::block_for_writing(std::uint64_t number) {
  const auto index = static_cast<std::size_t>(number);
  if (index >= blocks_.size()) blocks_.resize(index + 1);
  if (blocks_[index] == nullptr) blocks_[index] = pool_.take_zeroed();
  return blocks_[index].get();
}

void Inode::read(std::uint64_t offset, char* out, std::size_t length) const {
  while (length > 0) {
    const auto index = static_cast<std::size_t>(offset / kBlock);
    const auto from = static_cast<std::size_t>(offset % kBlock);
    const std::size_t part = std::min(length, kBlock - from);
    if (index < blocks_.size() && blocks_[index] != nullptr) {
      std::memcpy(out, blocks_[index].get() + from, part);
    } else {
      std::memset(out, 0, part);
    }
    out += part;
    offset += part;
    length -= part;
  }
}

void Inode::write(std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto from = static_cast<std::size_t>(offset % kBlock);
    const std::size_t part = std::min(bytes.size(), kBlock - from);
    std::memcpy(block_for_writing(offset / kBlock) + from, bytes.data(), part);
    offset += part;
    bytes.remove_prefix(part);
  }
}

SectorBytes Inode::sector(std::uint64_t number) const {
  SectorBytes bytes;
  read(number * kSectorBytes, bytes.data(), kSectorBytes);
  return bytes;
}

void Inode::set_sector(std::uint64_t number, const SectorBytes& bytes) {
  write(number * kSectorBytes, std::string_view(bytes.data(), bytes.size()));
}

bool Inode::has_block_of(std::uint64_t sector) const {
  const auto index = static_cast<std::size_t>(sector / kSectorsPerBlock);
  return index < blocks_.size() && blocks_[index] != nullptr;
}

}  // namespace synchrodb::sim
