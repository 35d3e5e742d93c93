// The tuning knobs of Raft, with their units in the names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "consensus/types.h"

namespace synchrodb {

enum class LeaseKind : std::uint8_t {
  kNone,  // kLease reads fall back to ReadIndex
  kLog,   // the log is the lease (LeaseGuard, arXiv 2512.15659): needs synchronised wall clocks
  kClassical,  // counted from the send of an acknowledged heartbeat (thesis 6.4.1), for comparison
};

enum class MembershipMode : std::uint8_t {
  kJoint,         // thesis 4.3
  kSingleServer,  // thesis 4.1, with the 2015 erratum; to study
};

struct RaftOptions {
  Duration heartbeat_interval = milliseconds(80);
  // A follower campaigns after [election_timeout, election_timeout + election_spread) without a
  // leader; without a spread of its own, it is as wide as the timeout (thesis 9.3 measures others).
  Duration election_timeout = milliseconds(800);
  std::optional<Duration> election_spread = {};
  bool pre_vote = true;  // thesis 9.6
  bool check_quorum =
      true;  // thesis 6.2: a leader without a quorum for an election timeout resigns
  LeaseKind lease = LeaseKind::kLog;
  Duration lease_duration = milliseconds(720);  // kLog: delta; kClassical: at most election_timeout
  // The greatest rate error, in parts per million, that a lease allows a monotonic clock.
  std::uint32_t clock_drift_bound_ppm = 500;
  MembershipMode membership = MembershipMode::kJoint;

  std::size_t max_entries_per_message = 256;
  std::size_t max_bytes_per_message = 256 * 1024;  // one entry may exceed it
  std::size_t max_inflight_messages = 64;          // per follower
  std::size_t max_inflight_bytes = 4 * 1024 * 1024;
  // New entries wait so long, counted from the message before, for company, as bytes do in Nagle's
  // algorithm: until a follower has acknowledged all that it was sent, and then until there are as
  // many as in the message before, for clients that were answered together ask again together. A
  // far follower is sent a message each time this is over. 0: they leave at once.
  Duration append_linger = milliseconds(1);
  // A round of heartbeats that only confirms reads goes to no more voters than it needs; one that
  // is due anyway goes to all.
  bool thrifty_reads = true;
  // Reads that are asked while a round is on its way share the next. It begins once that one is
  // answered and as many ask as waited then, for clients that were answered together ask again
  // together; but after `read_linger` at the latest. 0: it begins with the answer.
  Duration read_linger = microseconds(50);
  // The next round begins so long after the last one although that is not answered yet: a read
  // takes one round trip over a long way, too, and not up to two.
  Duration read_round_interval = milliseconds(1);
  std::size_t max_uncommitted_bytes = 16 * 1024 * 1024;
  std::size_t snapshot_chunk_bytes = 64 * 1024;
  // Entries kept in memory behind a snapshot for followers that lag a little.
  std::size_t compaction_tail = 128;
  // So many entries leave memory in one turn after a snapshot, at most.
  std::size_t compaction_step = 4096;
  // So many are handed to the state machine in one turn, at most, and no more once they have so
  // many bytes.
  std::size_t apply_entries = 4096;
  std::size_t apply_bytes = 1024 * 1024;
  std::uint64_t priority = 0;  // election priority; see VoteRequest::priority
  // Research: elections need this many voters above a majority, commits correspondingly fewer (see
  // QuorumRule). Every node of a group must agree on it.
  std::size_t election_quorum_surplus = 0;
};

}  // namespace synchrodb
