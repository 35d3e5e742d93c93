// Term and vote of every group, twice: a single damage never loses the newest vote.
//
// A change goes to file A, is synced, then to file B, and is synced again. So at every moment one
// of the copies is whole and at least as new as what was acknowledged; elections are rare, the
// second sync is cheap. Losing a vote silently would let the node vote twice in a term: when both
// copies are damaged, recovery refuses.
#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "consensus/effects.h"
#include "engine/env/disk.h"

namespace synchrodb::storage {

class HardStateStore {
 public:
  explicit HardStateStore(Disk& disk) : disk_(disk) {}

  // Opens or makes both files, mends the damaged copy of any pair. kCorrupt if both copies of a
  // slot are damaged, or if neither file exists although `expected` says that the node is not new.
  // The caller syncs the directory.
  Result<> recover(bool expected);

  // By group; those that never voted nor saw a term are absent.
  std::map<GroupId, HardState> states() const;

  // Durable when it returns ok.
  Result<> write(const std::vector<std::pair<GroupId, HardState>>& changes);

 private:
  struct Slot {
    GroupId group;
    HardState state;
    std::uint64_t sequence = 0;  // 0: free
  };
  enum class Verdict { kBlank, kGood, kDamaged, kUnknownVersion };
  struct Judged {
    Verdict verdict = Verdict::kBlank;
    Slot slot;
  };

  static std::string encode(const Slot& slot, std::uint32_t number, std::uint32_t copy);
  static Judged judge(std::string_view sector, std::uint32_t number, std::uint32_t copy);
  Result<> judge_file(std::uint32_t copy, std::vector<Judged>& out);
  Result<> mend(const std::vector<Judged>& a, const std::vector<Judged>& b);
  Result<> write_slots(std::uint32_t copy, const std::vector<std::uint32_t>& numbers);

  Disk& disk_;
  std::unique_ptr<File> files_[2];
  std::vector<Slot> slots_;
  std::map<GroupId, std::uint32_t> slot_of_;
};

}  // namespace synchrodb::storage
