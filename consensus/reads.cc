// Linearizable reads: ReadIndex (thesis 6.4) and leases.
//
// ReadIndex. Reads that are asked while a round is on its way share the next one, begun after they
// were asked; when it begins, RaftOptions::read_linger and read_round_interval say. Once a quorum
// has answered that round or a later one, nobody else can have led before the read was asked. What
// is counted are voters by the rounds that they echo, never messages (bug zoo 17). A round asks no
// more voters than it needs, the nearest ("thrifty", Moraru, Andersen and Kaminsky, SOSP 2013); a
// heartbeat's round asks everyone, and so finds others when one of them falls silent.
//
// The log as the lease (LeaseGuard, arXiv 2512.15659). Each entry carries its leader's civil clock
// as an interval that contains the true time. A leader serves a read locally while the newest entry
// of its own term that it has committed is certainly younger than lease_duration. A new leader
// commits nothing until every entry of earlier terms that could carry such a lease is certainly
// older. Any such entry that was committed is in its log (leader completeness), and along a log
// entries were written in order of true time; so the last one whose writer's clock was synchronised
// decides, for an entry of an unsynchronised clock never carries a lease. If that entry cannot be
// told (compacted away) or the own clock is unsynchronised, the new leader waits lease_duration by
// its monotonic clock from a moment before which all those entries were written: when it compacted
// them away, or else its election.
//
// The classical lease (thesis 6.4.1). From the begin of a round that a quorum answered, for
// lease_duration shortened by the drift of both clocks; all voters ignore candidates for an
// election timeout after hearing from a leader.
#include <algorithm>

#include "consensus/defects.h"
#include "consensus/raft.h"

namespace synchrodb {
namespace {

constexpr std::size_t kMaxRoundsKept = 128;

// `length` stretched or shortened by twice the drift bound: once for each of two clocks.
Duration drift_of(Duration length, const RaftOptions& options) {
  return {length.ns / 1'000'000 * 2 * options.clock_drift_bound_ppm + 1};
}

WallTime middle_of(const WallInterval& interval) {
  return {interval.earliest.ns + (interval.latest.ns - interval.earliest.ns) / 2};
}

}  // namespace

bool Raft::has_committed_in_term(const role::Leader& leader) const {
  return commit_ >= leader.first_own;
}

bool Raft::lease_holds(const Now& now, const role::Leader& leader) const {
  if (!has_committed_in_term(leader)) return false;
  if (options_.lease == LeaseKind::kLog) {
    if (!log_.has(commit_)) return false;
    const WallInterval& written = log_.at(commit_)->written();
    if (defect(Defect::kLeaseIgnoresClockDrift)) {
      return middle_of(now.wall) - middle_of(written) < options_.lease_duration;
    }
    return written.synchronised && now.wall.synchronised &&
           now.wall.latest - written.earliest < options_.lease_duration;
  }
  if (options_.lease == LeaseKind::kClassical) {
    if (!leader.lease_from || leader.lease_forfeited) return false;
    const Duration length = std::min(options_.lease_duration, options_.election_timeout);
    const Duration margin =
        defect(Defect::kLeaseIgnoresClockDrift) ? Duration{} : drift_of(length, options_);
    return now.mono - *leader.lease_from < length - margin;
  }
  return false;
}

void Raft::note_base(const Now& now) {
  if (base_ == log_.base()) return;
  base_ = log_.base();
  base_noted_ = now.mono;
}

void Raft::defer_commits(const Now& now, role::Leader& leader) {
  if (options_.lease != LeaseKind::kLog) return;
  note_base(now);
  for (Index i = log_.last(); i > log_.base(); i = i.previous()) {
    const WallInterval& written = log_.at(i)->written();
    if (!written.synchronised) continue;
    leader.commit_deferred = true;
    leader.earlier_written = written;
    return;
  }
  leader.commit_deferred = leader.earlier_unknown = static_cast<bool>(log_.base());
}

// By the own clock: every entry of earlier terms that could carry a lease was written before this.
Instant Raft::earlier_written_by(const role::Leader& leader) const {
  return leader.earlier_unknown ? base_noted_ : leader.elected;
}

bool Raft::commits_deferred(const Now& now, role::Leader& leader) {
  if (!leader.commit_deferred) return false;
  const Duration since_election = now.mono - leader.elected;
  const Duration length = options_.lease_duration;
  bool over = false;
  if (defect(Defect::kLeaseIgnoresClockDrift) && leader.earlier_written) {
    over = middle_of(now.wall) - middle_of(*leader.earlier_written) >= length;
  } else if (leader.earlier_written && now.wall.synchronised) {
    over = now.wall.earliest - leader.earlier_written->latest >= length;
  } else {
    over = now.mono - earlier_written_by(leader) >= length + drift_of(length, options_);
  }
  // A clock that broke its promise may have written an entry in the future; that must not last.
  leader.commit_deferred = !over && since_election < length * 2;
  return leader.commit_deferred;
}

Instant Raft::deferral_end(const Now& now, const role::Leader& leader) const {
  const Duration length = options_.lease_duration;
  const Instant at_most = leader.elected + length * 2;
  const Instant by_own_clock = earlier_written_by(leader) + length + drift_of(length, options_);
  if (!leader.earlier_written || !now.wall.synchronised) return std::min(at_most, by_own_clock);
  const Duration left = length - (now.wall.earliest - leader.earlier_written->latest);
  return std::min(at_most, now.mono + std::max(left, milliseconds(1)));
}

void Raft::read(const Now& now, ReadId id, ReadMode mode) {
  auto* leader = std::get_if<role::Leader>(&role_);
  if (!leader) {
    out_.reads.push_back({id, false, {}});
    return;
  }
  // Before that, the leader may not know all that earlier leaders committed (bug zoo 16).
  if (!has_committed_in_term(*leader)) {
    leader->early_reads.push_back(id);
    return;
  }
  if (mode == ReadMode::kLease && lease_holds(now, *leader)) {
    trace(TraceKind::kLeaseServed, commit_);
    out_.reads.push_back({id, true, commit_});
    return;
  }
  if (defect(Defect::kReadWithoutQuorumCheck)) {
    out_.reads.push_back({id, true, commit_});
    return;
  }
  leader->reads.push_back({id, commit_, 0});
}

void Raft::start_early_reads(role::Leader& leader) {
  if (leader.early_reads.empty()) return;
  for (const ReadId id : leader.early_reads) leader.reads.push_back({id, commit_, 0});
  leader.early_reads.clear();
}

namespace {

// Whose answer is expected sooner; where that is within a millisecond, who answered a later round.
bool nearer(const Now& now, const Progress& a, const Progress& b) {
  constexpr std::int64_t kAlike = milliseconds(1).ns;
  const std::int64_t expected_a = a.round_trip.expected(now.mono).ns / kAlike;
  const std::int64_t expected_b = b.round_trip.expected(now.mono).ns / kAlike;
  return expected_a != expected_b ? expected_a < expected_b : a.acked_round > b.acked_round;
}

}  // namespace

// The cost of a round is borne by as many reads as come in the time of one, and those whose clients
// its answers send back to ask again: two crowds that take turns would pay twice, and wait twice.
// If a round's messages are lost, the next one stands in for it, a heartbeat's at the latest.
bool Raft::read_round_due(const Now& now, const role::Leader& leader) const {
  if (leader.reads.empty() || leader.reads.back().round != 0) return false;
  const bool company =
      leader.reads.front().round == 0 && leader.reads.size() >= leader.read_company;
  return company || now.mono >= read_round_deadline(leader);
}

// Of reads that wait for a round to begin.
Instant Raft::read_round_deadline(const role::Leader& leader) const {
  if (leader.reads.empty() || leader.reads.back().round != 0) return kNever;
  const Instant latest = leader.round_begun + options_.read_round_interval;
  const bool under_way = leader.reads.front().round != 0;
  return under_way ? latest : std::min(latest, leader.read_linger_until);
}

void Raft::begin_rounds(const Now& now, role::Leader& leader) {
  if (leader.round_wanted || (read_round_due(now, leader) && !options_.thrifty_reads)) {
    leader.round_wanted = false;
    leader.next_heartbeat = now.mono + options_.heartbeat_interval;
    begin_round(now, leader);
    for (Progress& peer : leader.peers) peer.ask(leader.round, now.mono);
  } else if (read_round_due(now, leader)) {
    begin_round(now, leader);
    ask_quorum(now, leader);
  }
}

// The nearest voters, one after the other until they are a quorum.
void Raft::ask_quorum(const Now& now, role::Leader& leader) {
  const auto asked = [&](NodeId node) {
    if (node == self_) return true;
    const Progress* peer = leader.find(node);
    return peer && peer->asked_round == leader.round;
  };
  while (!quorums().commits(asked)) {
    Progress* best = nullptr;
    for (Progress& peer : leader.peers) {
      if (peer.asked_round == leader.round || !configuration().is_voter(peer.node)) continue;
      if (!best || nearer(now, peer, *best)) best = &peer;
    }
    if (!best) return;  // not even all of them are a quorum
    best->ask(leader.round, now.mono);
  }
}

void Raft::begin_round(const Now& now, role::Leader& leader) {
  ++leader.round;
  leader.round_begun = now.mono;
  for (auto read = leader.reads.rbegin(); read != leader.reads.rend() && read->round == 0; ++read) {
    read->round = leader.round;
  }
  // A round that is not kept is taken for the one before it, which began earlier: no harm.
  if (options_.lease == LeaseKind::kClassical && leader.rounds.size() < kMaxRoundsKept) {
    leader.rounds.push_back({leader.round, now.mono});
  }
  confirm_rounds(leader);  // a leader that is its own quorum needs nobody else
}

// A peer's answer has come.
void Raft::answer_round(const Now& now, role::Leader& leader) {
  const std::size_t waited = leader.reads.size();
  confirm_rounds(leader);
  if (leader.reads.size() == waited) return;
  leader.read_company = waited;
  leader.read_linger_until = now.mono + options_.read_linger;
}

void Raft::confirm_rounds(role::Leader& leader) {
  if (leader.reads.empty() && leader.rounds.empty()) return;
  const std::uint64_t confirmed = quorums().committed([&](NodeId node) {
    if (node == self_) return leader.round;
    const Progress* peer = leader.find(node);
    return peer ? peer->acked_round : 0;
  });
  std::size_t done = 0;
  while (done < leader.reads.size() && leader.reads[done].round != 0 &&
         leader.reads[done].round <= confirmed) {
    out_.reads.push_back({leader.reads[done].id, true, leader.reads[done].index});
    ++done;
  }
  leader.reads.erase(leader.reads.begin(),
                     leader.reads.begin() + static_cast<std::ptrdiff_t>(done));
  std::size_t past = 0;
  while (past < leader.rounds.size() && leader.rounds[past].round <= confirmed) {
    leader.lease_from = leader.rounds[past++].begun;
  }
  leader.rounds.erase(leader.rounds.begin(),
                      leader.rounds.begin() + static_cast<std::ptrdiff_t>(past));
}

void Raft::fail_reads(role::Leader& leader) {
  for (const auto& read : leader.reads) out_.reads.push_back({read.id, false, {}});
  for (const ReadId id : leader.early_reads) out_.reads.push_back({id, false, {}});
  leader.reads.clear();
  leader.early_reads.clear();
}

}  // namespace synchrodb
