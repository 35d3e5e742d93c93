// Membership changes: joint consensus (thesis 4.3), single-server changes (4.1) with the 2015
// erratum, learners (4.2.1).
#include <algorithm>

#include "consensus/defects.h"
#include "consensus/raft.h"

namespace synchrodb {
namespace {

void insert_sorted(std::vector<NodeId>& nodes, NodeId node) {
  const auto at = std::lower_bound(nodes.begin(), nodes.end(), node);
  if (at == nodes.end() || *at != node) nodes.insert(at, node);
}

bool erase_sorted(std::vector<NodeId>& nodes, NodeId node) {
  const auto at = std::lower_bound(nodes.begin(), nodes.end(), node);
  if (at == nodes.end() || *at != node) return false;
  nodes.erase(at);
  return true;
}

bool contains(const std::vector<NodeId>& nodes, NodeId node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

// What `change` makes of the simple configuration `old`; nothing if it makes no sense or no
// difference.
std::optional<Configuration> apply_change(const Configuration& old,
                                          const ConfigurationChange& change) {
  std::vector<NodeId> mentioned;
  for (const auto* list : {&change.add_voters, &change.add_learners, &change.remove}) {
    for (const NodeId node : *list) {
      if (!node || contains(mentioned, node)) return std::nullopt;
      mentioned.push_back(node);
    }
  }
  Configuration result = old;
  for (const NodeId node : change.add_voters) {
    erase_sorted(result.learners, node);
    insert_sorted(result.voters, node);
  }
  for (const NodeId node : change.add_learners) {
    erase_sorted(result.voters, node);
    insert_sorted(result.learners, node);
  }
  for (const NodeId node : change.remove) {
    if (!erase_sorted(result.voters, node) && !erase_sorted(result.learners, node)) {
      return std::nullopt;
    }
  }
  if (result == old || !is_valid(result)) return std::nullopt;
  return result;
}

std::size_t voters_changed(const std::vector<NodeId>& a, const std::vector<NodeId>& b) {
  std::vector<NodeId> difference;
  std::set_symmetric_difference(a.begin(), a.end(), b.begin(), b.end(),
                                std::back_inserter(difference));
  return difference.size();
}

Configuration left_behind(const Configuration& joint) {
  Configuration result = joint;
  result.outgoing.clear();
  return result;
}

}  // namespace

ProposeResult Raft::change(const Now& now, const ConfigurationChange& change) {
  auto* leader = std::get_if<role::Leader>(&role_);
  if (!leader) return NotLeader{leader_};
  if (leader->transfer) return Refused{Refused::Why::kTransferring};
  // Without an own entry committed, a rival configuration of an earlier term may still win (the
  // 2015 erratum, bug zoo 31).
  const bool skip = options_.membership == MembershipMode::kSingleServer &&
                    defect(Defect::kMembershipWithoutOwnTerm);
  if (!has_committed_in_term(*leader) && !skip) return Refused{Refused::Why::kNotReady};
  const auto& latest = configurations_.latest();
  if (latest.index > commit_) return Refused{Refused::Why::kChangeInProgress};

  std::optional<Configuration> next;
  if (latest.configuration.joint()) {
    const bool leave =
        change.add_voters.empty() && change.add_learners.empty() && change.remove.empty();
    if (latest.configuration.auto_leave || !leave) return Refused{Refused::Why::kChangeInProgress};
    next = left_behind(latest.configuration);
  } else {
    next = apply_change(latest.configuration, change);
    if (!next) return Refused{Refused::Why::kInvalidChange};
    const std::size_t changed = voters_changed(latest.configuration.voters, next->voters);
    if (changed > 1 || (changed == 1 && !rule_.adjacent_configurations_overlap())) {
      if (options_.membership == MembershipMode::kSingleServer) {
        return Refused{Refused::Why::kInvalidChange};
      }
      next->outgoing = latest.configuration.voters;
      if (!is_valid(*next)) return Refused{Refused::Why::kInvalidChange};
    }
  }
  append_own(now, *leader, EntryKind::kConfiguration, encode_configuration(*next));
  take_configuration(log_.last(), std::move(*next));
  update_peers(now, *leader);
  return Proposed{term(), log_.last()};
}

// In effect from the moment that it is appended, on every node (thesis 4.1).
void Raft::take_configuration(Index index, Configuration configuration) {
  const std::uint64_t joint = configuration.joint() ? 1 : 0;
  configurations_.push(index, std::move(configuration));
  trace(TraceKind::kConfiguration, index, {}, joint);
}

// Progress for every member. Who is no longer one is still told so, until the change is committed.
void Raft::update_peers(const Now&, role::Leader& leader) {
  const std::vector<NodeId> members = configuration().members();
  for (Progress& peer : leader.peers) peer.departing = !contains(members, peer.node);
  for (const NodeId node : members) {
    if (node == self_ || leader.find(node)) continue;
    Progress peer;
    peer.node = node;
    peer.probe_from(log_.last());
    const auto at = std::lower_bound(leader.peers.begin(), leader.peers.end(), node,
                                     [](const Progress& p, NodeId n) { return p.node < n; });
    leader.peers.insert(at, std::move(peer));
  }
  if (leader.transfer && !contains(configuration().voters, leader.transfer->target)) {
    end_transfer(leader, true);
  }
}

void Raft::forget_departed(role::Leader& leader) {
  if (configurations_.latest().index > commit_) return;
  for (Progress& peer : leader.peers) {
    if (peer.departing) send_heartbeat(leader, peer);  // the commit index: it may rest now
  }
  std::erase_if(leader.peers, [](const Progress& peer) { return peer.departing; });
}

// Whichever leader commits a joint configuration, or finds it committed, proposes to leave it;
// once, because the proposal is then the latest configuration (bug zoo 34).
void Raft::leave_joint_if_due(const Now& now, role::Leader& leader) {
  const auto& latest = configurations_.latest();
  if (!latest.configuration.joint() || !latest.configuration.auto_leave || latest.index > commit_ ||
      !has_committed_in_term(leader)) {
    return;
  }
  Configuration next = left_behind(latest.configuration);
  append_own(now, leader, EntryKind::kConfiguration, encode_configuration(next));
  take_configuration(log_.last(), std::move(next));
  update_peers(now, leader);
}

// A leader that is no voter any more leads until that is committed, without counting itself (thesis
// 4.2.2), tells everyone, names a successor and goes.
void Raft::leave_if_removed(const Now& now, role::Leader& leader) {
  const auto& latest = configurations_.latest();
  if (latest.index > commit_ || latest.configuration.joint() ||
      latest.configuration.is_voter(self_)) {
    return;
  }
  const Progress* best = nullptr;
  for (Progress& peer : leader.peers) {
    send_to(now, leader, peer);
    send_heartbeat(leader, peer);
    if (latest.configuration.is_voter(peer.node) && (!best || peer.match > best->match)) {
      best = &peer;
    }
  }
  if (best && best->match == log_.last()) send_now(best->node, TimeoutNow{term()});
  trace(TraceKind::kSteppedDown, latest.index, {}, 0);
  become_follower(now, term(), {});
}

}  // namespace synchrodb
