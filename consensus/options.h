// The tuning knobs of Raft, with their units in the names.
#pragma once

#include <cstddef>
#include <cstdint>

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
  Duration heartbeat_interval = milliseconds(100);
  // A follower campaigns after [election_timeout, 2 * election_timeout) without a leader.
  Duration election_timeout = seconds(1);
  bool pre_vote = true;  // thesis 9.6
  bool check_quorum =
      true;  // thesis 6.2: a leader without a quorum for an election timeout resigns
  LeaseKind lease = LeaseKind::kLog;
  Duration lease_duration = milliseconds(900);  // kLog: delta; kClassical: at most election_timeout
  // The greatest rate error, in parts per million, that a lease allows a monotonic clock.
  std::uint32_t clock_drift_bound_ppm = 500;
  MembershipMode membership = MembershipMode::kJoint;

  std::size_t max_entries_per_message = 256;
  std::size_t max_bytes_per_message = 256 * 1024;  // one entry may exceed it
  std::size_t max_inflight_messages = 64;          // per follower
  std::size_t max_inflight_bytes = 4 * 1024 * 1024;
  // While a follower has not acknowledged all that it was sent, new entries wait so long for
  // company, as bytes do in Nagle's algorithm: a near follower's acknowledgement comes sooner and
  // takes them along, a far one is sent a message each time this is over. 0: they leave at once.
  Duration append_linger = milliseconds(1);
  std::size_t max_uncommitted_bytes = 16 * 1024 * 1024;
  std::size_t snapshot_chunk_bytes = 64 * 1024;
  // Entries kept in memory behind a snapshot for followers that lag a little.
  std::size_t compaction_tail = 128;
  std::uint64_t priority = 0;  // election priority; see VoteRequest::priority
  // Research: elections need this many voters above a majority, commits correspondingly fewer (see
  // QuorumRule). Every node of a group must agree on it.
  std::size_t election_quorum_surplus = 0;
};

}  // namespace synchrodb
