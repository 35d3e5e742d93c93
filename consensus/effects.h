// What a step of consensus asks of the world, drained at the caller's convenience.
//
// Lanes. The order inside a lane is law; lanes are independent of one another, except that a gated
// message waits for its IoId. A caller that does things in this order is right:
//   1. hand `append` to the writer fiber (one batch, at most one a drain), 2. send `send`, 3. keep
//   each of `gated` until the writer reported its IoId durable, 4. `apply`, 5. answer `reads`.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "consensus/message.h"

namespace synchrodb {

// Must be durable before anything that follows from it leaves the node (thesis 3.8).
struct HardState {
  Term term;
  NodeId voted_for;  // 0: nobody in this term
  // While the node mends a damaged log: the last entry that it may have acknowledged and lost, so
  // that a restart amid the recovery does not forget that something is missing. recovery_term 0:
  // the log is whole; recovery_index 0: any entry of recovery_term or before. Opaque to storage.
  Term recovery_term = {};
  Index recovery_index = {};
  bool operator==(const HardState&) const = default;
};

// A received piece of a snapshot, to be kept beside the current one until the last has arrived.
struct SnapshotPiece {
  SnapshotMeta meta;
  std::uint64_t offset = 0;
  std::uint64_t total = 0;
  std::shared_ptr<const std::string> data;
};

// One unit of writing. All parts become durable before `id` is reported; parts are written in the
// order of the fields. Ids rise; reporting one reports all below it.
struct AppendBatch {
  IoId id;
  std::optional<HardState> hard_state;
  std::optional<SnapshotPiece> piece;
  // The staged snapshot becomes the current one and the log restarts after it, dropping every
  // entry.
  std::optional<SnapshotMeta> install;
  // Consecutive. An index that the log already has replaces it and all that follow (never done to a
  // committed one): truncation and append are one atomic act (bug zoo 22).
  std::vector<EntryRef> entries;
};

struct OutgoingMessage {
  NodeId to;
  Message message;
};

struct GatedMessage {
  IoId after;  // may leave once this id is durable
  NodeId to;
  Message message;
};

// Read the current snapshot from `offset` and send at most `max_bytes` of it as a SnapshotChunk.
struct SnapshotSend {
  NodeId to;
  Term term;
  Index index;  // which snapshot; a newer one may be sent in its place
  std::uint64_t offset = 0;
  std::uint64_t max_bytes = 0;
  std::uint64_t round = 0;
};

struct ReadReady {
  ReadId id;
  bool ok = false;  // false: not leader (any more); ask again elsewhere
  Index index;      // serve the read once this index is applied
};

enum class TraceKind : std::uint8_t {
  kBecameFollower,  // peer: the leader, if known
  kBecamePreCandidate,
  kBecameCandidate,
  kBecameLeader,
  kBecameLearner,
  kVoteGranted,        // peer: the candidate; a: 1 if a pre-vote
  kAppended,           // index: last index; a: how many
  kTruncated,          // index: the last one kept
  kCommitted,          // index: the new commit index
  kConfiguration,      // index: of the entry that took effect; a: 1 joint, 0 simple
  kSnapshotSending,    // peer, index
  kSnapshotInstalled,  // index
  kCompacted,          // index
  kLeaseServed,        // index: read index, served without a round of messages
  kTransferStarted,    // peer: the target
  kTransferAborted,
  kSteppedDown,      // check-quorum or removal; a: 1 if check-quorum
  kRecoveryStarted,  // damaged log: neither votes nor leads
  kRecoveryFinished,
};
const char* name_of(TraceKind kind);

struct TraceEvent {
  TraceKind kind;
  Term term;
  Index index;
  NodeId peer;
  std::uint64_t a = 0;
};

struct Effects {
  std::optional<AppendBatch> append;
  std::vector<GatedMessage> gated;
  std::vector<OutgoingMessage> send;
  std::vector<SnapshotSend> snapshots;
  // State machine: first restore from the current snapshot, then apply the committed entries.
  // Appears once the installation is durable, so the current snapshot is this one or a newer; and
  // in the first drain of a core that started from a snapshot.
  std::optional<SnapshotMeta> restore;
  std::vector<EntryRef> apply;
  std::vector<ReadReady> reads;
  std::vector<TraceEvent> trace;
  // Call timeout() when the monotonic clock reaches this. There are no ticks.
  Instant deadline = kNever;

  // Empties all lanes and keeps their memory.
  void clear();
};

}  // namespace synchrodb
