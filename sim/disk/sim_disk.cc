// The process's view: files and names.
#include "sim/disk/sim_disk.h"

#include <algorithm>

#include "consensus/assert.h"

namespace synchrodb::sim {
namespace {

constexpr std::size_t kMaxNameBytes = 64;

// Operations in the digest.
enum Operation : unsigned { kWrite = 1, kRead, kSync, kResize, kName, kSyncDirectory };

bool sound_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes &&
         name.find('/') == std::string_view::npos && name != "." && name != "..";
}

Error bad_name(std::string_view name) {
  return Error{ErrorCode::kInvalid, "not a file name: `" + std::string(name) + "`"};
}

Error not_found(std::string_view name) {
  return Error{ErrorCode::kNotFound, "no file `" + std::string(name) + "`"};
}

}  // namespace

// A handle of one incarnation of the process.
class SimFile final : public File {
 public:
  SimFile(SimDisk& disk, std::shared_ptr<Inode> inode)
      : disk_(disk), inode_(std::move(inode)), incarnation_(disk.incarnation_) {}

  Result<> write(std::uint64_t offset, std::string_view bytes) override {
    disk_.check_attached(incarnation_);
    return disk_.write(inode_, offset, bytes);
  }
  Result<std::string> read(std::uint64_t offset, std::size_t length) override {
    disk_.check_attached(incarnation_);
    return disk_.read(*inode_, offset, length);
  }
  Result<> sync() override {
    disk_.check_attached(incarnation_);
    return disk_.sync(*inode_);
  }
  Result<> truncate(std::uint64_t size) override {
    disk_.check_attached(incarnation_);
    return disk_.resize(inode_, size);
  }
  Result<> preallocate(std::uint64_t size) override {
    disk_.check_attached(incarnation_);
    return disk_.resize(inode_, std::max(size, inode_->size()));
  }
  std::uint64_t size() const override {
    disk_.check_attached(incarnation_);
    return inode_->size();
  }

 private:
  SimDisk& disk_;
  std::shared_ptr<Inode> inode_;
  std::uint64_t incarnation_;
};

SimDisk::SimDisk(Kernel& kernel, const Streams& streams, std::uint64_t node,
                 FaultCounters& counters, DiskOptions options)
    : kernel_(kernel),
      node_(node),
      counters_(counters),
      options_(options),
      read_latency_(streams.stream("disk.read-latency", node)),
      write_latency_(streams.stream("disk.write-latency", node)),
      sync_latency_(streams.stream("disk.sync-latency", node)),
      stalls_(streams.stream("disk.stall", node)),
      errors_(streams.stream("disk.error", node)),
      sync_faults_(streams.stream("disk.sync-fault", node)),
      misdirections_(streams.stream("disk.misdirect", node)),
      crashes_(streams.stream("disk.crash", node)),
      rots_(streams.stream("disk.rot", node)) {}

SimDisk::~SimDisk() = default;

void SimDisk::check_attached(std::uint64_t incarnation) const {
  SYNCHRODB_ASSERT(attached_ && incarnation == incarnation_,
                   "a process that has died uses its disk");
}

void SimDisk::feed(unsigned operation, std::uint64_t detail) {
  kernel_.feed(DigestKind::kDisk, node_ * 16 + operation, detail);
}

void SimDisk::delay(const Latency& latency, Stream& stream) {
  Duration total = latency.min;
  if (latency.mean.ns > 0) total = total + stream.exponential(latency.mean);
  const bool slow = options_.slow_percent > 100 && total.ns > 0;
  total = total * options_.slow_percent / 100;
  bool stalled = stalled_until_ > kernel_.now();
  if (stalled) counters_.offer(FaultKind::kDiskStall);
  if (options_.stall_ppm > 0) {
    counters_.offer(FaultKind::kDiskStall);
    if (stalls_.bernoulli(options_.stall_ppm)) {
      stalled = true;
      total = total + stalls_.exponential(options_.stall);
    }
  }
  if (slow) counters_.offer(FaultKind::kDiskLatency), counters_.apply(FaultKind::kDiskLatency);
  if (stalled) counters_.apply(FaultKind::kDiskStall);
  if (!kernel_.on_fiber() || (total.ns == 0 && !stalled)) return;
  const TrueTime end = std::max(kernel_.now(), stalled_until_) + total;
  while (kernel_.park(end)) {
  }
  if (slow) counters_.strike(FaultKind::kDiskLatency);
  if (stalled) counters_.strike(FaultKind::kDiskStall);
}

bool SimDisk::strikes(FaultKind kind, std::uint64_t ppm, unsigned& forced, Stream& stream) {
  if (ppm == 0 && forced == 0) return false;
  counters_.offer(kind);
  const bool drawn = ppm > 0 && stream.bernoulli(ppm);
  if (forced > 0) {
    --forced;
  } else if (!drawn) {
    return false;
  }
  counters_.apply(kind);
  return true;
}

// ---- Names.

Result<std::unique_ptr<File>> SimDisk::open(std::string_view name, Mode mode) {
  check_attached(incarnation_);
  if (!sound_name(name)) return bad_name(name);
  auto it = names_.find(name);
  if (it == names_.end()) {
    if (mode == Mode::kMustExist) return not_found(name);
    auto inode = std::make_shared<Inode>(blocks_, next_inode_++);
    name_changes_.push_back(NameChange{NameChange::Kind::kCreate, std::string(name), "", inode});
    it = names_.emplace(std::string(name), std::move(inode)).first;
    feed(kName, Purpose(name).hash);
  }
  return std::unique_ptr<File>(std::make_unique<SimFile>(*this, it->second));
}

Result<std::vector<std::string>> SimDisk::list() {
  check_attached(incarnation_);
  std::vector<std::string> names;
  for (const auto& [name, inode] : names_) names.push_back(name);
  return names;
}

Result<> SimDisk::rename(std::string_view from, std::string_view to) {
  check_attached(incarnation_);
  if (!sound_name(to)) return bad_name(to);
  const auto it = names_.find(from);
  if (it == names_.end()) return not_found(from);
  feed(kName, hash_mix(Purpose(from).hash, Purpose(to).hash));
  if (from == to) return {};
  std::shared_ptr<Inode> inode = std::move(it->second);
  names_.erase(it);
  name_changes_.push_back(
      NameChange{NameChange::Kind::kRename, std::string(from), std::string(to), nullptr});
  names_.insert_or_assign(std::string(to), std::move(inode));
  return {};
}

Result<> SimDisk::remove(std::string_view name) {
  check_attached(incarnation_);
  const auto it = names_.find(name);
  if (it == names_.end()) return not_found(name);
  feed(kName, Purpose(name).hash + 1);
  names_.erase(it);
  name_changes_.push_back(NameChange{NameChange::Kind::kRemove, std::string(name), "", nullptr});
  return {};
}

Result<> SimDisk::sync_directory() {
  check_attached(incarnation_);
  // What changes while this waits is not covered.
  const std::size_t covered = name_changes_.size();
  delay(options_.sync, sync_latency_);
  if (strikes(FaultKind::kSyncFailure, options_.sync_failure_ppm, fail_syncs_, sync_faults_)) {
    counters_.strike(FaultKind::kSyncFailure);
    return Error{ErrorCode::kIo, "the directory could not be synced"};
  }
  feed(kSyncDirectory, covered);
  const std::size_t count = std::min(covered, name_changes_.size());
  for (std::size_t i = 0; i < count; ++i) name_changes_[i].apply_to(durable_names_);
  name_changes_.erase(name_changes_.begin(),
                      name_changes_.begin() + static_cast<std::ptrdiff_t>(count));
  forget_lost_files();
  return {};
}

void SimDisk::NameChange::apply_to(Names& names) const {
  switch (kind) {
    case Kind::kCreate:
      names.insert_or_assign(name, inode);
      break;
    case Kind::kRename: {
      const auto it = names.find(name);
      if (it == names.end()) break;
      std::shared_ptr<Inode> moved = std::move(it->second);
      names.erase(it);
      names.insert_or_assign(to, std::move(moved));
      break;
    }
    case Kind::kRemove:
      names.erase(name);
      break;
  }
}

// ---- Contents.

Result<> SimDisk::write(const std::shared_ptr<Inode>& inode, std::uint64_t offset,
                        std::string_view bytes) {
  delay(options_.write, write_latency_);
  if (bytes.empty()) return {};
  unsigned not_forced = 0;
  if (strikes(FaultKind::kDiskError, options_.write_error_ppm, not_forced, errors_)) {
    counters_.strike(FaultKind::kDiskError);
    return Error{ErrorCode::kIo, "the disk failed to write"};
  }
  const std::uint64_t end = offset + bytes.size();
  if (end > inode->size() && bytes_used() + (end - inode->size()) > options_.capacity) {
    counters_.offer(FaultKind::kDiskFull);
    counters_.apply(FaultKind::kDiskFull);
    counters_.strike(FaultKind::kDiskFull);
    return Error{ErrorCode::kNoSpace, "no space left on the disk"};
  }
  feed(kWrite, hash_mix(inode->number() ^ (offset << 8), bytes.size()));
  const std::uint64_t write = next_write_++;
  // The misdirected sector is the write's first: a short write has only one.
  bool misdirected = strikes(FaultKind::kMisdirectedWrite, options_.misdirect_ppm,
                             misdirect_writes_, misdirections_);
  while (!bytes.empty()) {
    const std::uint64_t sector = offset / kSectorBytes;
    const auto from = static_cast<std::size_t>(offset % kSectorBytes);
    const std::string_view part = bytes.substr(0, kSectorBytes - from);
    if (!misdirected || !misdirect(inode, sector, from, part, write)) {
      write_sector(inode, sector, from, part, write);
    }
    misdirected = false;
    offset += part.size();
    bytes.remove_prefix(part.size());
  }
  if (end > inode->size()) inode->set_size(end);
  return {};
}

void SimDisk::push_undo(const std::shared_ptr<Inode>& inode, std::uint64_t sector,
                        std::uint64_t write) {
  Undo& undo = undo_.emplace_back();
  undo.inode = inode;
  undo.sector = sector;
  undo.write = write;
  undo.old_size = inode->size();
  inode->read(sector * kSectorBytes, undo.old_bytes.data(), kSectorBytes);
}

void SimDisk::push_size_undo(const std::shared_ptr<Inode>& inode, std::uint64_t write) {
  Undo& undo = undo_.emplace_back();
  undo.inode = inode;
  undo.write = write;
  undo.old_size = inode->size();
  undo.size_only = true;
}

void SimDisk::write_sector(const std::shared_ptr<Inode>& inode, std::uint64_t sector,
                           std::size_t from, std::string_view bytes, std::uint64_t write) {
  if (!wounds_.empty()) [[unlikely]] {
    write_over_wounds(*inode, sector, from, bytes);
  }
  push_undo(inode, sector, write);
  inode->write(sector * kSectorBytes + from, bytes);
}

Result<std::string> SimDisk::read(const Inode& inode, std::uint64_t offset, std::size_t length) {
  delay(options_.read, read_latency_);
  unsigned not_forced = 0;
  if (strikes(FaultKind::kDiskError, options_.read_error_ppm, not_forced, errors_)) {
    counters_.strike(FaultKind::kDiskError);
    return Error{ErrorCode::kIo, "the disk failed to read"};
  }
  feed(kRead, hash_mix(inode.number() ^ (offset << 8), length));
  if (offset >= inode.size()) return std::string();
  length = static_cast<std::size_t>(std::min<std::uint64_t>(length, inode.size() - offset));
  std::string bytes(length, '\0');
  inode.read(offset, bytes.data(), length);
  if (!wounds_.empty()) [[unlikely]] {
    note_read_of_wounds(inode, offset, length);
  }
  return bytes;
}

Result<> SimDisk::sync(const Inode& inode) {
  // What is written while this waits is not covered.
  const std::uint64_t before = next_write_;
  delay(options_.sync, sync_latency_);
  feed(kSync, inode.number());
  if (strikes(FaultKind::kSyncFailure, options_.sync_failure_ppm, fail_syncs_, sync_faults_)) {
    counters_.strike(FaultKind::kSyncFailure);
    // The dirty pages are clean now, and wrong: gone at once, or when memory is needed.
    if (sync_faults_.bernoulli(500'000)) {
      revert_now(inode, before);
    } else {
      doom(inode, before, Doom::kFailedSync);
    }
    return Error{ErrorCode::kIo, "the file could not be synced"};
  }
  if (strikes(FaultKind::kLyingSync, options_.lying_sync_ppm, lie_syncs_, sync_faults_)) {
    doom(inode, before, Doom::kLyingSync);
    return {};
  }
  make_durable(inode, before);
  return {};
}

Result<> SimDisk::resize(const std::shared_ptr<Inode>& inode, std::uint64_t size) {
  delay(options_.write, write_latency_);
  if (size == inode->size()) return {};
  if (size > inode->size() && bytes_used() + (size - inode->size()) > options_.capacity) {
    counters_.offer(FaultKind::kDiskFull);
    counters_.apply(FaultKind::kDiskFull);
    counters_.strike(FaultKind::kDiskFull);
    return Error{ErrorCode::kNoSpace, "no space left on the disk"};
  }
  feed(kResize, hash_mix(inode->number(), size));
  const std::uint64_t write = next_write_++;
  push_size_undo(inode, write);
  for (std::uint64_t sector = size / kSectorBytes; sector < inode->sectors(); ++sector) {
    if (inode->has_block_of(sector)) push_undo(inode, sector, write);
  }
  std::erase_if(wounds_, [&](const Wound& wound) {
    return wound.inode == inode && wound.sector * kSectorBytes >= size;
  });
  inode->set_size(size);
  return {};
}

std::uint64_t SimDisk::bytes_used() const {
  std::uint64_t sum = 0;
  for (const auto& [name, inode] : names_) sum += inode->size();
  return sum;
}

std::size_t SimDisk::memory() const {
  return blocks_.in_use() + undo_.capacity() * sizeof(Undo) + wounds_.capacity() * sizeof(Wound);
}

}  // namespace synchrodb::sim
