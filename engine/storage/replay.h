// From records back to logs, across damage.
//
// While the chain of batches is unbroken every record is simply done again. At a break (a batch
// that is lost) no group knows whether it was concerned: all become suspect. A suspect group is
// cleared as soon as a later record proves that nothing of it was lost: one that names the index
// and term that our log ends with, or that an entry was put after. By Log Matching an (index, term)
// stands for the whole log before it.
#pragma once

#include <map>
#include <optional>

#include "consensus/message.h"
#include "engine/storage/group_log.h"
#include "engine/storage/records.h"

namespace synchrodb::storage {

struct ReplayedGroup {
  GroupLog log;
  // The intact snapshot, if there is one.
  std::optional<SnapshotMeta> snapshot;
  // Some record has said where the log stands.
  bool placed = false;
  bool suspect = false;
  // Suspect only: where the log ended according to the last record about it after the break.
  std::optional<FaultBound> bound;
};

class Replay {
 public:
  explicit Replay(std::map<GroupId, ReplayedGroup> known) : groups_(std::move(known)) {}

  void apply(const ParsedBatch& batch, std::uint64_t segment);
  // Something that was synced is missing here.
  void broken();
  bool damaged() const { return damaged_; }

  std::map<GroupId, ReplayedGroup>& groups() { return groups_; }

 private:
  ReplayedGroup& group(GroupId id);
  // Whether the log at `index` is proven to be the one that ends in (index, term); places the log
  // there if it is so by the snapshot alone.
  static bool proven(ReplayedGroup& group, Index index, Term term);
  static void suspect(ReplayedGroup& group, std::optional<FaultBound> bound);
  static void entry(ReplayedGroup& group, const Record& record, std::uint64_t segment);
  static void position(ReplayedGroup& group, const Record& record);

  std::map<GroupId, ReplayedGroup> groups_;
  bool damaged_ = false;
};

}  // namespace synchrodb::storage
