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
#include "engine/kv/command.h"

namespace synchrodb {

// Writes wait for the entry that carries them, in log order.
class PendingWrites {
 public:
  struct Write {
    Proposed at;
    std::unique_ptr<Responder> responder;
    std::optional<RequestName> name;
  };

  // `at.index` may be at or below an earlier one's: a new leadership replaced the old proposals,
  // which are answered "not executed" (their entries are gone from this log, see resolve()).
  void add(Proposed at, std::unique_ptr<Responder> responder,
           std::optional<RequestName> name = std::nullopt);

  // Where the request of this name was proposed last; nothing once that is decided.
  std::optional<Proposed> find(const RequestName& name) const;
  // Whoever waits for what is there now, in place of `responder`, who does from now on. Of what
  // find() said.
  std::unique_ptr<Responder> replace(const Proposed& at, std::unique_ptr<Responder> responder);

  // The entry (term, index) was applied: whoever waited for just that one, if anybody. Waiters for
  // an entry of another term at or below `index` move to `overwritten`.
  std::unique_ptr<Responder> resolve(Term term, Index index,
                                     std::vector<std::unique_ptr<Responder>>& overwritten);

  // Forgets the waiters up to `index`, whose fate cannot be told (a snapshot jumped over them).
  std::vector<std::unique_ptr<Responder>> take_up_to(Index index);

  std::size_t size() const { return writes_.size(); }

 private:
  void pop_front();

  std::deque<Write> writes_;  // by index; equal indexes in order of term
  std::map<RequestName, Proposed> named_;
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
  std::size_t size() const { return asked_ + waiting_.size(); }

  struct Waiting {
    Index index;
    Read read;
  };
  // The read index is known; whether it is applied yet does not matter.
  void wait_for(Index index, Read read);
  // Moves the reads that may be served at `applied` to the end of `ready`, the lower index first,
  // and what waited longer where it is the same.
  void take_ready(Index applied, std::vector<Waiting>& ready);

 private:
  ReadId last_;
  // The reads up to `last_`, those that were taken are empty. Most are taken in their order.
  std::deque<std::optional<Read>> reads_;
  std::size_t asked_ = 0;        // of these are not empty
  std::deque<Waiting> waiting_;  // in the order of take_ready()
};

}  // namespace synchrodb
