#include "net/disk/data_directory.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "consensus/assert.h"
#include "engine/storage/format.h"
#include "net/disk/file_name.h"
#include "net/disk/hex.h"
#include "net/disk/replace_file.h"

namespace synchrodb::net {

namespace {

constexpr std::string_view kNewName = "node-identity-new";  // of replace_file()
constexpr std::string_view kMagic = "synchrodb-node-identity ";
// Made by mkfs: the folder is where a file system of its own is mounted.
constexpr std::string_view kFoundName = "lost+found";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kMostBytes = 4096;
constexpr std::size_t kMostCreatedBy = 100;

std::string checksum_of(std::string_view text) {
  const std::uint32_t crc = crc32c(0, text);
  return to_hex(std::string{static_cast<char>(crc >> 24), static_cast<char>(crc >> 16),
                            static_cast<char>(crc >> 8), static_cast<char>(crc)});
}

bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

std::string place(std::string_view folder) {
  return std::string(kIdentityName) + " in " + std::string(folder);
}

Error damaged(std::string_view folder, std::string_view what) {
  return {ErrorCode::kCorrupt, place(folder) + " is damaged (" + std::string(what) +
                                   "): restore it from a backup, or remove this node from the "
                                   "cluster and let it rejoin under a new id with an empty folder"};
}

Error not_empty(std::string_view folder, const std::string& name) {
  return {ErrorCode::kInvalid, "the folder " + std::string(folder) + " is not empty (" + name +
                                   ") but has no node-identity: if it is a node's, restore that "
                                   "file; else choose an empty folder"};
}

template <class Number>
bool parse_decimal(std::string_view text, Number& value) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end;
}

// Takes "<key> <value>\n" off the front; nothing if that is not there.
std::optional<std::string_view> take_line(std::string_view& text, std::string_view key) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos || !text.starts_with(key)) return std::nullopt;
  std::string_view value = text.substr(key.size(), end - key.size());
  text.remove_prefix(end + 1);
  return value;
}

std::string encode(const NodeIdentity& identity) {
  std::string text(kMagic);
  text += std::to_string(kVersion) + "\n";
  text += "cluster " + identity.cluster.hex() + "\n";
  text += "node " + std::to_string(identity.node.value) + "\n";
  text += "storage-format " + std::to_string(identity.storage_format) + "\n";
  text += "created-by " + identity.created_by + "\n";
  if (identity.named) text += "named " + identity.named->hex() + "\n";
  return text + "crc32c " + checksum_of(text) + "\n";
}

// Whether the last line is the checksum of those before it; it is taken off.
bool take_checksum(std::string_view& text) {
  const std::size_t at = text.rfind("crc32c ");
  if (at == std::string_view::npos || at == 0 || text[at - 1] != '\n') return false;
  const bool right = text.substr(at) == "crc32c " + checksum_of(text.substr(0, at)) + "\n";
  text = text.substr(0, at);
  return right;
}

Result<NodeIdentity> decode(std::string_view text, std::string_view folder) {
  if (!text.starts_with(kMagic)) return damaged(folder, "it does not begin as one");
  // First of all: only whole bytes can tell another version from damage.
  if (!take_checksum(text)) return damaged(folder, "its checksum is wrong");
  std::uint32_t version = 0;
  const auto version_text = take_line(text, kMagic);
  if (!version_text || !parse_decimal(*version_text, version)) return damaged(folder, "version");
  if (version != kVersion) {
    return Error{ErrorCode::kUnsupported,
                 place(folder) + " has version " + std::to_string(version) +
                     ", and this software knows " + std::to_string(kVersion) +
                     ": run the version that wrote it, or a later one"};
  }
  NodeIdentity identity;
  const auto cluster_text = take_line(text, "cluster ");
  const auto cluster = ClusterId::from_hex(cluster_text.value_or(""));
  if (!cluster) return damaged(folder, "cluster");
  identity.cluster = *cluster;
  const auto node = take_line(text, "node ");
  if (!node || !parse_decimal(*node, identity.node.value) || !identity.node) {
    return damaged(folder, "node");
  }
  const auto format = take_line(text, "storage-format ");
  if (!format || !parse_decimal(*format, identity.storage_format)) {
    return damaged(folder, "storage-format");
  }
  const auto created_by = take_line(text, "created-by ");
  if (!created_by) return damaged(folder, "created-by");
  identity.created_by = *created_by;
  if (const auto named = take_line(text, "named ")) {
    identity.named = ClusterId::from_hex(*named);
    if (!identity.named) return damaged(folder, "named");
  }
  if (!text.empty()) return damaged(folder, "its lines");
  return identity;
}

Result<> check_format(const NodeIdentity& identity, std::string_view folder) {
  if (identity.storage_format == storage::kFormatVersion) return {};
  return Error{ErrorCode::kUnsupported, "the files in " + std::string(folder) + " have format " +
                                            std::to_string(identity.storage_format) +
                                            ", and this software knows " +
                                            std::to_string(storage::kFormatVersion) + ": run " +
                                            identity.created_by + ", or a later version"};
}

}  // namespace

std::string ClusterId::hex() const {
  return to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::optional<ClusterId> ClusterId::from_hex(std::string_view hex) {
  ClusterId id;
  const std::optional<std::string> bytes = net::from_hex(hex);
  if (!bytes || bytes->size() != id.bytes.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), id.bytes.begin());
  return id;
}

Result<NodeIdentity> read_identity(Disk& disk, std::string_view folder) {
  Result<std::unique_ptr<File>> file = disk.open(kIdentityName, Disk::Mode::kMustExist);
  if (!file) {
    if (file.error().code != ErrorCode::kNotFound) return file.error();
    return Error{ErrorCode::kNotFound, "the folder " + std::string(folder) +
                                           " belongs to no node yet: it has no node-identity"};
  }
  Result<std::string> text = file.value()->read(0, kMostBytes + 1);
  if (!text) return text.error();
  if (text.value().size() > kMostBytes) return damaged(folder, "it is too long");
  Result<NodeIdentity> identity = decode(text.value(), folder);
  if (!identity) return identity;
  if (Result<> r = check_format(identity.value(), folder); !r) return r.error();
  return identity;
}

Result<> check_unused(Disk& disk, std::string_view folder) {
  Result<std::vector<std::string>> names = disk.list();
  if (!names) return names.error();
  if (std::find(names.value().begin(), names.value().end(), kIdentityName) != names.value().end()) {
    return Error{ErrorCode::kInvalid,
                 "the folder " + std::string(folder) +
                     " belongs to a node already: a second bootstrap of it is refused. Start "
                     "the server without asking for one, or choose an empty folder"};
  }
  for (const std::string& name : names.value()) {
    if (name != kNewName) return not_empty(folder, name);
  }
  return {};
}

Result<> check_not_of_others(const std::string& folder) {
  std::optional<std::string> other;
  std::error_code failure;
  for (std::filesystem::directory_iterator entry(folder, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    const std::string name = entry->path().filename().string();
    if (name == kIdentityName) return {};
    if (name == kLockName || name == kNewName || name == kFoundName) continue;
    if (!other || name < *other) other = name;
  }
  if (other && !failure) return not_empty(folder, *other);
  return {};
}

Result<> write_identity(Disk& disk, const NodeIdentity& identity) {
  SYNCHRODB_ASSERT(identity.node && identity.created_by.size() <= kMostCreatedBy &&
                       printable(identity.created_by),
                   "an identity that can be read again");
  return replace_file(disk, kIdentityName, encode(identity));
}

Result<> create_identity(Disk& disk, std::string_view folder, const NodeIdentity& identity) {
  if (Result<> r = check_unused(disk, folder); !r) return r;
  return write_identity(disk, identity);
}

Result<> check_identity(const NodeIdentity& found, const ExpectedIdentity& expected,
                        std::string_view folder) {
  const bool same_cluster =
      !expected.cluster || *expected.cluster == found.named.value_or(found.cluster);
  if (same_cluster && found.node == expected.node) return {};
  std::string message = "the data in " + std::string(folder) + " belongs to node " +
                        std::to_string(found.node.value) + " of cluster " + found.cluster.hex() +
                        "; this server was started as node " + std::to_string(expected.node.value);
  if (!same_cluster) message += " of cluster " + expected.cluster->hex();
  message += same_cluster ? ": start it with the node id of the data, or with another data folder"
                          : ": start it with the data folder of that cluster, or with an empty one";
  return Error{ErrorCode::kInvalid, std::move(message)};
}

}  // namespace synchrodb::net
