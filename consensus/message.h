// The messages that nodes of one group exchange. Each is a value; who sent it and for which group
// is on the envelope. Encoded for the wire by engine/wire/.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "consensus/configuration.h"
#include "consensus/entry.h"
#include "consensus/types.h"

namespace synchrodb {

// A snapshot's identity: it stands for all entries up to `index`.
struct SnapshotMeta {
  Index index;
  Term term;                    // of the entry at `index`
  Configuration configuration;  // as of `index`
  // Where the configuration entry stood in the log; not above `index`.
  Index configuration_index;
  bool operator==(const SnapshotMeta&) const = default;
};

// RequestVote, and its rehearsal (pre-vote, thesis 9.6), which changes nobody's term.
struct VoteRequest {
  Term term;  // the term campaigned for; in a pre-vote the term that would be
  bool pre_vote = false;
  bool transfer = false;  // leadership transfer: the receiver's leader stickiness is waived
  Index last_index;
  Term last_term;
  std::uint64_t priority = 0;  // election priority; a higher-priority peer may decline briefly
};

struct VoteReply {
  Term term;
  bool pre_vote = false;
  bool granted = false;
};

// AppendEntries; without entries a heartbeat.
struct AppendRequest {
  Term term;
  Index prev_index;
  Term prev_term;
  Index commit;             // a receiver may use it only up to what this very message verified
  std::uint64_t round = 0;  // the leader's heartbeat round, echoed: ReadIndex, leases, check-quorum
  std::vector<EntryRef> entries;
  // Answers AppendReply::recovery of this receiver: the leader has reset its progress, and no entry
  // of this term above `recovery_bound` can have been acknowledged by the receiver before it.
  std::uint64_t recovery = 0;
  Index recovery_bound;
};

struct AppendReply {
  Term term;
  bool success = false;
  // Success: the last index that the request verified (never more: bug zoo 23). Failure: the
  // request's prev_index that did not match.
  Index index;
  // Failure: where to look next. `hint_index` is the last index that may match, `hint_term` the
  // receiver's term there.
  Index hint_index;
  Term hint_term;
  std::uint64_t round = 0;
  // Not 0: the receiver's disk lost acknowledged entries (protocol-aware recovery); a nonce of this
  // incarnation. The leader must forget what it believed the receiver to have.
  std::uint64_t recovery = 0;
};

// One piece of a snapshot (thesis 5.1). Pieces may be lost, repeated or reordered; the receiver
// states the offset that it wants next, so that a transfer resumes.
struct SnapshotChunk {
  Term term;
  SnapshotMeta meta;
  std::uint64_t offset = 0;
  std::uint64_t total = 0;  // bytes of the whole snapshot
  std::shared_ptr<const std::string> data;
  std::uint64_t round = 0;
};

struct SnapshotReply {
  Term term;
  Index index;  // of the snapshot
  enum class Status : std::uint8_t { kWant, kInstalled, kRejected } status = Status::kWant;
  std::uint64_t next_offset = 0;  // kWant: the first byte that is missing
  std::uint64_t round = 0;
};

// Leadership transfer: campaign at once (thesis 3.10).
struct TimeoutNow {
  Term term;
};

using Message = std::variant<VoteRequest, VoteReply, AppendRequest, AppendReply, SnapshotChunk,
                             SnapshotReply, TimeoutNow>;

Term term_of(const Message& message);
const char* name_of(const Message& message);
// Whether the message could have been sent by a correct node: ids below 2^62, entries consecutive
// and of rising terms, configurations valid. What is not well formed is dropped unread.
bool is_well_formed(const Message& message);

}  // namespace synchrodb
