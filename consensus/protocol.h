// What a consensus protocol is to its driver: a deterministic function of its inputs.
//
// No I/O, clock, thread, fiber, lock, log or callback: whatever happens comes in through the
// methods, whatever must happen goes out through drain(). Raft is the first implementation; the
// replica and the simulator know only this interface.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "consensus/effects.h"

namespace synchrodb {

// A node-wide source of durability ids, shared by all groups of a node.
class IoSequence {
 public:
  IoId next() { return last_ = last_.next(); }
  IoId last() const { return last_; }

 private:
  IoId last_;
};

// Damage that recovery or a later read found in what the node once held durably (design section 3).
// The log after `intact` is lost; up to `lost_term`/`lost_index` may have been acknowledged.
// `lost_index` 0: the bound is unknown.
struct StorageFault {
  Index intact;
  Term lost_term;
  Index lost_index;
};

// What storage found at start.
struct DurableState {
  HardState hard_state;
  std::optional<SnapshotMeta> snapshot;
  std::vector<EntryRef> entries;  // consecutive, the first right after the snapshot
  std::optional<StorageFault> fault;
};

struct Proposed {
  Term term;
  Index index;  // committed iff the entry that is applied here has this term

  bool operator==(const Proposed&) const = default;
};
struct NotLeader {
  NodeId leader;  // 0: unknown
};
struct Refused {
  enum class Why : std::uint8_t {
    kTooMuchUncommitted,  // bounded uncommitted size: back off
    kTransferring,        // leadership transfer in progress
    kChangeInProgress,    // an earlier membership change is not committed yet
    kNotReady,            // no entry of the own term committed yet (thesis errata 2015)
    kInvalidChange,       // no voters left, an unknown node, a node twice
  } why;
};
using ProposeResult = std::variant<Proposed, NotLeader, Refused>;

enum class ReadMode : std::uint8_t {
  kReadIndex,  // a round of heartbeats confirms leadership (thesis 6.4)
  kLease,      // served locally while the lease holds, else as kReadIndex
};

// A membership change: nodes to add as voters (a learner is promoted), to add as learners, to
// remove. More than one voter changed needs joint consensus.
struct ConfigurationChange {
  std::vector<NodeId> add_voters;
  std::vector<NodeId> add_learners;
  std::vector<NodeId> remove;
};

enum class Role : std::uint8_t { kLearner, kFollower, kPreCandidate, kCandidate, kLeader };
const char* name_of(Role role);

struct ProtocolStatus {
  Role role = Role::kFollower;
  Term term;
  NodeId leader;  // 0: unknown
  Index commit;
  Index applied;  // as reported by on_applied
  Index first;    // first index still in the log
  Index last;
  Term last_term;
  Index durable;  // last index known durable on this node
  Term durable_term;
  bool recovering = false;
  std::size_t log_bytes = 0;  // of the entries in memory
};

// What a leader knows of a member.
struct PeerStatus {
  NodeId node;
  Index match;          // durable there, as far as it has said
  bool active = false;  // it has answered since check-quorum last looked
  bool awaits_snapshot = false;
};

class Protocol {
 public:
  virtual ~Protocol() = default;

  // A message arrived. Messages from nodes outside the configuration are legal.
  virtual void step(const Now& now, NodeId from, Message message) = 0;
  // The clock reached the deadline of the last drain; early or late calls are harmless.
  virtual void timeout(const Now& now) = 0;
  virtual ProposeResult propose(const Now& now, std::string payload) = 0;
  // The answer comes in the `reads` lane, always. Ids must be fresh.
  virtual void read(const Now& now, ReadId id, ReadMode mode) = 0;
  virtual ProposeResult change(const Now& now, const ConfigurationChange& change) = 0;
  // False: not leader, or no such voter. Abandoned after an election timeout.
  virtual bool transfer(const Now& now, NodeId target) = 0;
  // Everything up to `id` is durable. Ids below an earlier one are ignored.
  virtual void on_durable(const Now& now, IoId id) = 0;
  // The state machine has applied up to `index`.
  virtual void on_applied(Index index) = 0;
  virtual void on_storage_fault(const Now& now, const StorageFault& fault) = 0;
  // The state machine's snapshot at meta.index (applied, at or below commit) is durable: entries up
  // to it may leave memory, but for a tail kept for slow followers.
  virtual void on_snapshot_taken(const SnapshotMeta& meta) = 0;
  // All pieces of the snapshot are staged durably; `intact`: its checksum matched.
  virtual void on_snapshot_staged(const Now& now, const SnapshotMeta& meta, bool intact) = 0;

  // The meta data for a snapshot of the state machine at `applied`.
  virtual SnapshotMeta snapshot_meta(Index applied) const = 0;
  virtual ProtocolStatus status() const = 0;
  // By node, this one apart; empty on a node that does not lead.
  virtual std::vector<PeerStatus> peers() const = 0;
  // The term of the entry at `index` in this node's log (in memory, durable or not). Nothing above
  // the log's end, and below what compaction has left.
  virtual std::optional<Term> term_at(Index index) const = 0;
  virtual const Configuration& configuration() const = 0;
  // Moves everything that has gathered since the last drain into `effects` (cleared before).
  virtual void drain(const Now& now, Effects& effects) = 0;
};

}  // namespace synchrodb
