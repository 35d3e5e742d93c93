// The follower's side of replication: thesis 3.5.
#include <algorithm>

#include "consensus/defects.h"
#include "consensus/raft.h"

namespace synchrodb {

void Raft::heard_from_leader(const Now& now, NodeId leader) {
  if (leader_ != leader || !std::holds_alternative<role::Follower>(role_)) {
    become_follower(now, term(), leader);  // resets the timer
  } else {
    reset_election_timer(now);
  }
  heard_leader_ = now.mono;
  declined_ = false;
}

void Raft::on_message(const Now& now, NodeId from, const AppendRequest& request) {
  if (std::holds_alternative<role::Leader>(role_)) return;  // there is one leader a term
  heard_from_leader(now, from);
  narrow_recovery_bound(request);

  // What the log's base stands for is committed, so it agrees with every leader. Otherwise the
  // entry before the new ones must be the leader's (the consistency check).
  const bool before_base = request.prev_index < log_.base();
  if (!before_base && log_.term_at(request.prev_index) != request.prev_term) {
    return reply_conflict(from, request);
  }
  if (!accept_entries(request)) return;
  // Exactly what this message has shown to agree, not the whole log (bug zoo 21, 23).
  Index verified{request.prev_index.value + request.entries.size()};
  if (before_base) verified = std::max(verified, log_.base());
  if (const Index commit = std::min(request.commit, verified); commit > commit_) commit_to(commit);
  if (recovering()) finish_recovery_if_whole(verified);

  AppendReply reply;
  reply.term = term();
  reply.success = true;
  // A heartbeat is answered at once, with what is durable: the disk must not keep the leader
  // waiting for a sign of life. What is being written has an acknowledgement of its own under way,
  // and is named to a later heartbeat if that is lost.
  reply.index = request.entries.empty() ? std::min(verified, durable_) : verified;
  reply.round = request.round;
  reply.recovery = recovering() ? recovery_nonce_ : 0;
  if (defect(Defect::kAckBeforeDurable)) return send_now(from, reply);
  send_when_durable(from, reply.index, reply);
}

// False: the message contradicts a committed entry; no leader would send it.
bool Raft::accept_entries(const AppendRequest& request) {
  std::size_t i = 0;
  if (defect(Defect::kConflictTruncatesCommitted) && !request.entries.empty() &&
      request.prev_index >= log_.base()) {
    truncate_log(request.prev_index);
  }
  // Skip what is there already. A message may be old: matching entries are never cut (bug zoo 22).
  for (; i < request.entries.size(); ++i) {
    const Entry& entry = *request.entries[i];
    if (entry.index() <= log_.base()) continue;
    if (log_.term_at(entry.index()) != entry.term()) break;
  }
  if (i == request.entries.size()) return true;
  const Index first_new = request.entries[i]->index();
  if (first_new <= log_.last()) {
    if (first_new <= commit_ && !defect(Defect::kConflictTruncatesCommitted)) return false;
    truncate_log(first_new.previous());
  }
  for (; i < request.entries.size(); ++i) append_received(request.entries[i]);
  trace(TraceKind::kAppended, log_.last(), leader_, log_.last().value - first_new.value + 1);
  return true;
}

void Raft::append_received(const EntryRef& entry) {
  log_.append(entry);
  if (entry->kind() != EntryKind::kConfiguration) return;
  auto configuration = decode_configuration(entry->payload());
  SYNCHRODB_ASSERT(configuration, "configurations are checked before they enter the log");
  take_configuration(entry->index(), std::move(*configuration));
}

void Raft::truncate_log(Index keep) {
  if (keep >= log_.last()) return;
  log_.truncate_after(keep);
  handed_ = std::min(handed_, keep);
  durable_ = std::min(durable_, keep);
  // What an earlier batch wrote beyond is no longer part of this log: its durability proves
  // nothing.
  for (Unfinished& batch : unfinished_) batch.last = std::min(batch.last, keep);
  trace(TraceKind::kTruncated, keep, leader_);
  if (configurations_.truncate_after(keep)) {
    const auto& latest = configurations_.latest();
    trace(TraceKind::kConfiguration, latest.index, {}, latest.configuration.joint() ? 1 : 0);
  }
}

// Names the last entry that may agree, so that the leader skips whole terms (bug zoo 26).
void Raft::reply_conflict(NodeId to, const AppendRequest& request) {
  AppendReply reply;
  reply.term = term();
  reply.index = request.prev_index;
  reply.round = request.round;
  reply.recovery = recovering() ? recovery_nonce_ : 0;
  if (request.prev_index > log_.last()) {
    reply.hint_index = log_.last();
  } else {
    // Everything committed agrees; of the rest, nothing whose term is above the leader's there.
    reply.hint_index = std::max(log_.last_at_most(request.prev_index.previous(), request.prev_term),
                                std::min(commit_, log_.last()));
  }
  reply.hint_term = log_.term_at(reply.hint_index).value_or(Term{});
  send_when_durable(to, {}, reply);
}

}  // namespace synchrodb
