// Deliberate defects: one enumerator per historical bug (see the bug zoo in sim/README.md).
//
// In the ordinary build `defect(...)` is constexpr false and the compiler removes the branch; a
// build with SYNCHRODB_DEFECTS lets the simulator switch one on by name, to test the tester. Each
// site reads `if (defect(Defect::kX))` and misbehaves exactly as the historical bug did.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace synchrodb {

enum class Defect : std::uint8_t {
  kVoteNotPersisted,              // zoo 1
  kPriorTermCommittedByCounting,  // zoo 20, thesis 3.6.2
  kAckBeforeDurable,              // zoo 27, 44
  kReadWithoutQuorumCheck,        // zoo 16, 19
  kLeaseIgnoresClockDrift,        // zoo 14
  kConflictTruncatesCommitted,    // zoo 22
  kMembershipWithoutOwnTerm,      // zoo 31
  kOlderSnapshotOverwritesLog,    // zoo 39
  kDuplicateCommandApplied,       // zoo 47
  kTornTailAccepted,              // zoo 45
  kCount,
};

struct DefectName {
  Defect defect;
  std::string_view name;         // kebab case, as on the command line
  std::string_view description;  // the mechanism in one sentence
};

inline constexpr std::array kDefectNames{
    DefectName{Defect::kVoteNotPersisted, "vote-not-persisted",
               "a vote grant leaves before the vote is durable, so a crash forgets it"},
    DefectName{Defect::kPriorTermCommittedByCounting, "prior-term-commit-by-counting",
               "a leader commits an entry of an older term by counting its copies"},
    DefectName{Defect::kAckBeforeDurable, "ack-before-durable",
               "a follower acknowledges entries that its disk has not synced"},
    DefectName{Defect::kReadWithoutQuorumCheck, "read-without-quorum-check",
               "a leader serves a read without confirming that it still leads"},
    DefectName{Defect::kLeaseIgnoresClockDrift, "lease-ignores-clock-drift",
               "a lease trusts its own clock to be exact"},
    DefectName{Defect::kConflictTruncatesCommitted, "conflict-truncates-committed",
               "an old AppendEntries truncates entries that it does not conflict with"},
    DefectName{Defect::kMembershipWithoutOwnTerm, "membership-without-own-term",
               "a single-server change starts before the leader committed in its own term"},
    DefectName{Defect::kOlderSnapshotOverwritesLog, "older-snapshot-overwrites-log",
               "a delayed snapshot older than the log replaces it"},
    DefectName{Defect::kDuplicateCommandApplied, "duplicate-command-applied",
               "a client's retry is applied a second time"},
    DefectName{Defect::kTornTailAccepted, "torn-tail-accepted",
               "recovery takes a torn log tail for a whole one"},
};
static_assert(kDefectNames.size() == static_cast<std::size_t>(Defect::kCount));

#ifdef SYNCHRODB_DEFECTS

// The one defect that is on in this thread, if any.
extern thread_local std::optional<Defect> active_defect;
inline bool defect(Defect d) {
  return active_defect == d;
}
inline constexpr bool kDefectsCompiledIn = true;

#else

constexpr bool defect(Defect) {
  return false;
}
inline constexpr bool kDefectsCompiledIn = false;

#endif

}  // namespace synchrodb
