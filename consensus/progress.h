// What a leader knows about one peer, and how much it may send.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "consensus/round_trip.h"
#include "consensus/types.h"

namespace synchrodb {

// The window of AppendRequests that are under way to one peer: bounded in number and in bytes.
class InflightWindow {
 public:
  void add(Index last, std::size_t bytes);
  // The peer has acknowledged up to `index`.
  void release_up_to(Index index);
  void clear();
  bool full(std::size_t max_messages, std::size_t max_bytes) const {
    return count() >= max_messages || bytes_ >= max_bytes;
  }
  std::size_t count() const { return items_.size() - head_; }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Item {
    Index last;
    std::size_t bytes;
  };
  std::vector<Item> items_;  // those before head_ are done
  std::size_t head_ = 0;
  std::size_t bytes_ = 0;
};

struct Progress {
  enum class State : std::uint8_t {
    kProbe,      // looking for where the logs agree: one message at a time
    kReplicate,  // pipelining: `next` runs ahead of `match`
    kSnapshot,   // what the peer needs has been compacted away
  };

  NodeId node;
  State state = State::kProbe;
  bool paused = false;     // kProbe: the probe is out; a reply or the next heartbeat frees it
  bool active = true;      // a reply came since the last look (check-quorum)
  bool departing = false;  // no longer a member; told until that is committed
  Index match;    // durable there and equal to ours; never falls within a term, but for recovery
  Index next{1};  // the next entry to send; above match
  std::uint64_t asked_round = 0;  // the latest round that the peer is to answer
  std::uint64_t sent_round = 0;   // the round of the last message to the peer
  std::uint64_t acked_round = 0;  // the greatest round that a reply has echoed
  RoundTrip round_trip;
  InflightWindow inflight;
  // kReplicate: see RaftOptions::append_linger.
  Instant linger_until;
  std::uint64_t last_batch = 0;  // entries of the last message that had any

  // kSnapshot.
  Index snapshot;  // which one is being sent
  std::uint64_t snapshot_offset = 0;
  Instant snapshot_retry;

  // Protocol-aware recovery: see AppendReply::recovery. Replies to rounds before `fresh_round` stem
  // from before the peer lost its log, unless they carry the nonce.
  std::uint64_t recovery = 0;
  Index recovery_bound;
  std::uint64_t fresh_round = 0;

  // The peer is to answer `round`.
  void ask(std::uint64_t round, Instant now);
  // A reply has echoed `round`; true if that is news.
  bool answer(std::uint64_t round, Instant now);
  void probe_from(Index index);
  void replicate();
  void await_snapshot(Index index);
  // The peer has everything up to `index`; true if that is news.
  bool advance(Index index);
};

}  // namespace synchrodb
