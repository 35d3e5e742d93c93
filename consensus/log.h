// The part of the log that is in memory: a ring of entries above a base that stands for all before.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "consensus/assert.h"
#include "consensus/entry.h"

namespace synchrodb {

class Log {
 public:
  // Drops everything; the next entry is the one after `base`, whose entry had `base_term`.
  void reset(Index base, Term base_term);
  // `entry` must be the one after last().
  void append(EntryRef entry);
  // Entries after `keep` leave; keep >= base().
  void truncate_after(Index keep);
  // Entries up to `base` leave and become the base; base() <= base <= last().
  void compact_to(Index base);

  // The last index that is no longer here; 0 for a log from the beginning.
  Index base() const { return base_; }
  Index first() const { return base_.next(); }
  Index last() const { return {base_.value + count_}; }
  Term last_term() const { return count_ == 0 ? base_term_ : slot(count_ - 1)->term(); }
  bool has(Index index) const { return index > base_ && index <= last(); }

  // Nothing below base() and above last().
  std::optional<Term> term_at(Index index) const {
    if (index == base_) return base_term_;
    if (!has(index)) return std::nullopt;
    return slot(offset(index))->term();
  }
  // has(index) must hold.
  const EntryRef& at(Index index) const {
    SYNCHRODB_ASSERT(has(index), "the entry is in memory");
    return slot(offset(index));
  }
  // The greatest index at or below `limit` (and at least base()) whose term is at most `term`.
  // Terms never fall along a log, so this is a binary search.
  Index last_at_most(Index limit, Term term) const;

  // Entry::size() of all entries in memory.
  std::size_t bytes() const { return bytes_; }

 private:
  std::size_t offset(Index index) const {
    return static_cast<std::size_t>(index.value - base_.value - 1);
  }
  const EntryRef& slot(std::size_t i) const { return ring_[(head_ + i) & (ring_.size() - 1)]; }
  EntryRef& slot(std::size_t i) { return ring_[(head_ + i) & (ring_.size() - 1)]; }
  void grow();

  std::vector<EntryRef> ring_ = std::vector<EntryRef>(16);  // size: a power of two
  std::size_t head_ = 0;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
  Index base_;
  Term base_term_;
};

}  // namespace synchrodb
