#include "net/client/backup_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "engine/storage/crc32c.h"

namespace synchrodb::net {
namespace {

constexpr std::string_view kMagic = "SYNCBAK\n";
constexpr std::size_t kVersionAt = 8;
constexpr std::size_t kChecksumAt = 12;
constexpr std::size_t kClusterAt = 16;
constexpr std::size_t kPieceBytes = 1 << 20;

Error failure(const std::string& what, const std::string& path) {
  const ErrorCode code = errno == ENOSPC ? ErrorCode::kNoSpace : ErrorCode::kIo;
  return {code, what + " " + path + ": " + std::strerror(errno)};
}

Error corrupt(const std::string& path, const std::string& why) {
  return {ErrorCode::kCorrupt, path + ": " + why};
}

void store(std::string& out, std::size_t at, std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i, value >>= 8) out[at + i] = static_cast<char>(value & 255);
}

std::uint64_t load(std::string_view in, std::size_t at, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = width; i-- > 0;) value = value << 8 | static_cast<unsigned char>(in[at + i]);
  return value;
}

std::uint32_t header_checksum(std::string_view header) {
  return crc32c(crc32c(0, header.substr(0, kChecksumAt)), header.substr(kChecksumAt + 4));
}

std::string encode_header(const BackupHeader& header) {
  std::string out(kBackupHeaderBytes, '\0');
  kMagic.copy(out.data(), kMagic.size());
  store(out, kVersionAt, kBackupVersion, 4);
  std::copy(header.cluster.begin(), header.cluster.end(), out.begin() + kClusterAt);
  std::size_t at = kClusterAt + header.cluster.size();
  for (const std::uint64_t value :
       {header.node, header.index, header.made_ms, header.bytes, header.checksum}) {
    store(out, at, value, 8);
    at += 8;
  }
  store(out, kChecksumAt, header_checksum(out), 4);
  return out;
}

Result<BackupHeader> decode_header(std::string_view in, const std::string& path) {
  if (!in.starts_with(kMagic)) return corrupt(path, "not a backup of SynchroDB");
  if (in.size() < kBackupHeaderBytes) return corrupt(path, "ends within its header");
  const std::uint64_t version = load(in, kVersionAt, 4);
  if (version != kBackupVersion) {
    return Error{ErrorCode::kUnsupported, path + ": a backup of version " +
                                              std::to_string(version) + "; this program reads " +
                                              std::to_string(kBackupVersion)};
  }
  if (load(in, kChecksumAt, 4) != header_checksum(in)) {
    return corrupt(path, "its header is damaged (checksum)");
  }
  BackupHeader header;
  std::copy_n(in.begin() + kClusterAt, header.cluster.size(),
              reinterpret_cast<char*>(header.cluster.data()));
  std::size_t at = kClusterAt + header.cluster.size();
  for (std::uint64_t* value :
       {&header.node, &header.index, &header.made_ms, &header.bytes, &header.checksum}) {
    *value = load(in, at, 8);
    at += 8;
  }
  return header;
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// As much as there is, up to the buffer's size; less only at the end. -1: an error.
ssize_t read_full(int fd, char* buffer, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::read(fd, buffer + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return static_cast<ssize_t>(done);
}

// A file's descriptor, closed at the end of the scope.
class OpenFile {
 public:
  explicit OpenFile(int fd) : fd_(fd) {}
  ~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

// The name in the folder is durable too.
Result<> sync_folder_of(const std::string& path) {
  std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) folder = ".";
  const OpenFile file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (file.fd() < 0 || ::fsync(file.fd()) != 0) return failure("cannot sync", folder.string());
  return {};
}

}  // namespace

struct BackupWriter::Hash {
  XXH3_state_t state;
};

BackupWriter::BackupWriter(std::string path, bool replace)
    : path_(std::move(path)),
      beside_(path_ + ".part" + std::to_string(::getpid())),
      replace_(replace),
      hash_(std::make_unique<Hash>()) {
  XXH3_64bits_reset(&hash_->state);
}

Result<std::unique_ptr<BackupWriter>> BackupWriter::create(const std::string& path, bool replace) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) {
    if (!S_ISREG(status.st_mode)) {
      return Error{ErrorCode::kInvalid, path + " is not a plain file"};
    }
    if (!replace) return Error{ErrorCode::kInvalid, path + " exists already"};
  }
  std::unique_ptr<BackupWriter> writer(new BackupWriter(path, replace));
  // Backups hold everybody's data: for the owner's eyes.
  writer->fd_ =
      ::open(writer->beside_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (writer->fd_ < 0) return failure("cannot write", writer->beside_);
  if (!write_all(writer->fd_, std::string(kBackupHeaderBytes, '\0'))) {
    return failure("cannot write", writer->beside_);
  }
  return writer;
}

BackupWriter::~BackupWriter() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(beside_.c_str());
}

Result<> BackupWriter::append(std::string_view bytes) {
  if (!write_all(fd_, bytes)) return failure("cannot write", beside_);
  XXH3_64bits_update(&hash_->state, bytes.data(), bytes.size());
  bytes_ += bytes.size();
  return {};
}

Result<BackupHeader> BackupWriter::commit(BackupHeader header) {
  header.bytes = bytes_;
  header.checksum = XXH3_64bits_digest(&hash_->state);
  if (::lseek(fd_, 0, SEEK_SET) != 0 || !write_all(fd_, encode_header(header)) ||
      ::fsync(fd_) != 0) {
    return failure("cannot write", beside_);
  }
  Result<BackupHeader> read = read_backup(beside_);
  if (!read) return read.error();
  if (read.value().checksum != header.checksum || read.value().bytes != header.bytes) {
    return corrupt(beside_, "does not read as it was written");
  }
  // A link does not replace what has taken the name meanwhile; a rename does.
  const bool named = replace_ ? ::rename(beside_.c_str(), path_.c_str()) == 0
                              : ::link(beside_.c_str(), path_.c_str()) == 0;
  if (!named) return failure("cannot name the file", path_);
  if (!replace_) ::unlink(beside_.c_str());
  ::close(std::exchange(fd_, -1));
  if (Result<> synced = sync_folder_of(path_); !synced) return synced.error();
  return header;
}

Result<BackupHeader> read_backup(const std::string& path,
                                 const std::function<void(std::string_view)>& on_payload) {
  const OpenFile file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd() < 0) return failure("cannot open", path);
  std::string buffer(kPieceBytes, '\0');
  ssize_t got = read_full(file.fd(), buffer.data(), kBackupHeaderBytes);
  if (got < 0) return failure("cannot read", path);
  Result<BackupHeader> header =
      decode_header(std::string_view(buffer).substr(0, static_cast<std::size_t>(got)), path);
  if (!header) return header.error();

  XXH3_state_t hash;
  XXH3_64bits_reset(&hash);
  std::uint64_t bytes = 0;
  while ((got = read_full(file.fd(), buffer.data(), buffer.size())) > 0) {
    const auto piece = std::string_view(buffer).substr(0, static_cast<std::size_t>(got));
    XXH3_64bits_update(&hash, piece.data(), piece.size());
    bytes += piece.size();
    if (on_payload) on_payload(piece);
  }
  if (got < 0) return failure("cannot read", path);
  if (bytes != header.value().bytes) {
    return corrupt(path, "holds " + std::to_string(bytes) + " bytes of the snapshot's " +
                             std::to_string(header.value().bytes));
  }
  if (XXH3_64bits_digest(&hash) != header.value().checksum) {
    return corrupt(path, "the snapshot in it is damaged (checksum)");
  }
  return header;
}

}  // namespace synchrodb::net
