#include "engine/storage/snapshot_file.h"

#include <algorithm>
#include <utility>

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

Result<std::string> read_block(File& file, const SnapshotLayout& layout, std::uint64_t number,
                               std::uint32_t expected) {
  const std::uint64_t at = number * layout.block_bytes;
  const std::uint64_t length = std::min<std::uint64_t>(layout.block_bytes, layout.state_bytes - at);
  Result<std::string> block = read_exactly(file, layout.header_bytes + at, length);
  if (block && crc32c(0, block.value()) != expected) return damaged("block checksum");
  return block;
}

std::string encode_table(const std::vector<std::uint32_t>& blocks) {
  std::string table(4 * blocks.size(), '\0');
  for (std::size_t i = 0; i < blocks.size(); ++i) put(table.data() + 4 * i, blocks[i]);
  return table;
}

std::string encode_header(const SnapshotLayout& layout) {
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
  put(p + 64, layout.table_crc);
  layout.configuration.copy(p + kSnapshotFixed, layout.configuration.size());
  const std::size_t crc_at = kSnapshotFixed + layout.configuration.size();
  put(p + crc_at, crc32c(0, p, crc_at));
  return header;
}

}  // namespace

SnapshotLayout::SnapshotLayout(GroupId g, const SnapshotMeta& m, std::uint32_t block)
    : group(g), meta(m), block_bytes(block) {
  if (meta.configuration != Configuration{}) {
    configuration = encode_configuration(meta.configuration);
  }
  const std::uint64_t need = kSnapshotFixed + configuration.size() + 4;
  header_bytes = static_cast<std::uint32_t>((need + kSector - 1) / kSector * kSector);
}

void BlockChecksums::add(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t part = std::min<std::size_t>(bytes.size(), block_bytes_ - filled_);
    current_ = crc32c(current_, bytes.substr(0, part));
    filled_ += static_cast<std::uint32_t>(part);
    bytes.remove_prefix(part);
    if (filled_ == block_bytes_) end();
  }
}

void BlockChecksums::end() {
  if (filled_ == 0) return;
  blocks_.push_back(current_);
  current_ = filled_ = 0;
}

// ---- writing -----------------------------------------------------------------------------------

SnapshotFileWriter::SnapshotFileWriter(std::unique_ptr<File> file, SnapshotLayout layout,
                                       std::uint32_t settle_bytes, bool read_back)
    : file_(std::move(file)),
      layout_(std::move(layout)),
      settle_bytes_(settle_bytes),
      read_back_(read_back),
      checksums_(layout_.block_bytes) {}

Result<> SnapshotFileWriter::append(std::string_view state) {
  if (state.empty()) return {};
  if (Result<> r = file_->write(layout_.table_at(), state); !r) return r;
  checksums_.add(state);
  layout_.state_bytes += state.size();
  return layout_.state_bytes - settled_ < settle_bytes_ ? Result<>() : settle();
}

Result<> SnapshotFileWriter::settle() {
  if (Result<> r = file_->sync(); !r) return r;
  settled_ = layout_.state_bytes;
  if (!read_back_) return {};
  for (; checked_ < checksums_.blocks().size(); ++checked_) {
    Result<std::string> block =
        read_block(*file_, layout_, checked_, checksums_.blocks()[checked_]);
    if (!block) return block.error();
  }
  return {};
}

Result<> SnapshotFileWriter::finish() {
  checksums_.end();
  const std::string table = encode_table(checksums_.blocks());
  layout_.table_crc = crc32c(0, table);
  const std::string header = encode_header(layout_);
  if (Result<> r = file_->write(layout_.table_at(), table); !r) return r;
  if (Result<> r = file_->write(0, header); !r) return r;
  if (Result<> r = settle(); !r) return r;
  if (!read_back_) return {};
  if (Result<> r = check_same(layout_.table_at(), table); !r) return r;
  return check_same(0, header);
}

Result<> SnapshotFileWriter::check_same(std::uint64_t offset, std::string_view expected) {
  Result<std::string> bytes = read_exactly(*file_, offset, expected.size());
  if (!bytes) return bytes.error();
  if (bytes.value() != expected) return damaged("not what was written");
  return {};
}

// ---- reading -----------------------------------------------------------------------------------

Result<SnapshotLayout> read_snapshot_header(File& file) {
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
  SnapshotLayout layout;
  layout.header_bytes = header_bytes;
  layout.group.value = get<std::uint64_t>(p + 16);
  layout.meta.index.value = get<std::uint64_t>(p + 24);
  layout.meta.term.value = get<std::uint64_t>(p + 32);
  layout.meta.configuration_index.value = get<std::uint64_t>(p + 40);
  layout.state_bytes = get<std::uint64_t>(p + 48);
  layout.block_bytes = get<std::uint32_t>(p + 56);
  const std::uint64_t configuration = get<std::uint32_t>(p + 60);
  layout.table_crc = get<std::uint32_t>(p + 64);
  const std::uint64_t crc_at = kSnapshotFixed + configuration;
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
  if (layout.block_bytes == 0 || layout.state_bytes > file.size() ||
      layout.file_bytes() != file.size()) {
    return damaged("file size");
  }
  layout.configuration.assign(p + kSnapshotFixed, configuration);
  if (configuration > 0) {
    std::optional<Configuration> decoded = decode_configuration(layout.configuration);
    if (!decoded) return damaged("configuration");
    layout.meta.configuration = *std::move(decoded);
  }
  return layout;
}

Result<std::unique_ptr<SnapshotFileReader>> SnapshotFileReader::open(std::unique_ptr<File> file) {
  Result<SnapshotLayout> header = read_snapshot_header(*file);
  if (!header) return header.error();
  const SnapshotLayout& layout = header.value();
  Result<std::string> table = read_exactly(*file, layout.table_at(), 4 * layout.blocks());
  if (!table) return table.error();
  if (crc32c(0, table.value()) != layout.table_crc) return damaged("table checksum");
  std::vector<std::uint32_t> blocks(layout.blocks());
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    blocks[i] = get<std::uint32_t>(table.value().data() + 4 * i);
  }
  return std::unique_ptr<SnapshotFileReader>(
      new SnapshotFileReader(std::move(file), std::move(header).value(), std::move(blocks)));
}

Result<> SnapshotFileReader::load(std::uint64_t number) {
  if (block_number_ == number) return {};
  Result<std::string> block = read_block(*file_, layout_, number, blocks_[number]);
  if (!block) return block.error();
  block_ = std::move(block).value();
  block_number_ = number;
  return {};
}

Result<std::string> SnapshotFileReader::read(std::uint64_t offset, std::size_t max_bytes) {
  std::string bytes;
  while (bytes.size() < max_bytes && offset + bytes.size() < layout_.state_bytes) {
    const std::uint64_t at = offset + bytes.size();
    if (Result<> r = load(at / layout_.block_bytes); !r) return r.error();
    bytes.append(block_, at % layout_.block_bytes, max_bytes - bytes.size());
  }
  return bytes;
}

Result<> SnapshotFileReader::check() {
  for (std::uint64_t i = 0; i < layout_.blocks(); ++i) {
    if (Result<> r = load(i); !r) return r;
  }
  return {};
}

}  // namespace synchrodb::storage
