// What of the unsynced writes and names survives: crashes and failed syncs.
#include <algorithm>
#include <map>
#include <set>

#include "consensus/assert.h"
#include "sim/disk/sim_disk.h"

namespace synchrodb::sim {

// ---- Syncs.

void SimDisk::make_durable(const Inode& inode, std::uint64_t before) {
  for (Wound& wound : wounds_) {
    if (wound.inode.get() == &inode && wound.write < before) wound.durable = true;
  }
  const auto covered = [&](const Undo& undo) {
    return undo.inode.get() == &inode && undo.write < before && undo.doom == Doom::kNone;
  };
  if (std::all_of(undo_.begin(), undo_.end(), covered)) {
    undo_.clear();
    return;
  }
  // A doomed sector that was written again is durable with the whole of its content.
  std::set<std::uint64_t> written;
  for (const Undo& undo : undo_) {
    if (covered(undo) && !undo.size_only) written.insert(undo.sector);
  }
  std::erase_if(undo_, [&](const Undo& undo) {
    return covered(undo) || (undo.doom != Doom::kNone && undo.inode.get() == &inode &&
                             written.count(undo.sector) != 0);
  });
}

void SimDisk::doom(const Inode& inode, std::uint64_t before, Doom how) {
  for (Undo& undo : undo_) {
    if (undo.inode.get() == &inode && undo.write < before && undo.doom == Doom::kNone) {
      undo.doom = how;
    }
  }
}

void SimDisk::revert_now(const Inode& inode, std::uint64_t before) {
  // Sectors written since the sync began keep their content, which is dirty still.
  std::set<std::uint64_t> newer;
  for (const Undo& undo : undo_) {
    if (undo.inode.get() == &inode && undo.write >= before) newer.insert(undo.sector);
  }
  for (auto undo = undo_.rbegin(); undo != undo_.rend(); ++undo) {
    if (undo->inode.get() != &inode || undo->write >= before || undo->size_only) continue;
    if (newer.count(undo->sector) == 0) undo->inode->set_sector(undo->sector, undo->old_bytes);
  }
  std::erase_if(undo_, [&](const Undo& undo) {
    return undo.inode.get() == &inode && undo.write < before && !undo.size_only;
  });
}

// ---- Crashes.

CrashReport SimDisk::crash(std::optional<CrashMode> mode, std::uint32_t tear) {
  SYNCHRODB_ASSERT(tear == 512 || tear == 4096, "a tear is at 512 or 4,096 bytes");
  attached_ = false;
  if (!mode) mode = static_cast<CrashMode>(crashes_.uniform(3));
  CrashReport report = lose_writes(*mode, tear);
  report.lost_names = lose_names(*mode);
  undo_.clear();
  settle_wounds_after_crash();
  forget_lost_files();
  stalled_until_ = kernel_.now();
  feed(0, report.lost * 4096 + report.lost_names);
  return report;
}

void SimDisk::detach() {
  attached_ = false;
}

void SimDisk::boot() {
  attached_ = true;
  ++incarnation_;
}

void SimDisk::wipe() {
  SYNCHRODB_ASSERT(!attached_, "a disk is wiped while its process is down");
  names_.clear();
  durable_names_.clear();
  name_changes_.clear();
  undo_.clear();
  wounds_.clear();
}

std::vector<bool> SimDisk::survivors(CrashMode mode, std::uint32_t tear) {
  switch (mode) {
    case CrashMode::kLoseAll:
      return std::vector<bool>(undo_.size(), false);
    case CrashMode::kKeepPrefix:
      return surviving_prefix(tear);
    case CrashMode::kKeepSubset:
      break;
  }
  return surviving_subset(tear);
}

std::vector<bool> SimDisk::surviving_prefix(std::uint32_t tear) {
  std::vector<bool> survives(undo_.size(), false);
  auto kept = static_cast<std::size_t>(crashes_.uniform(undo_.size() + 1));
  const auto same_block = [&](const Undo& a, const Undo& b) {
    return a.inode == b.inode && a.write == b.write && !a.size_only && !b.size_only &&
           a.sector * kSectorBytes / tear == b.sector * kSectorBytes / tear;
  };
  while (kept > 0 && kept < undo_.size() && same_block(undo_[kept - 1], undo_[kept])) --kept;
  for (std::size_t i = 0; i < kept; ++i) survives[i] = undo_[i].doom == Doom::kNone;
  return survives;
}

std::vector<bool> SimDisk::surviving_subset(std::uint32_t tear) {
  // Each unit went to the disk after some number of its writes, none and all included.
  struct Unit {
    std::size_t writes = 0;
    std::size_t seen = 0;
    std::size_t kept = 0;
    std::uint64_t last_write = 0;
    bool drawn = false;
  };
  std::map<SectorKey, Unit> units;
  constexpr std::uint64_t kSizeUnit = ~std::uint64_t{0};
  const auto unit_of = [&](const Undo& undo) -> Unit& {
    return units[{undo.inode->number(),
                  undo.size_only ? kSizeUnit : undo.sector * kSectorBytes / tear}];
  };
  for (const Undo& undo : undo_) {
    Unit& unit = unit_of(undo);
    if (undo.doom == Doom::kNone && undo.write != std::exchange(unit.last_write, undo.write)) {
      ++unit.writes;
    }
  }
  for (auto& [key, unit] : units) unit.last_write = 0;
  std::vector<bool> survives(undo_.size(), false);
  for (std::size_t i = 0; i < undo_.size(); ++i) {
    if (undo_[i].doom != Doom::kNone) continue;
    Unit& unit = unit_of(undo_[i]);
    if (!std::exchange(unit.drawn, true)) {
      unit.kept = static_cast<std::size_t>(crashes_.uniform(unit.writes + 1));
    }
    if (undo_[i].write != std::exchange(unit.last_write, undo_[i].write)) ++unit.seen;
    survives[i] = unit.seen <= unit.kept;
  }
  return survives;
}

CrashReport SimDisk::lose_writes(CrashMode mode, std::uint32_t tear) {
  CrashReport report;
  report.unsynced = undo_.size();
  if (undo_.empty()) return report;
  const std::vector<bool> survives = survivors(mode, tear);
  std::set<SectorKey> rewritten;              // a later write of the sector survived
  std::map<std::uint64_t, unsigned> fates;    // of each write: 1 survived, 2 lost, 3 torn
  std::map<std::uint64_t, unsigned> sectors;  // of each write
  bool changed = false;
  bool lied = false;
  for (std::size_t i = undo_.size(); i-- > 0;) {
    const Undo& undo = undo_[i];
    if (undo.size_only) continue;
    ++sectors[undo.write];
    const SectorKey key{undo.inode->number(), undo.sector};
    if (survives[i]) {
      rewritten.insert(key);
      fates[undo.write] |= 1;
    } else if (rewritten.count(key) == 0) {
      changed = changed || undo.inode->sector(undo.sector) != undo.old_bytes;
      lied = lied || undo.doom == Doom::kLyingSync;
      undo.inode->set_sector(undo.sector, undo.old_bytes);
      fates[undo.write] |= 2;
      ++report.lost;
    }
  }
  settle_sizes(mode, survives);
  bool divisible = false;
  for (const auto& [write, count] : sectors) divisible = divisible || count > 1;
  for (const auto& [write, fate] : fates) report.torn_writes += fate == 3 ? 1 : 0;
  counters_.offer(FaultKind::kLostWrites);
  if (report.lost > 0) counters_.apply(FaultKind::kLostWrites);
  if (changed) counters_.strike(FaultKind::kLostWrites);
  if (lied) counters_.strike(FaultKind::kLyingSync);
  if (divisible) counters_.offer(FaultKind::kTornWrite);
  if (report.torn_writes > 0) {
    counters_.apply(FaultKind::kTornWrite);
    counters_.strike(FaultKind::kTornWrite);
  }
  return report;
}

// A file's size is that after the last change that survived; in a subset, that after any.
void SimDisk::settle_sizes(CrashMode mode, const std::vector<bool>& survives) {
  struct Sizes {
    std::shared_ptr<Inode> inode;
    std::vector<std::uint64_t> after;  // size before the first change, then after each
    std::size_t surviving = 0;         // how many changes came before the first lost one
    bool lost = false;
  };
  std::map<std::uint64_t, Sizes> files;
  for (std::size_t i = 0; i < undo_.size(); ++i) {
    if (undo_[i].doom != Doom::kNone) continue;
    Sizes& sizes = files[undo_[i].inode->number()];
    sizes.inode = undo_[i].inode;
    sizes.after.push_back(undo_[i].old_size);
    sizes.lost = sizes.lost || !survives[i];
    if (!sizes.lost) sizes.surviving = sizes.after.size();
  }
  for (auto& [number, sizes] : files) {
    sizes.after.push_back(sizes.inode->size());
    std::size_t chosen = sizes.surviving;
    if (mode == CrashMode::kKeepSubset) {
      chosen = static_cast<std::size_t>(crashes_.uniform(sizes.after.size()));
    }
    sizes.inode->set_size(sizes.after[chosen]);
  }
}

std::size_t SimDisk::lose_names(CrashMode mode) {
  std::size_t lost = 0;
  if (!name_changes_.empty()) {
    // Directories are journaled: what survives is a prefix.
    const std::size_t kept =
        mode == CrashMode::kLoseAll
            ? 0
            : static_cast<std::size_t>(crashes_.uniform(name_changes_.size() + 1));
    for (std::size_t i = 0; i < kept; ++i) name_changes_[i].apply_to(durable_names_);
    lost = name_changes_.size() - kept;
    counters_.offer(FaultKind::kLostRename);
    if (lost > 0) {
      counters_.apply(FaultKind::kLostRename);
      counters_.strike(FaultKind::kLostRename);
    }
  }
  name_changes_.clear();
  names_ = durable_names_;
  return lost;
}

bool SimDisk::alive(const Inode& inode) const {
  const auto is_it = [&](const auto& entry) { return entry.second.get() == &inode; };
  return std::any_of(names_.begin(), names_.end(), is_it) ||
         std::any_of(durable_names_.begin(), durable_names_.end(), is_it);
}

void SimDisk::forget_lost_files() {
  std::erase_if(undo_, [&](const Undo& undo) { return !alive(*undo.inode); });
  std::erase_if(wounds_, [&](const Wound& wound) { return !alive(*wound.inode); });
}

}  // namespace synchrodb::sim
