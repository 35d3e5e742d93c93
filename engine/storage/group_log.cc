#include "engine/storage/group_log.h"

#include "consensus/assert.h"

namespace synchrodb::storage {

bool remembers(const HardState& state, const FaultBound& bound) {
  if (!state.recovery_term) return false;
  const FaultBound remembered{state.recovery_term, state.recovery_index};
  return join(remembered, bound) == remembered;
}

FaultBound join(const FaultBound& a, const FaultBound& b) {
  if (a.term != b.term) return a.term > b.term ? a : b;
  if (!a.index || !b.index) return {a.term, Index{}};
  return a.index > b.index ? a : b;
}

std::optional<Term> GroupLog::term_at(Index index) const {
  if (index < base_ || index > last()) return std::nullopt;
  if (index == base_) return base_term_;
  return entries_[index.value - base_.value - 1]->term();
}

bool GroupLog::covers(const FaultBound& bound) const {
  if (last_term() != bound.term) return last_term() > bound.term;
  return bound.index && last() >= bound.index;
}

void GroupLog::reset(Index index, Term term) {
  base_ = index;
  base_term_ = term;
  entries_.clear();
  runs_.clear();
  bytes_ = 0;
}

void GroupLog::append(EntryRef entry) {
  SYNCHRODB_ASSERT(entry->index() > base_ && entry->index() <= last().next(),
                   "a log has no gaps, and nothing before its base is replaced");
  while (last() >= entry->index()) {
    bytes_ -= entries_.back()->size();
    entries_.pop_back();
  }
  bytes_ += entry->size();
  entries_.push_back(std::move(entry));
}

void GroupLog::trim(Index index) {
  while (base_ < index && !entries_.empty()) {
    base_ = entries_.front()->index();
    base_term_ = entries_.front()->term();
    bytes_ -= entries_.front()->size();
    entries_.pop_front();
  }
  drop_dead_runs();
}

void GroupLog::drop_dead_runs() {
  while (runs_.size() > 1 && runs_[1].first <= base_.next()) runs_.pop_front();
}

void GroupLog::note_run(Index first, std::uint64_t segment) {
  while (!runs_.empty() && runs_.back().first >= first) runs_.pop_back();
  if (runs_.empty() || runs_.back().segment != segment) runs_.push_back({first, segment});
  // A log that a snapshot had emptied still remembers the segment of its last entry, which may be
  // gone by now.
  drop_dead_runs();
}

std::optional<std::uint64_t> GroupLog::oldest_segment() const {
  if (entries_.empty() || runs_.empty()) return std::nullopt;
  return runs_.front().segment;
}

}  // namespace synchrodb::storage
