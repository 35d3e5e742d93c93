// What simulated clients do: operations on a few keys, recorded as a history for the checkers.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/client/client.h"
#include "sim/check/check.h"
#include "sim/check/history.h"
#include "sim/oracle/command_places.h"
#include "sim/plan.h"

namespace synchrodb::sim {

// How many operations ended in which way.
struct OperationCount {
  std::uint64_t ok = 0;
  std::uint64_t fail = 0;
  std::uint64_t info = 0;
};

class Workload {
 public:
  // Who judges operations by their place in the log, beside the checkers.
  struct Witnesses {
    std::function<void(Term, Index)> acknowledged;  // a write is the entry at (term, index)
    std::function<Index()> committed;               // how far the log is committed now
    // A linearizable read, invoked when `floor` was committed, saw the state at `seen`.
    std::function<void(Index floor, Index seen)> read;
  };

  // `now`: true time in nanoseconds since the start of the run.
  // `value_bytes`: how long written strings are at least.
  Workload(const WorkloadPlan& plan, std::size_t value_bytes, std::function<std::int64_t()> now,
           Witnesses witnesses);

  // Performs one operation, drawn from `random`, as `process`, and records it. Parks. Returns true
  // if the process may go on, false if its operation is open for ever: Jepsen then uses a new
  // process.
  bool step(Client& client, RandomStream& random, std::int32_t process);

  // The same for a client that only reads, by lease where the plan has such reads.
  void read_step(Client& client, RandomStream& random, std::int32_t process);

  // A linearizable read of every key, recorded. False as soon as one fails.
  bool read_all(Client& client, std::int32_t process);

  // Tells the history where each write took effect, unanswered ones too, so that the checkers need
  // not guess. (A reply names the entry that it answered, which may be a repetition.) Once, at the
  // end.
  void locate_writes(const CommandPlaces& places);

  const check::History& history() const { return history_; }
  check::Model model() const { return model_; }
  const OperationCount& count() const { return count_; }

 private:
  enum class Kind : std::uint8_t { kRead, kLeaseRead, kWrite, kCas, kAppend, kIncrement, kDelete };
  struct Weighted {
    Kind kind;
    std::uint64_t weight;
  };
  struct Key {
    std::string name;
    check::KeyId id;
    bool numeric;
    std::int64_t last_seen = 0;  // a value that a CAS may well expect
  };
  static Kind kind_of(const std::string& name);
  // The text that is written for a number: digits, then dots up to value_bytes_.
  std::string text_of(std::int64_t value) const;

  Kind pick(RandomStream& random) const;
  bool perform(Client& client, RandomStream& random, std::int32_t process, Key& key, Kind kind);
  bool read(Client& client, std::int32_t process, Key& key, ReadConsistency consistency);
  bool write(Client& client, std::int32_t process, const Key& key, check::Invocation invocation,
             std::vector<std::string> argv);
  check::Value result_of(check::Function function, const Reply& reply);
  check::Value value_of(const Key& key, const Reply& reply);

  std::function<std::int64_t()> now_;
  Witnesses witnesses_;
  std::size_t value_bytes_;
  check::History history_;
  check::Model model_;
  bool text_values_;
  std::vector<Key> keys_;
  std::vector<Weighted> mix_;
  std::uint64_t total_weight_ = 0;
  std::int64_t next_value_ = 1;  // every written value is unique
  struct SentWrite {
    check::OperationId id;
    SessionId session;
    std::uint64_t sequence;
  };
  std::vector<SentWrite> sent_writes_;
  OperationCount count_;
};

}  // namespace synchrodb::sim
