// The nemesis' cluster family: what operators do to a cluster, at the wrong moment.
#include <algorithm>

#include "sim/marks.h"
#include "sim/options.h"
#include "sim/world/nemesis.h"

namespace synchrodb::sim {
namespace {

enum ChangeKind : std::int64_t { kDrawn = 0, kAdd = 1, kRemove = 2, kPromote = 3 };

}  // namespace

void Nemesis::begin_cluster(Active& active) {
  switch (active.kind) {
    case FaultKind::kLeadershipTransfer: {
      world_.counters.offer(active.kind);
      const Process* leader = cluster_.leader();
      if (leader == nullptr) return;
      std::vector<NodeId> targets = cluster_.configuration().voters;
      std::erase(targets, leader->id());
      if (targets.empty()) return;
      world_.counters.apply(active.kind);
      admin_.transfer(targets[random_.uniform(targets.size())]);
      return;
    }
    case FaultKind::kSnapshotNow:
      for (const std::uint32_t victim : active.victims) {
        world_.counters.offer(active.kind);
        Replica* replica = cluster_[victim].replica();
        if (replica == nullptr) continue;
        world_.counters.apply(active.kind);
        if (replica->state_machine().applied() > Index{}) world_.counters.strike(active.kind);
        replica->request_snapshot();
      }
      return;
    case FaultKind::kReconfiguredRestart:
      for (const std::uint32_t victim : active.victims) {
        Process& process = cluster_[victim];
        world_.counters.offer(active.kind);
        const std::int64_t standard = option_value(plan_, "election-timeout-ms");
        const std::int64_t percent = parameter(active, "timeout-percent");
        process.options().raft.election_timeout =
            milliseconds(std::max(standard * percent / 100,
                                  process.options().raft.heartbeat_interval.ns / 1'000'000 * 3));
        crash_and_restart(process, false, milliseconds(parameter(active, "down-ms")), active.kind);
      }
      return;
    case FaultKind::kMembershipChange:
      return change_membership(active);
    default:
      return;
  }
}

void Nemesis::change_membership(Active& active) {
  world_.counters.offer(active.kind);
  const Configuration members = cluster_.configuration();
  if (members.joint()) return;
  std::int64_t kind = parameter(active, "kind");
  if (kind == kDrawn) kind = random_.uniform_between(kAdd, kPromote);
  const auto fewest = static_cast<std::size_t>(parameter(active, "min-voters"));
  std::vector<ConfigurationChange> steps;
  if (kind == kRemove && members.voters.size() > fewest) {
    ConfigurationChange remove;
    remove.remove = {members.voters[random_.uniform(members.voters.size())]};
    steps.push_back(remove);
  } else if (kind == kPromote && !members.learners.empty()) {
    ConfigurationChange promote;
    promote.add_voters = {members.learners[random_.uniform(members.learners.size())]};
    steps.push_back(promote);
  } else if (Process* newcomer = joiner(members)) {
    newcomer->start();
    if (cluster_.on_ids_changed) cluster_.on_ids_changed();
    refresh_links();
    ConfigurationChange learn;
    learn.add_learners = {newcomer->id()};
    steps.push_back(learn);
    if (random_.bernoulli(700'000)) {
      ConfigurationChange promote;
      promote.add_voters = {newcomer->id()};
      // Two voters at once: only joint consensus may.
      if (joint_mode() && random_.bernoulli(500'000)) {
        promote.remove = {members.voters[random_.uniform(members.voters.size())]};
      }
      steps.push_back(promote);
    }
  }
  if (steps.empty()) return;
  world_.counters.apply(active.kind);
  admin_.change(std::move(steps), fewest,
                [this] { world_.counters.strike(FaultKind::kMembershipChange); });
}

// A leader that has just won is asked for one change, whatever its predecessors had begun.
void Nemesis::change_membership_at(Process& leader, const Active& active) {
  if (leader.protocol() == nullptr) return;
  world_.counters.offer(FaultKind::kMembershipChange);
  const Configuration members = leader.protocol()->configuration();
  const auto fewest = static_cast<std::size_t>(parameter(active, "min-voters"));
  ConfigurationChange change;
  if (members.voters.size() > fewest && random_.bernoulli(500'000)) {
    change.remove = {members.voters[random_.uniform(members.voters.size())]};
  } else if (Process* newcomer = joiner(members)) {
    newcomer->start();
    if (cluster_.on_ids_changed) cluster_.on_ids_changed();
    change.add_voters = {newcomer->id()};
  } else {
    return;
  }
  world_.counters.apply(FaultKind::kMembershipChange);
  SOMETIMES(true, "a new leader was asked for a membership change at once");
  admin_.ask(leader.id(), change, [this] { world_.counters.strike(FaultKind::kMembershipChange); });
}

bool Nemesis::joint_mode() const {
  return raft_options(plan_).membership == MembershipMode::kJoint;
}

// A machine that is no member: a spare, or one that was removed before and kept its disk.
Process* Nemesis::joiner(const Configuration& members) {
  std::vector<Process*> candidates;
  for (std::uint32_t i = 0; i < cluster_.size(); ++i) {
    if (!members.contains(cluster_[i].id())) candidates.push_back(&cluster_[i]);
  }
  if (candidates.empty()) return nullptr;
  return candidates[random_.uniform(candidates.size())];
}

}  // namespace synchrodb::sim
