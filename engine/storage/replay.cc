#include "engine/storage/replay.h"

namespace synchrodb::storage {

ReplayedGroup& Replay::group(GroupId id) {
  auto [it, fresh] = groups_.try_emplace(id);
  if (fresh) it->second.suspect = damaged_;
  return it->second;
}

void Replay::broken() {
  damaged_ = true;
  for (auto& [id, group] : groups_) suspect(group, std::nullopt);
}

void Replay::suspect(ReplayedGroup& group, std::optional<FaultBound> bound) {
  group.suspect = true;
  group.bound = bound;
}

bool Replay::proven(ReplayedGroup& group, Index index, Term term) {
  GroupLog& log = group.log;
  if (log.term_at(index) == term) {
    if (index || group.placed) return true;
  }
  const bool nothing = !index && !term && !group.placed;
  const bool snapshot =
      group.snapshot && group.snapshot->index == index && group.snapshot->term == term;
  if (nothing || snapshot) {
    log.reset(index, term);
    group.placed = true;
    return true;
  }
  return false;
}

void Replay::entry(ReplayedGroup& group, const Record& record, std::uint64_t segment) {
  GroupLog& log = group.log;
  const Index index = record.entry->index();
  const Index before = index.previous();
  if (!group.suspect && (!group.placed || before < log.base())) {
    // The first that the log still holds of this group: what came before was compacted. Or an entry
    // below all that it still holds: those were not committed, and are replaced.
    log.reset(before, record.previous_term);
    group.placed = true;
  }
  if (!proven(group, before, record.previous_term)) {
    suspect(group, FaultBound{record.entry->term(), index});
    return;
  }
  group.suspect = false;
  log.append(record.entry);
  log.note_run(index, segment);
}

void Replay::position(ReplayedGroup& group, const Record& record) {
  GroupLog& log = group.log;
  if (!group.suspect && !group.placed) {
    log.reset(record.index, record.term);
    group.placed = true;
  }
  const bool at_end = log.last() == record.index;
  if ((group.placed && at_end && log.last_term() == record.term) ||
      (group.suspect && !log.term_at(record.index) && proven(group, record.index, record.term)) ||
      (group.suspect && !group.placed && proven(group, record.index, record.term))) {
    group.suspect = false;
    return;
  }
  suspect(group, FaultBound{record.term, record.index});
}

void Replay::apply(const ParsedBatch& batch, std::uint64_t segment) {
  for (const Record& record : batch.records) {
    if (record.type == RecordType::kHead) continue;
    ReplayedGroup& g = group(record.group);
    switch (record.type) {
      case RecordType::kEntry:
        entry(g, record, segment);
        break;
      case RecordType::kReset:
        g.log.reset(record.index, record.term);
        g.placed = true;
        g.suspect = false;
        break;
      case RecordType::kPosition:
        position(g, record);
        break;
      case RecordType::kFault:
        g.log.fault = FaultBound{record.term, record.index};
        break;
      case RecordType::kFaultResolved:
        g.log.fault.reset();
        break;
      case RecordType::kHead:
      case RecordType::kPadding:
        break;
    }
  }
}

}  // namespace synchrodb::storage
