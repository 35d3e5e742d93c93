#include "tests/engine/support/memory_disk.h"

#include <algorithm>

namespace synchrodb::testing {

namespace {
constexpr std::uint64_t kSectorBytes = 512;
}  // namespace

void MemoryDisk::Inode::settle(std::uint64_t sector) {
  const std::uint64_t at = sector * kSectorBytes;
  if (at >= visible.size()) return;
  const std::uint64_t length = std::min(kSectorBytes, visible.size() - at);
  if (durable.size() < at + length) durable.resize(at + length, '\0');
  durable.replace(at, length, visible, at, length);
}

class MemoryFile : public File {
 public:
  MemoryFile(MemoryDisk& disk, std::shared_ptr<MemoryDisk::Inode> inode)
      : disk_(disk), inode_(std::move(inode)) {}

  Result<> write(std::uint64_t offset, std::string_view bytes) override {
    if (Result<> r = disk_.effect(); !r) return r;
    if (bytes.empty()) return {};
    std::string& v = inode_->visible;
    if (v.size() < offset + bytes.size()) v.resize(offset + bytes.size(), '\0');
    v.replace(offset, bytes.size(), bytes);
    touch(offset, offset + bytes.size());
    return {};
  }

  Result<std::string> read(std::uint64_t offset, std::size_t length) override {
    if (Result<> r = disk_.check_alive(); !r) return r.error();
    const std::string& v = inode_->visible;
    if (offset >= v.size()) return std::string();
    length = std::min(length, v.size() - offset);
    auto bad = inode_->unreadable.lower_bound(offset / kSectorBytes);
    if (bad != inode_->unreadable.end() && *bad * kSectorBytes < offset + length) {
      return Error{ErrorCode::kIo, "unreadable sector"};
    }
    return v.substr(offset, length);
  }

  Result<> sync() override {
    if (Result<> r = disk_.effect(); !r) {
      // The page cache takes the pages for clean: reads show them, no later sync writes them.
      if (!disk_.dead_) inode_->dirty.clear();
      return r;
    }
    inode_->durable.resize(inode_->visible.size(), '\0');
    for (std::uint64_t sector : inode_->dirty) inode_->settle(sector);
    inode_->dirty.clear();
    return {};
  }

  Result<> truncate(std::uint64_t size) override {
    if (Result<> r = disk_.effect(); !r) return r;
    const std::uint64_t old = inode_->visible.size();
    inode_->visible.resize(size, '\0');
    touch(std::min(old, size), std::max(old, size));
    return {};
  }

  Result<> preallocate(std::uint64_t size) override {
    if (Result<> r = disk_.effect(); !r) return r;
    if (inode_->visible.size() < size) inode_->visible.resize(size, '\0');
    return {};
  }

  std::uint64_t size() const override { return inode_->visible.size(); }

 private:
  void touch(std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t s = from / kSectorBytes; s * kSectorBytes < to; ++s) {
      inode_->dirty.insert(s);
      inode_->unreadable.erase(s);
    }
  }

  MemoryDisk& disk_;
  std::shared_ptr<MemoryDisk::Inode> inode_;
};

MemoryDisk::MemoryDisk(const MemoryDisk& other) {
  *this = other;
}

MemoryDisk& MemoryDisk::operator=(const MemoryDisk& other) {
  if (this == &other) return *this;
  std::map<const Inode*, std::shared_ptr<Inode>> copies;
  const auto copy = [&](const std::shared_ptr<Inode>& inode) {
    std::shared_ptr<Inode>& c = copies[inode.get()];
    if (!c) c = std::make_shared<Inode>(*inode);
    return c;
  };
  durable_.clear();
  visible_.clear();
  pending_.clear();
  for (const auto& [name, inode] : other.durable_) durable_[name] = copy(inode);
  for (const auto& [name, inode] : other.visible_) visible_[name] = copy(inode);
  for (const auto& op : other.pending_) pending_.push_back({op.from, op.to, copy(op.inode)});
  effects_ = other.effects_;
  fail_at_ = other.fail_at_;
  failure_ = other.failure_;
  for_good_ = other.for_good_;
  dead_ = other.dead_;
  return *this;
}

Result<> MemoryDisk::check_alive() const {
  if (dead_) return Error{ErrorCode::kIo, "the disk is gone"};
  return {};
}

Result<> MemoryDisk::effect() {
  if (Result<> r = check_alive(); !r) return r;
  if (++effects_ != fail_at_) return {};
  dead_ = for_good_;
  return Error{failure_, "injected failure"};
}

void MemoryDisk::fail_at(std::uint64_t number, ErrorCode code, bool for_good) {
  fail_at_ = number;
  failure_ = code;
  for_good_ = for_good;
}

void MemoryDisk::forget_failures() {
  fail_at_ = 0;
  dead_ = false;
}

Result<std::unique_ptr<File>> MemoryDisk::open(std::string_view name, Mode mode) {
  if (Result<> r = check_alive(); !r) return r.error();
  auto it = visible_.find(name);
  if (it == visible_.end()) {
    if (mode == Mode::kMustExist) return Error{ErrorCode::kNotFound, std::string(name)};
    if (Result<> r = effect(); !r) return r.error();
    it = visible_.emplace(std::string(name), std::make_shared<Inode>()).first;
    pending_.push_back({"", std::string(name), it->second});
  }
  return std::unique_ptr<File>(std::make_unique<MemoryFile>(*this, it->second));
}

Result<std::vector<std::string>> MemoryDisk::list() {
  if (Result<> r = check_alive(); !r) return r.error();
  return names();
}

std::vector<std::string> MemoryDisk::names() const {
  std::vector<std::string> names;
  for (const auto& [name, inode] : visible_) names.push_back(name);
  return names;
}

Result<> MemoryDisk::rename(std::string_view from, std::string_view to) {
  if (Result<> r = effect(); !r) return r;
  auto it = visible_.find(from);
  if (it == visible_.end()) return Error{ErrorCode::kNotFound, std::string(from)};
  std::shared_ptr<Inode> inode = it->second;
  visible_.erase(it);
  visible_[std::string(to)] = inode;
  pending_.push_back({std::string(from), std::string(to), inode});
  return {};
}

Result<> MemoryDisk::remove(std::string_view name) {
  if (Result<> r = effect(); !r) return r;
  auto it = visible_.find(name);
  if (it == visible_.end()) return Error{ErrorCode::kNotFound, std::string(name)};
  pending_.push_back({std::string(name), "", it->second});
  visible_.erase(it);
  return {};
}

Result<> MemoryDisk::sync_directory() {
  if (Result<> r = effect(); !r) return r;
  durable_ = visible_;
  pending_.clear();
  return {};
}

std::size_t MemoryDisk::unsynced() const {
  std::size_t count = pending_.size();
  std::set<const Inode*> seen;
  const auto add = [&](const std::shared_ptr<Inode>& inode) {
    if (!seen.insert(inode.get()).second) return;
    count += inode->dirty.size() + (inode->visible.size() != inode->durable.size() ? 1 : 0);
  };
  for (const auto& [name, inode] : durable_) add(inode);
  for (const auto& [name, inode] : visible_) add(inode);
  return count;
}

void MemoryDisk::crash(const std::function<bool()>& keep) {
  std::set<Inode*> seen;
  const auto settle = [&](const std::shared_ptr<Inode>& inode) {
    Inode& n = *inode;
    if (!seen.insert(&n).second) return;
    if (n.visible.size() != n.durable.size() && keep()) n.durable.resize(n.visible.size(), '\0');
    for (std::uint64_t sector : n.dirty) {
      if (keep()) n.settle(sector);
    }
    n.dirty.clear();
    n.visible = n.durable;
  };
  for (const auto& [name, inode] : durable_) settle(inode);
  for (const auto& [name, inode] : visible_) settle(inode);
  for (const DirectoryOperation& op : pending_) settle(op.inode);
  for (const DirectoryOperation& op : pending_) {
    if (!keep()) continue;
    auto it = op.from.empty() ? durable_.end() : durable_.find(op.from);
    const bool there = it != durable_.end() && it->second == op.inode;
    if (!op.from.empty() && !there) continue;  // what it depends on was lost
    if (there) durable_.erase(it);
    if (!op.to.empty()) durable_[op.to] = op.inode;
  }
  pending_.clear();
  visible_ = durable_;
  forget_failures();
}

std::string MemoryDisk::contents(const std::string& name) const {
  return visible_.at(name)->visible;
}

void MemoryDisk::set_contents(const std::string& name, std::string bytes) {
  std::shared_ptr<Inode>& inode = visible_[name];
  if (!inode) inode = std::make_shared<Inode>();
  inode->visible = inode->durable = std::move(bytes);
  durable_[name] = inode;
}

void MemoryDisk::flip_bit(const std::string& name, std::uint64_t bit) {
  std::string bytes = contents(name);
  bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
  set_contents(name, std::move(bytes));
}

void MemoryDisk::make_unreadable(const std::string& name, std::uint64_t sector) {
  visible_.at(name)->unreadable.insert(sector);
}

void MemoryDisk::erase(const std::string& name) {
  visible_.erase(name);
  durable_.erase(name);
}

}  // namespace synchrodb::testing
