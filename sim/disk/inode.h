// A simulated file's contents: blocks that exist only where something was written.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace synchrodb::sim {

inline constexpr std::size_t kSectorBytes = 512;
using SectorBytes = std::array<char, kSectorBytes>;

// Blocks of 4 KiB, reused.
class BlockPool {
 public:
  static constexpr std::size_t kBlockBytes = 4096;
  using Block = std::unique_ptr<char[]>;

  Block take_zeroed();
  void give_back(Block block);
  // Bytes in use.
  std::size_t in_use() const { return in_use_; }

 private:
  std::vector<Block> free_;
  std::size_t in_use_ = 0;
};

// Contents and size as the process sees them. Bytes above the size are always zero, and a block
// that was never written costs nothing.
class Inode {
 public:
  Inode(BlockPool& pool, std::uint64_t number) : pool_(pool), number_(number) {}
  ~Inode();
  Inode(const Inode&) = delete;
  Inode& operator=(const Inode&) = delete;

  // Unique on its disk, never reused.
  std::uint64_t number() const { return number_; }
  std::uint64_t size() const { return size_; }
  // Zeroes everything above.
  void set_size(std::uint64_t size);

  void read(std::uint64_t offset, char* out, std::size_t length) const;
  // The caller keeps the size.
  void write(std::uint64_t offset, std::string_view bytes);

  SectorBytes sector(std::uint64_t number) const;
  void set_sector(std::uint64_t number, const SectorBytes& bytes);
  // Whether anything was ever written in the sector's block.
  bool has_block_of(std::uint64_t sector) const;
  std::uint64_t sectors() const { return (size_ + kSectorBytes - 1) / kSectorBytes; }

 private:
  char* block_for_writing(std::uint64_t number);

  BlockPool& pool_;
  std::uint64_t number_;
  std::vector<BlockPool::Block> blocks_;
  std::uint64_t size_ = 0;
};

}  // namespace synchrodb::sim
