#include "sim/protocol/protocol_storage.h"

#include <cstring>
#include <utility>

#include "engine/storage/crc32c.h"

namespace synchrodb::sim {
namespace {

constexpr const char* kFile = "protocol.log";
constexpr const char* kBeside = "protocol.new";
// A shorter file is not worth the trouble, nor is one of which a quarter still counts.
constexpr std::uint64_t kShortest = 256 * 1'024;
constexpr std::uint64_t kHistoryFactor = 4;
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
  worthwhile_at_ = kShortest;
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
      account(name, nullptr);
    } else {
      const std::string value(all.substr(at + sizeof head + head.name, head.bytes));
      account(name, &value);
    }
    at += sizeof head + body;
  }
  return at;
}

// Takes a change over into the contents.
void ProtocolStorage::account(const std::string& name, const std::string* bytes) {
  const auto before = contents_.find(name);
  if (before != contents_.end()) live_ -= sizeof(Head) + name.size() + before->second.size();
  if (bytes == nullptr) {
    contents_.erase(name);
    return;
  }
  live_ += sizeof(Head) + name.size() + bytes->size();
  contents_[name] = *bytes;
}

Result<> ProtocolStorage::append(const std::string& record) {
  if (Result<> written = file_->write(end_, record); !written) return written;
  end_ += record.size();
  return compact_if_worthwhile();
}

Result<std::unique_ptr<File>> ProtocolStorage::write_anew(const std::string& bytes) {
  Result<std::unique_ptr<File>> beside = disk_.open(kBeside, Disk::Mode::kCreate);
  if (!beside) return beside;
  // A crash may have left one.
  if (Result<> cut = beside.value()->truncate(0); !cut) return cut.error();
  if (Result<> written = beside.value()->write(0, bytes); !written) return written.error();
  if (Result<> synced = beside.value()->sync(); !synced) return synced.error();
  return beside;
}

// The new file is durable before it takes the name, so that a crash finds the one or the other, and
// all that was synced in both.
Result<> ProtocolStorage::compact_if_worthwhile() {
  if (end_ < worthwhile_at_ || end_ < kHistoryFactor * live_) return {};
  std::string bytes;
  for (const auto& [name, value] : contents_) bytes += record_of(name, &value);
  Result<std::unique_ptr<File>> anew = write_anew(bytes);
  if (!anew) {
    worthwhile_at_ = 2 * end_;
    return {};
  }
  if (Result<> renamed = disk_.rename(kBeside, kFile); !renamed) return renamed;
  if (Result<> synced = disk_.sync_directory(); !synced) return synced;
  file_ = std::move(anew).value();
  end_ = bytes.size();
  worthwhile_at_ = kShortest;
  return {};
}

Result<> ProtocolStorage::put(const std::string& name, const std::string& bytes) {
  account(name, &bytes);
  return append(record_of(name, &bytes));
}

Result<> ProtocolStorage::erase(const std::string& name) {
  account(name, nullptr);
  return append(record_of(name, nullptr));
}

Result<> ProtocolStorage::sync() {
  return file_->sync();
}

}  // namespace synchrodb::sim
