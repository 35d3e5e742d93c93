#include "sim/protocol/protocol_storage.h"

#include <cstring>

#include "engine/storage/crc32c.h"

namespace synchrodb::sim {
namespace {

constexpr const char* kFile = "protocol.log";
constexpr std::uint32_t kErasure = ~std::uint32_t{0};

struct Head {
  std::uint32_t sum = 0;
  std::uint32_t name = 0;   // lengths
  std::uint32_t bytes = 0;  // kErasure: none
};

std::string record_of(const std::string& name, const std::string* bytes) {
  Head head;
  head.name = static_cast<std::uint32_t>(name.size());
  head.bytes = bytes == nullptr ? kErasure : static_cast<std::uint32_t>(bytes->size());
  std::string record(sizeof head, '\0');
  std::memcpy(record.data(), &head, sizeof head);
  record += name;
  if (bytes != nullptr) record += *bytes;
  head.sum = crc32c(0, std::string_view(record).substr(sizeof head.sum));
  std::memcpy(record.data(), &head.sum, sizeof head.sum);
  return record;
}

}  // namespace

Result<> ProtocolStorage::open() {
  Result<std::unique_ptr<File>> opened = disk_.open(kFile, Disk::Mode::kCreate);
  if (!opened) return opened.error();
  file_ = std::move(opened).value();
  if (Result<> synced = disk_.sync_directory(); !synced) return synced;
  const Result<std::string> bytes = file_->read(0, file_->size());
  if (!bytes) return bytes.error();
  end_ = replay(bytes.value());
  if (end_ < file_->size()) {
    if (Result<> cut = file_->truncate(end_); !cut) return cut;
  }
  // A process that was killed may have left it in the page cache alone.
  return file_->sync();
}

// How long the intact beginning is.
std::size_t ProtocolStorage::replay(const std::string& bytes) {
  const std::string_view all(bytes);
  std::size_t at = 0;
  Head head;
  while (all.size() - at >= sizeof head) {
    std::memcpy(&head, all.data() + at, sizeof head);
    const std::uint64_t body = std::uint64_t{head.name} + (head.bytes == kErasure ? 0 : head.bytes);
    if (body > all.size() - at - sizeof head) break;
    const std::string_view rest =
        all.substr(at + sizeof head.sum, sizeof head - sizeof head.sum + body);
    if (crc32c(0, rest) != head.sum) break;
    const std::string name(all.substr(at + sizeof head, head.name));
    if (head.bytes == kErasure) {
      contents_.erase(name);
    } else {
      contents_[name] = all.substr(at + sizeof head + head.name, head.bytes);
    }
    at += sizeof head + body;
  }
  return at;
}

Result<> ProtocolStorage::append(const std::string& record) {
  Result<> written = file_->write(end_, record);
  if (written) end_ += record.size();
  return written;
}

Result<> ProtocolStorage::put(const std::string& name, const std::string& bytes) {
  contents_[name] = bytes;
  return append(record_of(name, &bytes));
}

Result<> ProtocolStorage::erase(const std::string& name) {
  contents_.erase(name);
  return append(record_of(name, nullptr));
}

Result<> ProtocolStorage::sync() {
  return file_->sync();
}

}  // namespace synchrodb::sim
