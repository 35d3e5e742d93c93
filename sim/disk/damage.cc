// Sectors that do not hold what they should: bit rot and misdirected writes.
#include <algorithm>
#include <cstring>
#include <set>

#include "consensus/assert.h"
#include "sim/disk/sim_disk.h"

namespace synchrodb::sim {

void SimDisk::stall_until(TrueTime until) {
  stalled_until_ = std::max(stalled_until_, until);
}

std::vector<std::uint64_t> SimDisk::sound_sectors(const Inode& inode, std::uint64_t from) const {
  std::set<std::uint64_t> unfit;
  for (const Undo& undo : undo_) {
    if (undo.inode.get() == &inode && !undo.size_only) unfit.insert(undo.sector);
  }
  for (const Wound& wound : wounds_) {
    if (wound.inode.get() == &inode) unfit.insert(wound.sector);
  }
  static constexpr SectorBytes kEmpty{};
  std::vector<std::uint64_t> sound;
  for (std::uint64_t sector = from / kSectorBytes; sector < inode.sectors(); ++sector) {
    if (inode.has_block_of(sector) && unfit.count(sector) == 0 && inode.sector(sector) != kEmpty) {
      sound.push_back(sector);
    }
  }
  return sound;
}

std::optional<Damage> SimDisk::rot(std::string_view part, std::uint64_t from) {
  counters_.offer(FaultKind::kBitRot);
  std::vector<std::pair<std::shared_ptr<Inode>, std::uint64_t>> candidates;
  for (const auto& [name, inode] : names_) {
    if (name.find(part) == std::string::npos) continue;
    for (const std::uint64_t sector : sound_sectors(*inode, from)) {
      candidates.emplace_back(inode, sector);
    }
  }
  if (candidates.empty()) return std::nullopt;
  const auto& [inode, sector] = rots_.pick(candidates);
  const std::uint64_t begin = sector * kSectorBytes;
  const std::uint64_t bytes = std::min<std::uint64_t>(kSectorBytes, inode->size() - begin);
  const std::uint64_t bit = rots_.uniform(bytes * 8);
  Wound& wound = wounds_.emplace_back();
  wound.kind = FaultKind::kBitRot;
  wound.inode = inode;
  wound.sector = sector;
  wound.since = kernel_.now();
  wound.correct = inode->sector(sector);
  SectorBytes rotten = wound.correct;
  rotten[bit / 8] =
      static_cast<char>(static_cast<unsigned char>(rotten[bit / 8]) ^ (1U << (bit % 8)));
  inode->set_sector(sector, rotten);
  counters_.apply(FaultKind::kBitRot);
  feed(15, hash_mix(inode->number() ^ (sector << 8), bit));
  return Damage{wound.kind, name_of_inode(*inode), begin, wound.since};
}

// The sector's write lands in the place of another one of the file. False: there is none.
bool SimDisk::misdirect(const std::shared_ptr<Inode>& inode, std::uint64_t sector, std::size_t from,
                        std::string_view bytes, std::uint64_t write) {
  std::vector<std::uint64_t> targets = sound_sectors(*inode, 0);
  std::erase(targets, sector);
  if (targets.empty()) return false;
  const std::uint64_t target = misdirections_.pick(targets);
  write_over_wounds(*inode, sector, from, bytes);
  SectorBytes image = inode->sector(sector);
  std::memcpy(image.data() + from, bytes.data(), bytes.size());

  Wound missed;
  missed.kind = FaultKind::kMisdirectedWrite;
  missed.inode = inode;
  missed.sector = sector;
  missed.since = kernel_.now();
  missed.write = write;
  missed.missed = true;
  missed.durable = false;
  missed.correct = image;
  Wound hit = missed;
  hit.sector = target;
  hit.missed = false;
  hit.correct = inode->sector(target);

  push_size_undo(inode, write);
  push_undo(inode, target, write);
  inode->set_sector(target, image);
  // Bytes above the file's size stay zero.
  if ((target + 1) * kSectorBytes > inode->size()) inode->set_size(inode->size());
  wounds_.push_back(std::move(missed));
  wounds_.push_back(std::move(hit));
  return true;
}

void SimDisk::write_over_wounds(Inode& inode, std::uint64_t sector, std::size_t from,
                                std::string_view bytes) {
  for (std::size_t i = 0; i < wounds_.size(); ++i) {
    Wound& wound = wounds_[i];
    if (wound.inode.get() != &inode || wound.sector != sector) continue;
    if (wound.kind == FaultKind::kBitRot) {
      // The rest of the sector was read for this write, and is written back as rotten as it was.
      SectorBytes held = inode.sector(sector);
      std::memcpy(wound.correct.data() + from, bytes.data(), bytes.size());
      std::memcpy(held.data() + from, bytes.data(), bytes.size());
      if (held != wound.correct) continue;
    } else {
      // The page cache knows the sector's content and writes it whole, this time to its place.
      inode.set_sector(sector, wound.correct);
    }
    wounds_.erase(wounds_.begin() + static_cast<std::ptrdiff_t>(i));
    --i;
  }
}

void SimDisk::note_read_of_wounds(const Inode& inode, std::uint64_t offset, std::size_t length) {
  for (Wound& wound : wounds_) {
    if (wound.seen || wound.inode.get() != &inode) continue;
    const std::uint64_t begin = std::max(offset, wound.sector * kSectorBytes);
    const std::uint64_t end = std::min(offset + length, (wound.sector + 1) * kSectorBytes);
    if (begin >= end) continue;
    const auto skip = static_cast<std::size_t>(begin - wound.sector * kSectorBytes);
    const auto count = static_cast<std::size_t>(end - begin);
    const SectorBytes held = inode.sector(wound.sector);
    if (std::memcmp(held.data() + skip, wound.correct.data() + skip, count) == 0) continue;
    counters_.strike(wound.kind);
    // Both sectors of a misdirected write are one fault.
    for (Wound& other : wounds_) {
      if (&other == &wound || (wound.write != 0 && other.write == wound.write)) other.seen = true;
    }
  }
}

// A misdirected write that was not synced was lost, as it may be; what it hit may be as before.
void SimDisk::settle_wounds_after_crash() {
  std::erase_if(wounds_, [](const Wound& wound) {
    if (wound.missed && !wound.durable) return true;
    return wound.inode->sector(wound.sector) == wound.correct;
  });
  for (Wound& wound : wounds_) wound.durable = true;
}

std::vector<Damage> SimDisk::damages() const {
  std::vector<Damage> all;
  for (const Wound& wound : wounds_) {
    if (!alive(*wound.inode)) continue;
    all.push_back(
        Damage{wound.kind, name_of_inode(*wound.inode), wound.sector * kSectorBytes, wound.since});
  }
  return all;
}

void SimDisk::heal_wound(const Wound& wound) {
  wound.inode->set_sector(wound.sector, wound.correct);
  if ((wound.sector + 1) * kSectorBytes > wound.inode->size()) {
    wound.inode->set_size(wound.inode->size());
  }
}

std::size_t SimDisk::heal_younger_than(Duration age) {
  const std::size_t before = wounds_.size();
  std::erase_if(wounds_, [&](const Wound& wound) {
    if (kernel_.now() - wound.since >= age) return false;
    heal_wound(wound);
    return true;
  });
  return before - wounds_.size();
}

std::size_t SimDisk::heal_all() {
  for (const Wound& wound : wounds_) heal_wound(wound);
  const std::size_t healed = wounds_.size();
  wounds_.clear();
  return healed;
}

std::string SimDisk::name_of_inode(const Inode& inode) const {
  for (const auto& [name, candidate] : names_) {
    if (candidate.get() == &inode) return name;
  }
  return "";
}

}  // namespace synchrodb::sim
