#include "consensus/log.h"

#include <utility>

namespace synchrodb {

void Log::reset(Index base, Term base_term) {
  for (std::size_t i = 0; i < count_; ++i) slot(i).reset();
  head_ = count_ = bytes_ = 0;
  base_ = base;
  base_term_ = base_term;
}

void Log::append(EntryRef entry) {
  SYNCHRODB_ASSERT(entry->index() == last().next(), "a log has no gaps");
  SYNCHRODB_ASSERT(entry->term() >= last_term(), "terms never fall along a log");
  if (count_ == ring_.size()) grow();
  bytes_ += entry->size();
  slot(count_++) = std::move(entry);
}

void Log::truncate_after(Index keep) {
  SYNCHRODB_ASSERT(keep >= base_, "what a snapshot stands for cannot be truncated");
  while (last() > keep) {
    EntryRef& gone = slot(--count_);
    bytes_ -= gone->size();
    gone.reset();
  }
}

void Log::compact_to(Index base) {
  SYNCHRODB_ASSERT(base >= base_ && base <= last(), "compaction stays within the log");
  base_term_ = *term_at(base);
  while (base_ < base) {
    EntryRef& gone = slot(0);
    bytes_ -= gone->size();
    gone.reset();
    head_ = (head_ + 1) & (ring_.size() - 1);
    --count_;
    base_ = base_.next();
  }
}

Index Log::last_at_most(Index limit, Term term) const {
  if (limit <= base_) return base_;
  std::uint64_t low = base_.value;  // known to qualify, or the floor
  std::uint64_t high = limit < last() ? limit.value : last().value;
  while (low < high) {
    const std::uint64_t middle = low + (high - low + 1) / 2;
    if (*term_at(Index{middle}) <= term) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return Index{low};
}

void Log::grow() {
  std::vector<EntryRef> bigger(ring_.size() * 2);
  for (std::size_t i = 0; i < count_; ++i) bigger[i] = std::move(slot(i));
  ring_ = std::move(bigger);
  head_ = 0;
}

}  // namespace synchrodb
