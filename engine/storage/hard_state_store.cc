#include "engine/storage/hard_state_store.h"

#include <algorithm>

#include "engine/storage/format.h"
#include "engine/storage/sector_io.h"

namespace synchrodb::storage {

namespace {

Error hard_state_lost() {
  return {ErrorCode::kCorrupt,
          "hard state lost: both copies are damaged; this node must be removed from its groups and "
          "rejoin under a new id"};
}

}  // namespace

std::string HardStateStore::encode(const Slot& slot, std::uint32_t number, std::uint32_t copy) {
  std::string sector(kSector, '\0');
  char* p = sector.data();
  put(p + 4, kFormatVersion);
  put(p + 8, kHardStateMagic);
  put(p + 16, copy);
  put(p + 20, number);
  put(p + 24, slot.sequence);
  put(p + 32, slot.group.value);
  put(p + 40, slot.state.term.value);
  put(p + 48, slot.state.voted_for.value);
  put(p + 56, slot.state.recovery_term.value);
  put(p + 64, slot.state.recovery_index.value);
  put(p, crc32c(0, p + 4, kSector - 4));
  return sector;
}

HardStateStore::Judged HardStateStore::judge(std::string_view sector, std::uint32_t number,
                                             std::uint32_t copy) {
  if (std::all_of(sector.begin(), sector.end(), [](char c) { return c == 0; })) return {};
  Judged damaged{Verdict::kDamaged, {}};
  if (sector.size() != kSector) return damaged;
  const char* p = sector.data();
  if (get<std::uint32_t>(p) != crc32c(0, p + 4, kSector - 4)) return damaged;
  if (get<std::uint64_t>(p + 8) != kHardStateMagic) return damaged;
  if (get<std::uint32_t>(p + 4) != kFormatVersion) return {Verdict::kUnknownVersion, {}};
  if (get<std::uint32_t>(p + 16) != copy || get<std::uint32_t>(p + 20) != number) return damaged;
  Judged good{Verdict::kGood, {}};
  good.slot.sequence = get<std::uint64_t>(p + 24);
  good.slot.group.value = get<std::uint64_t>(p + 32);
  good.slot.state.term.value = get<std::uint64_t>(p + 40);
  good.slot.state.voted_for.value = get<std::uint64_t>(p + 48);
  good.slot.state.recovery_term.value = get<std::uint64_t>(p + 56);
  good.slot.state.recovery_index.value = get<std::uint64_t>(p + 64);
  const HardState& state = good.slot.state;
  const bool bounded = plausible(state.term.value) && plausible(state.recovery_term.value) &&
                       plausible(state.recovery_index.value);
  return good.slot.sequence == 0 || !bounded ? damaged : good;
}

Result<> HardStateStore::judge_file(std::uint32_t copy, std::vector<Judged>& out) {
  Result<std::string> bytes = read_by_sector(*files_[copy]);
  if (!bytes) return bytes.error();
  const std::string& all = bytes.value();
  for (std::size_t at = 0; at < all.size(); at += kSector) {
    const auto number = static_cast<std::uint32_t>(at / kSector);
    out.push_back(judge(std::string_view(all).substr(at, kSector), number, copy));
    if (out.back().verdict == Verdict::kUnknownVersion) {
      return Error{ErrorCode::kUnsupported,
                   std::string(kHardStateName[copy]) + ": written by a newer version"};
    }
  }
  return {};
}

Result<> HardStateStore::recover(bool expected) {
  bool existed = false;
  for (std::uint32_t copy = 0; copy < 2; ++copy) {
    Result<std::unique_ptr<File>> file = disk_.open(kHardStateName[copy], Disk::Mode::kMustExist);
    if (file) {
      existed = true;
    } else if (file.error().code == ErrorCode::kNotFound) {
      file = disk_.open(kHardStateName[copy], Disk::Mode::kCreate);
    }
    if (!file) return file.error();
    files_[copy] = std::move(file).value();
  }
  if (!existed && expected) return hard_state_lost();
  std::vector<Judged> judged[2];
  for (std::uint32_t copy = 0; copy < 2; ++copy) {
    if (Result<> r = judge_file(copy, judged[copy]); !r) return r;
  }
  const std::size_t count = std::max(judged[0].size(), judged[1].size());
  for (auto& copy : judged) copy.resize(count);
  return mend(judged[0], judged[1]);
}

// Which copy is right. A is written and synced before B: so B alone being blank or older is a crash
// between the two, and A damaged with B blank a first change that nobody was told of. Anything else
// that is not equal is damage of one copy, mended from the other.
Result<> HardStateStore::mend(const std::vector<Judged>& a, const std::vector<Judged>& b) {
  std::vector<std::uint32_t> used;
  for (std::uint32_t i = 0; i < a.size(); ++i) {
    const bool a_good = a[i].verdict == Verdict::kGood;
    const bool b_good = b[i].verdict == Verdict::kGood;
    if (!a_good && b[i].verdict == Verdict::kDamaged) return hard_state_lost();
    const bool b_newer = b_good && (!a_good || b[i].slot.sequence > a[i].slot.sequence);
    const Judged& newest = b_newer ? b[i] : a[i];
    const Slot slot = newest.verdict == Verdict::kGood ? newest.slot : Slot{};
    if (slot.sequence != 0 && !slot_of_.emplace(slot.group, i).second) return hard_state_lost();
    slots_.push_back(slot);
    used.push_back(i);
  }
  // Both copies are written again even if they are equal: if a sync failed before the restart, what
  // was read may be a page cache's belief, and will now be reported as durable.
  for (std::uint32_t copy : {1u, 0u}) {
    if (Result<> r = write_slots(copy, used); !r) return r;
  }
  return {};
}

Result<> HardStateStore::write_slots(std::uint32_t copy,
                                     const std::vector<std::uint32_t>& numbers) {
  for (std::uint32_t number : numbers) {
    const Slot& slot = slots_[number];
    const std::string sector =
        slot.sequence == 0 ? std::string(kSector, '\0') : encode(slot, number, copy);
    if (Result<> r = files_[copy]->write(std::uint64_t{number} * kSector, sector); !r) return r;
  }
  return files_[copy]->sync();
}

std::map<GroupId, HardState> HardStateStore::states() const {
  std::map<GroupId, HardState> states;
  for (auto [group, slot] : slot_of_) states[group] = slots_[slot].state;
  return states;
}

Result<> HardStateStore::write(const std::vector<std::pair<GroupId, HardState>>& changes) {
  std::vector<std::uint32_t> numbers;
  for (const auto& [group, state] : changes) {
    auto [it, fresh] = slot_of_.emplace(group, static_cast<std::uint32_t>(slots_.size()));
    if (fresh) {
      // A slot whose first change never completed is free.
      auto free =
          std::find_if(slots_.begin(), slots_.end(), [](const Slot& s) { return s.sequence == 0; });
      it->second = static_cast<std::uint32_t>(free - slots_.begin());
      if (free == slots_.end()) slots_.emplace_back();
    }
    Slot& slot = slots_[it->second];
    slot = {group, state, slot.sequence + 1};
    if (std::find(numbers.begin(), numbers.end(), it->second) == numbers.end()) {
      numbers.push_back(it->second);
    }
  }
  for (std::uint32_t copy = 0; copy < 2; ++copy) {
    if (Result<> r = write_slots(copy, numbers); !r) return r;
  }
  return {};
}

}  // namespace synchrodb::storage
