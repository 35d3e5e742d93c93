#include "consensus/raft.h"

#include <algorithm>

#include "consensus/defects.h"

namespace synchrodb {

std::unique_ptr<Protocol> make_raft(NodeId self, const RaftOptions& options,
                                    const Configuration& initial, DurableState durable,
                                    RandomStream& random, IoSequence& io, const Now& now) {
  return std::make_unique<Raft>(self, options, initial, std::move(durable), random, io, now);
}

Raft::Raft(NodeId self, const RaftOptions& options, const Configuration& initial,
           DurableState durable, RandomStream& random, IoSequence& io, const Now& now)
    : self_(self),
      options_(options),
      rule_(options.election_quorum_surplus),
      random_(random),
      io_(io),
      hard_state_(durable.hard_state) {
  configurations_.reset({}, initial);
  if (durable.snapshot) {
    snapshot_ = std::move(*durable.snapshot);
    log_.reset(snapshot_.index, snapshot_.term);
    configurations_.reset(snapshot_.configuration_index, snapshot_.configuration);
    commit_ = released_ = snapshot_.index;
    restore_ = snapshot_;
  }
  for (const EntryRef& entry : durable.entries) {
    if (entry->index() <= log_.base()) continue;
    if (durable.fault && entry->index() > durable.fault->intact) break;
    append_received(entry);
  }
  out_.trace.clear();
  base_ = log_.base();
  base_noted_ = now.mono;
  handed_ = durable_ = log_.last();
  handed_hard_state_ = hard_state_;
  if (log_.last_term() > hard_state_.term) {
    // Storage lost the term but kept its entries. Whom it voted for is unknown: nobody else may be.
    hard_state_.term = log_.last_term();
    hard_state_.voted_for = self_;
  }
  if (durable.fault) start_recovery(*durable.fault);
  if (recovering()) {
    while (recovery_nonce_ == 0) recovery_nonce_ = random_.next();
  }
  // A restart forgets when a leader was last heard; the promise behind a classical lease must not
  // be.
  if (options_.lease == LeaseKind::kClassical && hard_state_.term) heard_leader_ = now.mono;
  reset_election_timer(now);
}

void Raft::step(const Now& now, NodeId from, Message message) {
  if (!from || from == self_ || !is_well_formed(message)) return;
  if (const auto* request = std::get_if<VoteRequest>(&message)) {
    return on_message(now, from, *request);
  }
  const auto* vote = std::get_if<VoteReply>(&message);
  // A granted pre-vote names the term that would be.
  if (vote && vote->pre_vote && vote->granted) return on_message(now, from, *vote);

  const Term their_term = term_of(message);
  if (their_term < term()) {
    // Tell a leader of the past. (A lower-term leader that is ignored would never step down: bug
    // zoo 8.)
    if (const auto* append = std::get_if<AppendRequest>(&message)) {
      AppendReply reply;
      reply.term = term();
      reply.index = append->prev_index;
      reply.recovery = recovering() ? recovery_nonce_ : 0;
      send_when_durable(from, {}, reply);
    } else if (const auto* chunk = std::get_if<SnapshotChunk>(&message)) {
      reply_snapshot(from, chunk->meta.index, SnapshotReply::Status::kRejected, 0, 0);
    }
    return;
  }
  if (their_term > term()) {
    const bool from_leader = std::holds_alternative<AppendRequest>(message) ||
                             std::holds_alternative<SnapshotChunk>(message) ||
                             std::holds_alternative<TimeoutNow>(message);
    become_follower(now, their_term, from_leader ? from : NodeId{});
  }
  struct Dispatch {
    Raft& raft;
    const Now& now;
    NodeId from;
    void operator()(const VoteRequest&) const {}
    void operator()(const VoteReply& m) const { raft.on_message(now, from, m); }
    void operator()(const AppendRequest& m) const { raft.on_message(now, from, m); }
    void operator()(const AppendReply& m) const { raft.on_message(now, from, m); }
    void operator()(const SnapshotChunk& m) const { raft.on_message(now, from, m); }
    void operator()(const SnapshotReply& m) const { raft.on_message(now, from, m); }
    void operator()(const TimeoutNow& m) const { raft.on_message(now, from, m); }
  };
  std::visit(Dispatch{*this, now, from}, message);
}

void Raft::timeout(const Now& now) {
  if (auto* leader = std::get_if<role::Leader>(&role_)) return leader_timeout(now, *leader);
  if (now.mono >= election_deadline_) return election_timeout(now);
  if (auto* rehearsal = std::get_if<role::PreCandidate>(&role_)) {
    if (now.mono >= rehearsal->resend) ask_for_votes(now);
  } else if (auto* candidate = std::get_if<role::Candidate>(&role_)) {
    if (now.mono >= candidate->resend) ask_for_votes(now);
  }
}

ProposeResult Raft::propose(const Now& now, std::string payload) {
  auto* leader = std::get_if<role::Leader>(&role_);
  if (!leader) return NotLeader{leader_};
  if (leader->transfer) return Refused{Refused::Why::kTransferring};
  // One proposal is always let through, however large: otherwise it could never be.
  if (leader->uncommitted_bytes > 0 &&
      leader->uncommitted_bytes + payload.size() > options_.max_uncommitted_bytes) {
    return Refused{Refused::Why::kTooMuchUncommitted};
  }
  append_own(now, *leader, EntryKind::kCommand, std::move(payload));
  return Proposed{term(), log_.last()};
}

void Raft::on_applied(Index index) {
  applied_ = std::max(applied_, std::min(index, commit_));
}

void Raft::on_snapshot_taken(const SnapshotMeta& meta) {
  if (meta.index <= snapshot_.index || meta.index > released_ || restore_) return;
  SYNCHRODB_ASSERT(log_.term_at(meta.index) == meta.term, "a snapshot is of this very log");
  snapshot_ = meta;
  const std::uint64_t tail = options_.compaction_tail;
  if (meta.index.value > tail) compaction_goal_ = Index{meta.index.value - tail};
  compact_log();
}

// A step towards the goal, at most: to free all that a large snapshot stands for takes as long as
// several heartbeats.
void Raft::compact_log() {
  if (log_.base() >= compaction_goal_) return;
  log_.compact_to(std::min(compaction_goal_, Index{log_.base().value + options_.compaction_step}));
  configurations_.compact_to(log_.base());
  trace(TraceKind::kCompacted, log_.base());
}

SnapshotMeta Raft::snapshot_meta(Index applied) const {
  const auto& item = configurations_.as_of(applied);
  return {applied, log_.term_at(applied).value_or(snapshot_.term), item.configuration, item.index};
}

std::vector<PeerStatus> Raft::peers() const {
  std::vector<PeerStatus> out;
  const auto* leader = std::get_if<role::Leader>(&role_);
  if (leader == nullptr) return out;
  for (const Progress& peer : leader->peers) {
    const bool behind = peer.state == Progress::State::kSnapshot;
    out.push_back({peer.node, peer.match, peer.active, behind});
  }
  return out;
}

ProtocolStatus Raft::status() const {
  ProtocolStatus status;
  if (std::holds_alternative<role::Leader>(role_)) {
    status.role = Role::kLeader;
  } else if (std::holds_alternative<role::Candidate>(role_)) {
    status.role = Role::kCandidate;
  } else if (std::holds_alternative<role::PreCandidate>(role_)) {
    status.role = Role::kPreCandidate;
  } else {
    status.role = configuration().is_voter(self_) ? Role::kFollower : Role::kLearner;
  }
  status.term = term();
  status.leader = leader_;
  status.commit = commit_;
  status.applied = applied_;
  status.first = log_.first();
  status.last = log_.last();
  status.last_term = log_.last_term();
  status.durable = durable_;
  status.durable_term = log_.term_at(durable_).value_or(Term{});
  status.recovering = recovering();
  status.log_bytes = log_.bytes();
  return status;
}

void Raft::drain(const Now& now, Effects& effects) {
  effects.clear();
  compact_log();
  note_base(now);
  if (auto* leader = std::get_if<role::Leader>(&role_)) replicate(now, *leader);
  form_batch(effects);
  release_messages(effects);
  release_to_state_machine(effects);
  std::swap(effects.send, out_.send);
  std::swap(effects.snapshots, out_.snapshots);
  std::swap(effects.reads, out_.reads);
  std::swap(effects.trace, out_.trace);
  effects.deadline = deadline(now);
}

Instant Raft::deadline(const Now& now) const {
  if (log_.base() < compaction_goal_ || more_to_apply()) return now.mono;
  if (const auto* leader = std::get_if<role::Leader>(&role_)) return leader_deadline(now, *leader);
  if (!may_campaign()) return leader_ ? election_deadline_ : kNever;
  if (const auto* rehearsal = std::get_if<role::PreCandidate>(&role_)) {
    return std::min(election_deadline_, rehearsal->resend);
  }
  if (const auto* candidate = std::get_if<role::Candidate>(&role_)) {
    return std::min(election_deadline_, candidate->resend);
  }
  return election_deadline_;
}

}  // namespace synchrodb
