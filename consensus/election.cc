// Elections: thesis 3.4, pre-vote (9.6), leader stickiness (4.2.3), transfer (3.10), priority.
#include <algorithm>

#include "consensus/assert.h"
#include "consensus/defects.h"
#include "consensus/raft.h"

namespace synchrodb {
namespace {

bool contains(const std::vector<NodeId>& nodes, NodeId node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

}  // namespace

// A node whose own latest configuration leaves it out may still be needed until that configuration
// is committed: nobody else may have a log that is long enough (thesis 4.2.2).
bool Raft::may_campaign() const {
  return !recovering() && configurations_.votes_since(commit_, self_);
}

void Raft::reset_election_timer(const Now& now) {
  const Duration least = options_.election_timeout;
  const Duration spread = options_.election_spread.value_or(least);
  const Duration most = spread > Duration{} ? least + spread - nanoseconds(1) : least;
  election_deadline_ = now.mono + random_.between(least, most);
}

// Whether a leader was heard so recently that no election can be due (thesis 4.2.3). Only with
// check-quorum, which makes a leader without a quorum resign: otherwise a leader that can send but
// not receive would hold the group hostage. A leader trusts itself until check-quorum deposes it.
bool Raft::leader_is_fresh(const Now& now) const {
  if (!options_.check_quorum && options_.lease != LeaseKind::kClassical) return false;
  if (std::holds_alternative<role::Leader>(role_)) return true;
  return heard_leader_ && now.mono - *heard_leader_ < options_.election_timeout;
}

void Raft::become_follower(const Now& now, Term term, NodeId leader) {
  const bool news = term != hard_state_.term || leader != leader_ ||
                    !std::holds_alternative<role::Follower>(role_);
  auto* deposed = std::get_if<role::Leader>(&role_);
  // Only hearing from a leader, or granting a vote, starts the timer afresh. A higher term alone
  // does not: without pre-vote, candidates that cannot win would else keep the one that can from
  // trying.
  if (deposed || leader) reset_election_timer(now);
  if (deposed) fail_reads(*deposed);
  if (term > hard_state_.term) {
    hard_state_.term = term;
    hard_state_.voted_for = {};  // only here: a vote lives as long as its term (bug zoo 3)
  }
  leader_ = leader;
  role_.emplace<role::Follower>();
  if (news) {
    trace(configuration().is_voter(self_) ? TraceKind::kBecameFollower : TraceKind::kBecameLearner,
          log_.last(), leader);
  }
}

void Raft::election_timeout(const Now& now) {
  if (!may_campaign()) {
    // A learner that is cut off, or a node that was removed, must not name a leader for ever.
    become_follower(now, term(), {});
    return reset_election_timer(now);
  }
  if (options_.pre_vote) {
    rehearse(now);
  } else {
    campaign(now, false);
  }
}

void Raft::rehearse(const Now& now) {
  role_.emplace<role::PreCandidate>();
  leader_ = {};
  reset_election_timer(now);
  trace(TraceKind::kBecamePreCandidate, log_.last());
  ask_for_votes(now);
  check_votes(now);
}

void Raft::campaign(const Now& now, bool transfer) {
  hard_state_.term = hard_state_.term.next();
  hard_state_.voted_for = self_;
  leader_ = {};
  role_.emplace<role::Candidate>().transfer = transfer;
  reset_election_timer(now);
  trace(TraceKind::kBecameCandidate, log_.last());
  ask_for_votes(now);
  // The own vote counts once it is durable: on_durable() looks at the votes next.
}

// Asks everyone who has not agreed yet; repeated, for requests get lost and minds change.
void Raft::ask_for_votes(const Now& now) {
  auto* rehearsal = std::get_if<role::PreCandidate>(&role_);
  auto* candidate = std::get_if<role::Candidate>(&role_);
  SYNCHRODB_ASSERT(rehearsal || candidate, "who asks for votes stands for election");
  VoteRequest request;
  request.term = rehearsal ? term().next() : term();
  request.pre_vote = rehearsal != nullptr;
  request.transfer = candidate && candidate->transfer;
  request.last_index = log_.last();
  request.last_term = log_.last_term();
  request.priority = options_.priority;
  const std::vector<NodeId>& granted = rehearsal ? rehearsal->granted : candidate->granted;
  for (const NodeId node : configuration().members()) {
    if (node == self_ || !configuration().is_voter(node) || contains(granted, node)) continue;
    if (rehearsal) {
      send_now(node, request);  // a rehearsal promises nothing
    } else {
      send_when_durable(node, {}, request);
    }
  }
  (rehearsal ? rehearsal->resend : candidate->resend) = now.mono + options_.heartbeat_interval;
}

void Raft::check_votes(const Now& now) {
  if (const auto* rehearsal = std::get_if<role::PreCandidate>(&role_)) {
    if (quorums().elects([&](NodeId n) { return n == self_ || contains(rehearsal->granted, n); })) {
      campaign(now, false);
    }
  } else if (const auto* candidate = std::get_if<role::Candidate>(&role_)) {
    if (hard_state_durable() &&
        quorums().elects([&](NodeId n) { return n == self_ || contains(candidate->granted, n); })) {
      become_leader(now);
    }
  }
}

void Raft::become_leader(const Now& now) {
  role::Leader& leader = role_.emplace<role::Leader>();
  leader_ = self_;
  declined_ = false;
  heard_leader_.reset();
  staging_.reset();
  leader.elected = now.mono;
  leader.check_quorum_at = now.mono + options_.election_timeout;
  leader.round_wanted = true;
  for (Index i = std::max(commit_, log_.base()).next(); i <= log_.last(); i = i.next()) {
    leader.uncommitted_bytes += log_.at(i)->size();
  }
  update_peers(now, leader);
  for (Progress& peer : leader.peers) peer.probe_from(log_.last().next());
  defer_commits(now, leader);
  leader.first_own = log_.last().next();
  trace(TraceKind::kBecameLeader, log_.last());
  if (configurations_.latest().index) {
    // The historical implementations counted instead of beginning the term with an entry of its
    // own.
    if (defect(Defect::kPriorTermCommittedByCounting)) return;
    return append_own(now, leader, EntryKind::kNoop, {});
  }
  // The founding configuration is in nobody's log yet. The group's very first entry puts it there,
  // so that whoever joins later and starts from an empty log learns it too.
  Configuration founding = configuration();
  append_own(now, leader, EntryKind::kConfiguration, encode_configuration(founding));
  take_configuration(log_.last(), std::move(founding));
}

bool Raft::log_is_up_to_date(const VoteRequest& request) const {
  // (term, index) as a whole, not each for itself (bug zoo 7).
  const auto theirs = std::pair(request.last_term, request.last_index);
  if (theirs < std::pair(log_.last_term(), log_.last())) return false;
  // Whoever lacks what this node may have acknowledged and lost must not lead with its help.
  return !recovering() || reaches_recovery_bound(request.last_term, request.last_index);
}

// Election priority: a better-placed node that could win itself declines a rival's first try in
// each leaderless time, and hurries. Once only, hence harmless to liveness.
bool Raft::declines_once(const Now& now, const VoteRequest& request) {
  if (request.priority >= options_.priority || request.transfer || declined_) return false;
  if (request.pre_vote != options_.pre_vote || !may_campaign()) return false;
  if (!std::holds_alternative<role::Follower>(role_)) return false;
  if (std::pair(log_.last_term(), log_.last()) < std::pair(request.last_term, request.last_index)) {
    return false;
  }
  declined_ = true;
  const Instant soon = now.mono + random_.between({}, options_.heartbeat_interval);
  election_deadline_ = std::min(election_deadline_, soon);
  return true;
}

void Raft::on_message(const Now& now, NodeId from, const VoteRequest& request) {
  VoteReply reply;
  reply.pre_vote = request.pre_vote;
  if (request.term < term()) {
    reply.term = term();
    return send_when_durable(from, {}, reply);
  }
  const bool sticky = !request.transfer && leader_is_fresh(now);
  const auto may_vote = [&] { return !hard_state_.voted_for || hard_state_.voted_for == from; };
  if (request.pre_vote) {
    reply.granted = !sticky && log_is_up_to_date(request) &&
                    (request.term > term() || may_vote()) && !declines_once(now, request);
    reply.term = reply.granted ? request.term : term();
    if (!reply.granted) return send_when_durable(from, {}, reply);
    trace(TraceKind::kVoteGranted, request.last_index, from, 1);
    return send_now(from, reply);
  }
  // Not even the term is taken from whoever disturbs a living leader.
  if (sticky) return;
  if (request.term > term()) become_follower(now, request.term, {});
  reply.granted =
      may_vote() && !leader_ && log_is_up_to_date(request) && !declines_once(now, request);
  reply.term = term();
  if (reply.granted) {
    // Candidates of this term have voted for themselves; a rehearsal gives way.
    if (!std::holds_alternative<role::Follower>(role_)) become_follower(now, term(), {});
    hard_state_.voted_for = from;
    reset_election_timer(now);  // or a busy electorate would keep interrupting itself (bug zoo 6)
    trace(TraceKind::kVoteGranted, request.last_index, from, 0);
    if (defect(Defect::kVoteNotPersisted)) return send_now(from, reply);
  }
  send_when_durable(from, {}, reply);
}

void Raft::on_message(const Now& now, NodeId from, const VoteReply& reply) {
  if (!reply.granted || !configuration().is_voter(from)) return;
  std::vector<NodeId>* granted = nullptr;
  if (auto* rehearsal = std::get_if<role::PreCandidate>(&role_)) {
    if (reply.pre_vote && reply.term == term().next()) granted = &rehearsal->granted;
  } else if (auto* candidate = std::get_if<role::Candidate>(&role_)) {
    if (!reply.pre_vote && reply.term == term()) granted = &candidate->granted;
  }
  if (!granted || contains(*granted, from)) return;  // voters count, not messages (bug zoo 4)
  granted->push_back(from);
  check_votes(now);
}

bool Raft::transfer(const Now& now, NodeId target) {
  auto* leader = std::get_if<role::Leader>(&role_);
  if (!leader) return false;
  if (target == self_) return true;
  const Configuration& members = configuration();
  if (std::find(members.voters.begin(), members.voters.end(), target) == members.voters.end()) {
    return false;
  }
  if (leader->transfer && leader->transfer->target == target) return true;
  if (leader->transfer) end_transfer(*leader, true);
  leader->transfer = role::Leader::Transfer{target, now.mono + options_.election_timeout, now.mono};
  trace(TraceKind::kTransferStarted, log_.last(), target);
  continue_transfer(now, *leader);
  return true;
}

// Once the target has everything, tells it to campaign, and again while nothing happens: TimeoutNow
// may be lost (bug zoo 46).
void Raft::continue_transfer(const Now& now, role::Leader& leader) {
  if (!leader.transfer) return;
  if (now.mono >= leader.transfer->deadline) return end_transfer(leader, true);
  const Progress* target = leader.find(leader.transfer->target);
  if (!target || target->match != log_.last() || now.mono < leader.transfer->resend) return;
  // Its campaign overrides the stickiness that a classical lease rests on, and the message may
  // arrive late: no lease for the rest of this term (bug zoo 15).
  leader.lease_forfeited = true;
  leader.lease_from.reset();
  send_now(leader.transfer->target, TimeoutNow{term()});
  leader.transfer->resend = now.mono + options_.heartbeat_interval;
}

void Raft::end_transfer(role::Leader& leader, bool aborted) {
  if (!leader.transfer) return;
  if (aborted) trace(TraceKind::kTransferAborted, log_.last(), leader.transfer->target);
  leader.transfer.reset();
}

void Raft::on_message(const Now& now, NodeId from, const TimeoutNow&) {
  if (std::holds_alternative<role::Leader>(role_) || !may_campaign()) return;
  if (leader_ && leader_ != from) return;
  campaign(now, true);
}

}  // namespace synchrodb
