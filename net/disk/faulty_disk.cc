#include "net/disk/faulty_disk.h"

#include <algorithm>
#include <utility>

#include "engine/env/sync.h"
#include "net/disk/file_name.h"
#include "net/loop/loop.h"

namespace synchrodb::net {

class FaultyFile final : public File {
 public:
  FaultyFile(FaultyDisk& disk, std::shared_ptr<UnsyncedFile> file)
      : disk_(disk), file_(std::move(file)) {}

  Result<> write(std::uint64_t offset, std::string_view bytes) override {
    if (Result<> r = disk_.take_room(bytes.size()); !r) return r;
    return file_->write(offset, bytes);
  }
  Result<std::string> read(std::uint64_t offset, std::size_t length) override {
    return file_->read(offset, length);
  }
  Result<> sync() override {
    switch (disk_.begin_sync()) {
      case FaultyDisk::Sync::kFails:
        return file_->fail_sync();
      case FaultyDisk::Sync::kLies:
        return {};
      case FaultyDisk::Sync::kHonest:
        break;
    }
    return file_->sync();
  }
  Result<> truncate(std::uint64_t size) override { return file_->truncate(size); }
  Result<> preallocate(std::uint64_t size) override {
    const std::uint64_t growth = size - std::min(size, file_->size());
    if (Result<> r = disk_.take_room(growth); !r) return r;
    return file_->preallocate(size);
  }
  std::uint64_t size() const override { return file_->size(); }

 private:
  FaultyDisk& disk_;
  std::shared_ptr<UnsyncedFile> file_;
};

namespace {

// On the disk below, of a process that died; overwritten by the next.
constexpr std::string_view kUnfinishedName = "fault-injection-unfinished";

Error absent(std::string_view name) {
  return {ErrorCode::kNotFound, "no file " + std::string(name)};
}

}  // namespace

FaultyDisk::Sync FaultyDisk::begin_sync() {
  if (fault_.sync_delay > Duration{}) sleep_until(fibers_, monotonic_now() + fault_.sync_delay);
  if (fault_.fail_syncs) return Sync::kFails;
  return fault_.lie ? Sync::kLies : Sync::kHonest;
}

Result<> FaultyDisk::take_room(std::uint64_t bytes) {
  if (!fault_.room) return {};
  if (bytes > *fault_.room) {
    return Error{ErrorCode::kNoSpace, "injected: no space left on the disk"};
  }
  *fault_.room -= bytes;
  return {};
}

std::uint64_t FaultyDisk::unsynced_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& [name, entry] : names_) {
    if (entry->file) bytes += entry->file->unsynced_bytes();
  }
  return bytes;
}

Result<> FaultyDisk::load() {
  if (loaded_) return {};
  const FiberMutex::Lock lock(turn_);
  if (loaded_) return {};
  Result<std::vector<std::string>> names = below_.list();
  if (!names) return names.error();
  for (std::string& name : names.value()) {
    if (name == kUnfinishedName) continue;
    names_.emplace(name, std::make_shared<Entry>(Entry{nullptr, name}));
  }
  loaded_ = true;
  return {};
}

FaultyDisk::EntryPtr FaultyDisk::create(std::string_view name) {
  static constexpr std::string_view kAnyName = "nameless";
  Result<std::unique_ptr<File>> memory = nameless_.open(kAnyName, Mode::kCreate);
  const Result<> removed = nameless_.remove(kAnyName);
  SYNCHRODB_ASSERT(memory && removed, "memory does not fail");
  auto file = std::make_shared<UnsyncedFile>(fibers_, std::string(name), std::move(memory).value());
  auto entry = std::make_shared<Entry>(Entry{std::move(file), ""});
  names_.emplace(std::string(name), entry);
  changes_.push_back({"", std::string(name), entry});
  return entry;
}

Result<> FaultyDisk::open_below(Entry& entry) {
  const FiberMutex::Lock lock(turn_);
  if (entry.file) return {};
  Result<std::unique_ptr<File>> file = below_.open(entry.name_below, Mode::kMustExist);
  if (!file) return file.error();
  entry.file = std::make_shared<UnsyncedFile>(fibers_, entry.name_below, std::move(file).value());
  return {};
}

Result<std::unique_ptr<File>> FaultyDisk::open(std::string_view name, Mode mode) {
  if (Result<> r = check_file_name(name); !r) return r.error();
  if (Result<> r = load(); !r) return r.error();
  auto it = names_.find(name);
  EntryPtr entry;
  if (it != names_.end()) {
    entry = it->second;
  } else if (mode == Mode::kCreate) {
    entry = create(name);
  } else {
    return absent(name);
  }
  if (!entry->file) {
    if (Result<> r = open_below(*entry); !r) return r.error();
  }
  return std::unique_ptr<File>(std::make_unique<FaultyFile>(*this, entry->file));
}

Result<std::vector<std::string>> FaultyDisk::list() {
  if (Result<> r = load(); !r) return r.error();
  std::vector<std::string> names;
  for (const auto& [name, entry] : names_) names.push_back(name);
  return names;
}

Result<> FaultyDisk::rename(std::string_view from, std::string_view to) {
  if (Result<> r = check_file_name(from); !r) return r;
  if (Result<> r = check_file_name(to); !r) return r;
  if (Result<> r = load(); !r) return r;
  auto it = names_.find(from);
  if (it == names_.end()) return absent(from);
  if (from == to) return {};
  EntryPtr entry = it->second;
  names_.erase(it);
  names_.insert_or_assign(std::string(to), entry);
  changes_.push_back({std::string(from), std::string(to), std::move(entry)});
  return {};
}

Result<> FaultyDisk::remove(std::string_view name) {
  if (Result<> r = check_file_name(name); !r) return r;
  if (Result<> r = load(); !r) return r;
  auto it = names_.find(name);
  if (it == names_.end()) return absent(name);
  changes_.push_back({std::string(name), "", it->second});
  names_.erase(it);
  return {};
}

Result<> FaultyDisk::apply(const NameChange& change) {
  if (change.to.empty()) return below_.remove(change.from);
  if (!change.from.empty()) {
    if (Result<> r = below_.rename(change.from, change.to); !r) return r;
  } else {
    // Under another name first: whoever finds the right one finds all that was synced.
    Result<std::unique_ptr<File>> file = below_.open(kUnfinishedName, Mode::kCreate);
    if (!file) return file.error();
    if (Result<> r = change.entry->file->move_to(std::move(file).value()); !r) return r;
    if (Result<> r = below_.rename(kUnfinishedName, change.to); !r) return r;
  }
  change.entry->name_below = change.to;
  return {};
}

Result<> FaultyDisk::sync_directory() {
  const Sync kind = begin_sync();
  if (kind == Sync::kLies) return {};
  const FiberMutex::Lock lock(turn_);
  if (failed_) {
    return Error{failed_->code, "sync refused after an earlier failure: " + failed_->message};
  }
  Result<> done;
  if (kind == Sync::kFails)
    done = Error{ErrorCode::kIo, "sync of the file names: injected failure"};
  for (std::size_t count = changes_.size(); done && count > 0; --count) {
    const NameChange change = changes_.front();
    done = apply(change);
    if (done) changes_.pop_front();
  }
  if (done) done = below_.sync_directory();
  if (!done) failed_ = done.error();
  return done;
}

}  // namespace synchrodb::net
