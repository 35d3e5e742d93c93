// The leader's side of replication: thesis 3.5, 3.6.2, 10.2.
#include <algorithm>

#include "consensus/defects.h"
#include "consensus/raft.h"

namespace synchrodb {

Progress* role::Leader::find(NodeId node) {
  for (Progress& peer : peers) {
    if (peer.node == node) return &peer;
  }
  return nullptr;
}

const Progress* role::Leader::find(NodeId node) const {
  return const_cast<Leader*>(this)->find(node);
}

void Raft::append_own(const Now& now, role::Leader& leader, EntryKind kind, std::string payload) {
  EntryRef entry = make_entry(term(), log_.last().next(), kind, now.wall, std::move(payload));
  leader.uncommitted_bytes += entry->size();
  log_.append(std::move(entry));
  trace(TraceKind::kAppended, log_.last(), self_, 1);
}

void Raft::replicate(const Now& now, role::Leader& leader) {
  begin_rounds(now, leader);
  for (Progress& peer : leader.peers) send_to(now, leader, peer);
}

void Raft::send_to(const Now& now, role::Leader& leader, Progress& peer) {
  if (peer.state != Progress::State::kSnapshot && peer.next.previous() < log_.base()) {
    peer.await_snapshot(snapshot_.index);
    trace(TraceKind::kSnapshotSending, snapshot_.index, peer.node);
  }
  switch (peer.state) {
    case Progress::State::kProbe:
      if (!peer.paused) send_entries(leader, peer);
      peer.paused = true;
      break;
    case Progress::State::kReplicate:
      while (may_send_entries(peer) && !lingers(now, peer)) {
        send_entries(leader, peer);
        peer.linger_until = now.mono + options_.append_linger;
      }
      break;
    case Progress::State::kSnapshot:
      send_snapshot(now, leader, peer);
      break;
  }
  if (peer.sent_round < peer.asked_round) send_heartbeat(leader, peer);
}

bool Raft::may_send_entries(const Progress& peer) const {
  return peer.state == Progress::State::kReplicate && peer.next <= log_.last() &&
         !peer.inflight.full(options_.max_inflight_messages, options_.max_inflight_bytes);
}

bool Raft::lingers(const Now& now, const Progress& peer) const {
  const std::uint64_t waiting = log_.last().value - peer.next.previous().value;
  const bool company_comes = peer.inflight.count() > 0 || waiting < peer.last_batch;
  return company_comes && now.mono < peer.linger_until &&
         waiting < options_.max_entries_per_message && peer.sent_round >= peer.asked_round;
}

AppendRequest Raft::append_request(const role::Leader& leader, const Progress& peer, Index previous,
                                   Term previous_term) const {
  AppendRequest request;
  request.term = term();
  request.prev_index = previous;
  request.prev_term = previous_term;
  request.commit = commit_;
  request.round = leader.round;
  request.recovery = peer.recovery;
  request.recovery_bound = peer.recovery_bound;
  return request;
}

void Raft::send_entries(role::Leader& leader, Progress& peer) {
  const Index previous = peer.next.previous();
  AppendRequest request = append_request(leader, peer, previous, *log_.term_at(previous));
  const std::uint64_t available = log_.last().value - previous.value;
  const std::uint64_t most = std::min<std::uint64_t>(
      available, std::max<std::size_t>(options_.max_entries_per_message, 1));
  request.entries.reserve(static_cast<std::size_t>(most));
  std::size_t bytes = 0;
  for (std::uint64_t i = 1; i <= most; ++i) {
    const EntryRef& entry = log_.at(Index{previous.value + i});
    if (bytes > 0 && bytes + entry->size() > options_.max_bytes_per_message) break;
    bytes += entry->size();
    request.entries.push_back(entry);
  }
  if (peer.state == Progress::State::kReplicate) {
    peer.next = Index{peer.next.value + request.entries.size()};
    peer.inflight.add(peer.next.previous(), bytes);
    peer.last_batch = request.entries.size();
  }
  peer.sent_round = leader.round;
  send_now(peer.node, std::move(request));
}

// Without entries. It still checks that the peer has what was sent before, so a loss is noticed; a
// peer that awaits a snapshot is only told that the leader lives.
void Raft::send_heartbeat(role::Leader& leader, Progress& peer) {
  Index previous = peer.next.previous();
  std::optional<Term> previous_term = log_.term_at(previous);
  if (peer.state == Progress::State::kSnapshot || !previous_term) {
    previous = {};
    previous_term = Term{};
  }
  peer.sent_round = leader.round;
  send_now(peer.node, append_request(leader, peer, previous, *previous_term));
}

void Raft::on_message(const Now& now, NodeId from, const AppendReply& reply) {
  auto* leader = std::get_if<role::Leader>(&role_);
  Progress* peer = leader ? leader->find(from) : nullptr;
  if (!peer || !accept_incarnation(*leader, *peer, reply)) return;
  peer->active = true;
  if (reply.round <= leader->round && peer->answer(reply.round, now.mono)) {
    answer_round(now, *leader);
  }
  if (!reply.success) return on_conflict(*peer, reply);
  if (reply.index > log_.last()) return;  // nobody has more of this term than its leader
  const bool news = peer->advance(reply.index);
  if (peer->state == Progress::State::kProbe ||
      (peer->state == Progress::State::kSnapshot && peer->match >= log_.base())) {
    peer->replicate();
  }
  if (news) after_progress(now, *leader, *peer);
}

void Raft::on_conflict(Progress& peer, const AppendReply& reply) {
  // Stale: `match` is known to agree, a probe awaits its own answer, and what was never sent cannot
  // be refused (bug zoo 24).
  if (peer.state == Progress::State::kSnapshot || reply.index <= peer.match) return;
  if (peer.state == Progress::State::kProbe ? reply.index != peer.next.previous()
                                            : reply.index >= peer.next) {
    return;
  }
  Index agrees = std::min(reply.hint_index, reply.index.previous());
  if (agrees >= log_.base()) agrees = log_.last_at_most(agrees, reply.hint_term);
  peer.probe_from(agrees.next());
}

void Raft::after_progress(const Now& now, role::Leader& leader, Progress& peer) {
  if (leader.transfer && leader.transfer->target == peer.node) continue_transfer(now, leader);
  maybe_commit(now, leader);
}

void Raft::maybe_commit(const Now& now, role::Leader& leader) {
  const Index reached{quorums().committed([&](NodeId node) {
    if (node == self_) return durable_.value;  // what its own disk reported, not what it sent
    const Progress* peer = leader.find(node);
    return peer ? peer->match.value : 0;
  })};
  if (reached <= commit_) return;
  // Only entries of the own term are committed by counting, and the earlier ones with them (thesis
  // 3.6.2, bug zoo 20).
  if (reached < leader.first_own && !defect(Defect::kPriorTermCommittedByCounting)) return;
  if (commits_deferred(now, leader)) return;
  const Index before = commit_;
  commit_to(reached);
  after_leader_commit(now, leader, before);
}

void Raft::commit_to(Index index) {
  commit_ = index;
  trace(TraceKind::kCommitted, index, leader_);
}

void Raft::after_leader_commit(const Now& now, role::Leader& leader, Index before) {
  for (Index i = before.next(); i <= commit_; i = i.next()) {
    leader.uncommitted_bytes -= log_.at(i)->size();
  }
  if (has_committed_in_term(leader)) start_early_reads(leader);
  if (configurations_.latest().index <= commit_) {
    leave_joint_if_due(now, leader);
    forget_departed(leader);
    leave_if_removed(now, leader);  // last: the leader may be gone afterwards
  }
}

void Raft::leader_timeout(const Now& now, role::Leader& leader) {
  if (options_.check_quorum && now.mono >= leader.check_quorum_at) {
    const bool connected = quorums().commits([&](NodeId node) {
      if (node == self_) return true;
      const Progress* peer = leader.find(node);
      return peer && peer->active;
    });
    if (!connected) {
      trace(TraceKind::kSteppedDown, log_.last(), {}, 1);
      return become_follower(now, term(), {});
    }
    for (Progress& peer : leader.peers) peer.active = false;
    leader.check_quorum_at = now.mono + options_.election_timeout;
  }
  continue_transfer(now, leader);
  if (now.mono >= leader.next_heartbeat) leader.round_wanted = true;
  // Looked at even when nothing can be committed: a deferral that is over must not stay the
  // deadline.
  const bool waiting = leader.commit_deferred && commits_deferred(now, leader);
  if (!waiting) maybe_commit(now, leader);
}

Instant Raft::leader_deadline(const Now& now, const role::Leader& leader) const {
  Instant next = std::min(leader.next_heartbeat, read_round_deadline(leader));
  if (options_.check_quorum) next = std::min(next, leader.check_quorum_at);
  if (leader.transfer) {
    next = std::min(next, leader.transfer->deadline);
    const Progress* target = leader.find(leader.transfer->target);
    if (target && target->match == log_.last()) next = std::min(next, leader.transfer->resend);
  }
  if (leader.commit_deferred) next = std::min(next, deferral_end(now, leader));
  for (const Progress& peer : leader.peers) {
    if (peer.state == Progress::State::kSnapshot) next = std::min(next, peer.snapshot_retry);
    if (may_send_entries(peer)) next = std::min(next, peer.linger_until);
  }
  return next;
}

}  // namespace synchrodb
