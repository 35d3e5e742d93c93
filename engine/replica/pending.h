// Requests that a replica has accepted and not answered yet.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "consensus/protocol.h"
#include "engine/env/transport.h"

namespace synchrodb {

// Writes wait for the entry that carries them, in log order.
class PendingWrites {
 public:
  struct Write {
    Proposed at;
    std::unique_ptr<Responder> responder;
  };

  // `at.index` may be at or below an earlier one's: a new leadership replaced the old proposals,
  // which are answered "not executed" (their entries are gone from this log, see resolve()).
  void add(Proposed at, std::unique_ptr<Responder> responder);

  // The entry (term, index) was applied: whoever waited for just that one, if anybody. Waiters for
  // an entry of another term at or below `index` move to `overwritten`.
  std::unique_ptr<Responder> resolve(Term term, Index index,
                                     std::vector<std::unique_ptr<Responder>>& overwritten);

  // Forgets the waiters up to `index`, whose fate cannot be told (a snapshot jumped over them).
  std::vector<std::unique_ptr<Responder>> take_up_to(Index index);

  std::size_t size() const { return writes_.size(); }

 private:
  std::deque<Write> writes_;  // by index; equal indexes in order of term
};

// Linearizable reads wait for their read index, then for the state machine to reach it.
class PendingReads {
 public:
  struct Read {
    std::string request;  // encoded
    ReadMode mode = ReadMode::kReadIndex;
    std::unique_ptr<Responder> responder;
  };

  ReadId add(Read read);
  // Nothing if the id is not known (any more).
  std::optional<Read> take(ReadId id);
  // Of both kinds.
  std::size_t size() const { return reads_.size() + waiting_.size(); }

  // Reads whose index is known and not applied yet.
  void wait_for(Index index, Read read);
  // The next read that may be served at `applied`, with its index.
  std::optional<std::pair<Index, Read>> next_ready(Index applied);

 private:
  ReadId last_;
  std::map<ReadId, Read> reads_;
  std::multimap<Index, Read> waiting_;
};

}  // namespace synchrodb
