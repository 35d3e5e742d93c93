#include "engine/storage/snapshot_file.h"

#include <algorithm>

namespace synchrodb::storage {

namespace {

constexpr std::uint32_t kMaxHeader = 1u << 30;

Error damaged(const char* what) {
  return {ErrorCode::kCorrupt, std::string("snapshot: ") + what};
}

// The device may refuse a sector (latent sector error): damage, to the caller.
Result<std::string> read_exactly(File& file, std::uint64_t offset, std::size_t length) {
  Result<std::string> bytes = file.read(offset, length);
  if (!bytes) {
    return bytes.error().code == ErrorCode::kIo ? damaged("unreadable sector") : bytes.error();
  }
  if (bytes.value().size() != length) return damaged("file too short");
  return bytes;
}

}  // namespace

SnapshotLayout::SnapshotLayout(GroupId g, const SnapshotMeta& m, std::uint64_t bytes,
                               std::uint32_t block)
    : group(g), meta(m), state_bytes(bytes), block_bytes(block) {
  if (meta.configuration != Configuration{}) {
    configuration = encode_configuration(meta.configuration);
  }
  const std::uint64_t need = kSnapshotFixed + configuration.size() + 4 * blocks() + 8;
  header_bytes = static_cast<std::uint32_t>((need + kSector - 1) / kSector * kSector);
}

void BlockChecksums::add(std::string_view bytes) {
  whole_ = crc32c(whole_, bytes);
  while (!bytes.empty()) {
    const std::size_t part = std::min<std::size_t>(bytes.size(), block_bytes_ - filled_);
    current_ = crc32c(current_, bytes.substr(0, part));
    filled_ += static_cast<std::uint32_t>(part);
    bytes.remove_prefix(part);
    if (filled_ == block_bytes_) {
      blocks_.push_back(current_);
      current_ = filled_ = 0;
    }
  }
}

const std::vector<std::uint32_t>& BlockChecksums::blocks() {
  if (filled_ > 0) {
    blocks_.push_back(current_);
    current_ = filled_ = 0;
  }
  return blocks_;
}

std::string encode_snapshot_header(const SnapshotLayout& layout, BlockChecksums& checksums) {
  std::string header(layout.header_bytes, '\0');
  char* p = header.data();
  put(p, kSnapshotMagic);
  put(p + 8, kFormatVersion);
  put(p + 12, layout.header_bytes);
  put(p + 16, layout.group.value);
  put(p + 24, layout.meta.index.value);
  put(p + 32, layout.meta.term.value);
  put(p + 40, layout.meta.configuration_index.value);
  put(p + 48, layout.state_bytes);
  put(p + 56, layout.block_bytes);
  put(p + 60, static_cast<std::uint32_t>(layout.configuration.size()));
  std::memcpy(p + kSnapshotFixed, layout.configuration.data(), layout.configuration.size());
  std::size_t at = kSnapshotFixed + layout.configuration.size();
  for (std::uint32_t crc : checksums.blocks()) {
    put(p + at, crc);
    at += 4;
  }
  put(p + at, checksums.whole());
  put(p + at + 4, crc32c(0, p, at + 4));
  return header;
}

Result<SnapshotHeader> read_snapshot_header(File& file) {
  Result<std::string> fixed = read_exactly(file, 0, kSnapshotFixed);
  if (!fixed) return fixed.error();
  const char* p = fixed.value().data();
  if (get<std::uint64_t>(p) != kSnapshotMagic) return damaged("no magic");
  const auto header_bytes = get<std::uint32_t>(p + 12);
  if (header_bytes < kSector || header_bytes > kMaxHeader || header_bytes > file.size()) {
    return damaged("header size");
  }
  const auto version = get<std::uint32_t>(p + 8);
  Result<std::string> whole = read_exactly(file, 0, header_bytes);
  if (!whole) return whole.error();
  p = whole.value().data();
  SnapshotHeader header;
  SnapshotLayout& layout = header.layout;
  layout.header_bytes = header_bytes;
  layout.group.value = get<std::uint64_t>(p + 16);
  layout.meta.index.value = get<std::uint64_t>(p + 24);
  layout.meta.term.value = get<std::uint64_t>(p + 32);
  layout.meta.configuration_index.value = get<std::uint64_t>(p + 40);
  layout.state_bytes = get<std::uint64_t>(p + 48);
  layout.block_bytes = get<std::uint32_t>(p + 56);
  const std::uint64_t configuration = get<std::uint32_t>(p + 60);
  if (layout.block_bytes == 0 || layout.state_bytes > file.size()) return damaged("header fields");
  const std::uint64_t crc_at = kSnapshotFixed + configuration + 4 * layout.blocks() + 4;
  if (crc_at + 4 > header_bytes) return damaged("header fields");
  if (get<std::uint32_t>(p + crc_at) != crc32c(0, p, crc_at)) return damaged("header checksum");
  // Only a whole header can tell another version from a flipped bit.
  if (version != kFormatVersion) {
    return Error{ErrorCode::kUnsupported, "snapshot: written by a newer version"};
  }
  if (!plausible(layout.meta.index.value) || !plausible(layout.meta.term.value)) {
    return damaged("index or term");
  }
  if (layout.meta.configuration_index > layout.meta.index) return damaged("configuration index");
  if (header_bytes + layout.state_bytes != file.size()) return damaged("file size");
  layout.configuration.assign(p + kSnapshotFixed, configuration);
  if (configuration > 0) {
    std::optional<Configuration> decoded = decode_configuration(layout.configuration);
    if (!decoded) return damaged("configuration");
    layout.meta.configuration = *std::move(decoded);
  }
  for (std::uint64_t i = 0; i < layout.blocks(); ++i) {
    header.blocks.push_back(get<std::uint32_t>(p + kSnapshotFixed + configuration + 4 * i));
  }
  header.whole = get<std::uint32_t>(p + crc_at - 4);
  return header;
}

Result<> read_snapshot_state(File& file, const SnapshotHeader& header, std::string* state) {
  const SnapshotLayout& layout = header.layout;
  if (state != nullptr) state->reserve(layout.state_bytes);
  std::uint32_t whole = 0;
  for (std::uint64_t i = 0; i < layout.blocks(); ++i) {
    const std::uint64_t at = i * layout.block_bytes;
    const std::uint64_t length =
        std::min<std::uint64_t>(layout.block_bytes, layout.state_bytes - at);
    Result<std::string> block = read_exactly(file, layout.header_bytes + at, length);
    if (!block) return block.error();
    if (crc32c(0, block.value()) != header.blocks[i]) return damaged("block checksum");
    whole = crc32c(whole, block.value());
    if (state != nullptr) state->append(block.value());
  }
  if (whole != header.whole) return damaged("whole checksum");
  return {};
}

}  // namespace synchrodb::storage
