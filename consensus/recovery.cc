// Protocol-aware recovery of a damaged log (after Alagappan et al., FAST 2018).
//
// A node that lost entries which it may have acknowledged still keeps the promise behind its
// acknowledgements: until its log is whole again it does not campaign, and votes only for
// candidates whose log reaches at least the last entry that it may have lost (the bound), for such
// a log holds every committed entry that it helped to commit (the argument of thesis 3.6.3, with
// the bound in the place of the voter's log). Its log is whole once it agrees with a leader up to
// the bound. The bound is part of the hard state: a restart amid the recovery does not forget it.
//
// The leader believes that such a node has more than it has. The node marks its replies with a
// nonce; the leader, on first seeing it, forgets `match`, the only case in which `match` falls, and
// from then on ignores replies to rounds that it began before, which may stem from before the
// damage. It answers with its last index: nothing above can have been acknowledged in this term,
// which bounds a loss whose extent was unknown.
#include <algorithm>

#include "consensus/raft.h"

namespace synchrodb {

void Raft::start_recovery(const StorageFault& fault) {
  Term lost_term = fault.lost_term;
  Index lost_index = fault.lost_index;
  if (!lost_term) {  // anything up to now
    lost_term = hard_state_.term;
    lost_index = {};
  }
  if (!lost_term) return;  // nothing was ever acknowledged
  const auto key = [](Term t, Index i) { return std::pair(t, i ? i.value : ~std::uint64_t{0}); };
  if (recovering() &&
      key(hard_state_.recovery_term, hard_state_.recovery_index) >= key(lost_term, lost_index)) {
    return;
  }
  hard_state_.recovery_term = lost_term;
  hard_state_.recovery_index = lost_index;
  trace(TraceKind::kRecoveryStarted, log_.last());
}

bool Raft::reaches_recovery_bound(Term last_term, Index last) const {
  if (last_term != hard_state_.recovery_term) return last_term > hard_state_.recovery_term;
  return hard_state_.recovery_index && last >= hard_state_.recovery_index;
}

void Raft::narrow_recovery_bound(const AppendRequest& request) {
  if (!recovering() || request.recovery != recovery_nonce_) return;
  if (hard_state_.recovery_term != term()) return;
  if (hard_state_.recovery_index && hard_state_.recovery_index <= request.recovery_bound) return;
  hard_state_.recovery_index = std::max(request.recovery_bound, Index{1});
}

void Raft::finish_recovery_if_whole(Index verified) {
  const std::optional<Term> verified_term = log_.term_at(verified);
  if (!verified_term || !reaches_recovery_bound(*verified_term, verified)) return;
  hard_state_.recovery_term = {};
  hard_state_.recovery_index = {};
  trace(TraceKind::kRecoveryFinished, verified);
}

bool Raft::accept_incarnation(role::Leader& leader, Progress& peer, const AppendReply& reply) {
  if (reply.recovery != 0 && reply.recovery == peer.recovery) return true;
  if (reply.round < peer.fresh_round) return false;
  if (reply.recovery != 0) {
    peer.match = {};
    peer.probe_from(log_.last().next());
    peer.recovery_bound = log_.last();
    peer.fresh_round = leader.round + 1;
    leader.round_wanted = true;
  }
  peer.recovery = reply.recovery;
  return true;
}

// Entries that storage can no longer read are still here, in memory: they are written again. Should
// the node crash before that, recovery starts from what storage then reports.
void Raft::on_storage_fault(const Now&, const StorageFault& fault) {
  const Index intact = std::max(fault.intact, log_.base());
  if (intact >= log_.last()) return;
  handed_ = std::min(handed_, intact);
  durable_ = std::min(durable_, intact);
  for (Unfinished& batch : unfinished_) batch.last = std::min(batch.last, intact);
}

}  // namespace synchrodb
