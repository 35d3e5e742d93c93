// The replicated state machine: Redis' string and key commands, client sessions, and time.
//
// Deterministic: state and replies depend on the applied entries alone, never on a clock, an
// address or the order of a hash container. The only time is the *stamp*:
//
//   stamp = clamp(middle of entry.written(), previous stamp, previous stamp + kMaxStampJump)
//
// The middle of the leader's clock interval is its best single estimate, and unlike either end it
// does not jump when the uncertainty changes. The stamp never goes back (keys do not return to life
// after a fail-over to a slower clock) and one wild clock reading moves it by kMaxStampJump at
// most. Every entry carries it, so does every no-op; when nothing is written, stamp_due() tells the
// leader when to propose a kStamp request. Relative expiry becomes absolute on apply; a key is gone
// once the stamp's millisecond is past its expiry, for reads and writes alike.
//
// Sessions (Raft thesis 6.3): the latest reply of each session is kept, and a request whose
// sequence number equals the latest one is answered from there. Beyond `max_sessions` the least
// recently used session is evicted, by log order.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "consensus/entry.h"
#include "consensus/types.h"
#include "engine/env/result.h"
#include "engine/kv/changes.h"
#include "engine/kv/command.h"
#include "engine/kv/key_statistics.h"
#include "engine/kv/reply.h"

namespace synchrodb {

// Must be equal on all nodes of a group, and for its whole life: they decide what commands do.
struct StateMachineOptions {
  std::size_t max_sessions = 65'536;
};

inline constexpr Duration kMaxStampJump = seconds(3600);

class StateMachine {
 public:
  explicit StateMachine(StateMachineOptions options = {});
  ~StateMachine();
  // A listener stays with its machine: one that takes over another's state tells its own of it.
  StateMachine(StateMachine&&) noexcept;
  StateMachine& operator=(StateMachine&&) noexcept;

  // Who is told of what entries change (null: nobody); outlives the machine. It has no influence on
  // the state, its digest or any reply.
  void listen(ChangeListener* listener) { listener_ = listener; }

  // Applies the entry after applied(); any other index is a defect of the caller. Entries of the
  // other kinds move the stamp and answer nil. Session errors, by code:
  //   SESSIONEXPIRED   the session is unknown (evicted, closed or never opened); nothing applied
  //   ERR session: stale sequence   an older request than the session's latest; nothing applied
  Reply apply(const Entry& entry);
  // Asks for the memory of the keys that these commands begin with, at once: lookups one by one
  // would wait for it one by one. To be called just before the entries of these payloads, at most
  // kPrefetchedAtOnce of them, are applied. Changes nothing.
  void prefetch(std::span<const std::string_view> payloads) const;
  static constexpr std::size_t kPrefetchedAtOnce = 32;

  // A read-only command, evaluated at the last applied stamp. Writes are refused with an error.
  Reply read(std::span<const std::string_view> argv) const;
  Reply read(const std::vector<std::string>& argv) const;
  // An encoded request (engine/kv/command.h) of reads, all evaluated at the last applied stamp: one
  // command's reply comes bare, several commands answer with an array.
  Reply read_encoded(std::string_view request) const;

  // The last applied stamp; zero before the first entry.
  WallTime stamp() const;
  // When the next key will expire: the first instant at which a stamp would remove it. At or before
  // stamp() if removals are still due (each entry removes a bounded number).
  std::optional<WallTime> earliest_expiry() const;
  // Whether a leader whose clock says `wall` ought to propose a kStamp request now: a key is due,
  // or the stamp lags so far behind that the bound on its jumps would soon distort it.
  bool stamp_due(const WallInterval& wall) const;
  // The civil instant from which stamp_due() turns true if nothing more is applied.
  WallTime next_stamp_due() const;

  Index applied() const;
  // A hash of all state: keys, values, expiries, versions, sessions with their replies, stamp and
  // applied index. Maintained incrementally: this call costs nothing. Equal on all nodes at an
  // equal index, whether they replayed the log or restored a snapshot.
  std::uint64_t digest() const;

  // For WATCH: changes whenever the key's value or expiry is written. Zero while the key does not
  // exist (a key that was created and deleted again in between counts as unchanged).
  std::uint64_t version_of(std::string_view key) const;

  std::size_t key_count() const;
  std::size_t session_count() const;
  // Stays with its machine, as a listener does.
  const KeyStatistics& key_statistics() const;

  // Appends everything that apply() depends on, the stamp and the applied index included: a whole
  // snapshot at once (snapshot_format.h). Time and memory grow with the state.
  void serialize(std::string& out) const;
  // Replaces all state by a serialized one; on error nothing has changed. Hostile input is answered
  // with kCorrupt or kUnsupported.
  Result<> restore(std::string_view bytes);
  // Back to the state before the first entry.
  void clear();

  // ---- The same piece by piece, in bounded work a call.

  // Fixes the state of this moment as a snapshot, in O(1): the pieces, put together, are what
  // serialize() would have written now, whatever is applied between them. While it lasts, what
  // entries change is kept in its old form too, until it has been given out. At most one at a time;
  // restoring and clear() end it.
  void begin_snapshot();
  bool snapshot_active() const;
  // Appends about `max_bytes` (at least 1) of the snapshot to `out`: more by one key or one
  // session's reply at most. True when that was the last, and the snapshot is over.
  bool next_piece(std::size_t max_bytes, std::string& out);
  void end_snapshot();

  // Reads a serialized state back into a machine that is used for nothing else until
  // finish_restore() has returned ok; then it stands where the serialized one stood. Errors as
  // restore()'s, after which the machine can only be destroyed, cleared or dismantled. What
  // restore_piece() cannot use yet it keeps.
  void begin_restore();
  Result<> restore_piece(std::string_view bytes);
  Result<> finish_restore();

  // Frees about `limit` keys and sessions of a machine that nobody will look at again; true when
  // what is left is quickly destroyed.
  bool dismantle(std::size_t limit);

  // ---- Memory.

  // What keys, values, tables and sessions take: a running count, near enough for a limit, without
  // what a snapshot keeps aside.
  std::size_t memory_bytes() const;
  // What a key takes of it; nothing if there is no such key.
  std::optional<std::size_t> memory_of(std::string_view key) const;
  // Whether applying this payload may need more memory: it holds a command that Redis refuses when
  // memory is full (kDenyOom), and is not the repetition of a request that has been applied, which
  // would be answered from its session.
  bool may_need_memory(std::string_view payload) const;

 private:
  struct State;

  void report_changes();

  std::unique_ptr<State> state_;
  ChangeListener* listener_ = nullptr;
};

// The single civil time that stands for a clock reading: the middle of the interval.
WallTime stamp_reading(const WallInterval& wall);

}  // namespace synchrodb
