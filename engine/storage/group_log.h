// One group's live log, as it stands on disk: entries (shared with the Raft core) and where they
// are.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "consensus/effects.h"
#include "engine/storage/format.h"

namespace synchrodb::storage {

// How far a damaged log may have acknowledged. `index` 0: unknown, beyond any index of the term.
struct FaultBound {
  Term term;
  Index index;
  bool operator==(const FaultBound&) const = default;
};

// Whether the hard state keeps the promise behind `bound` by itself.
bool remembers(const HardState& state, const FaultBound& bound);
// The bound that covers both.
FaultBound join(const FaultBound& a, const FaultBound& b);

class GroupLog {
 public:
  // The log's entries follow this one.
  Index base() const { return base_; }
  Term base_term() const { return base_term_; }
  Index last() const { return Index{base_.value + entries_.size()}; }
  Term last_term() const { return entries_.empty() ? base_term_ : entries_.back()->term(); }
  const std::deque<EntryRef>& entries() const { return entries_; }
  // Of the live entries, as for byte limits.
  std::uint64_t bytes() const { return bytes_; }

  // The term at `index`; nothing outside [base, last].
  std::optional<Term> term_at(Index index) const;
  // A log that ends at (term, index) or later is at least as up to date as anything acknowledged
  // within `bound`: by Leader Completeness and Log Matching nothing of that is missing in it.
  bool covers(const FaultBound& bound) const;

  // Drops everything; the log goes on after (index, term).
  void reset(Index index, Term term);
  // Replaces whatever is at its index and after it; its index is in [base + 1, last + 1].
  void append(EntryRef entry);
  // Forgets entries up to `index`.
  void trim(Index index);

  // Entries from `first` on were written to `segment`.
  void note_run(Index first, std::uint64_t segment);
  // The oldest segment that holds a live entry; nothing if there are none.
  std::optional<std::uint64_t> oldest_segment() const;

  std::optional<FaultBound> fault;

 private:
  struct Run {
    Index first;
    std::uint64_t segment;
  };

  void drop_dead_runs();

  Index base_;
  Term base_term_;
  std::deque<EntryRef> entries_;
  std::uint64_t bytes_ = 0;
  std::deque<Run> runs_;
};

}  // namespace synchrodb::storage
