// The nemesis' network family: links that delay, lose, repeat, hold back and damage, and
// partitions.
#include <algorithm>
#include <array>

#include "sim/marks.h"
#include "sim/world/nemesis.h"

namespace synchrodb::sim {
namespace {

// What message-type-loss calls by number; as name_of(Message) says it. Only the first are drawn.
constexpr std::array<const char*, 10> kTypes{
    "vote-request",   "vote-reply",  "heartbeat",      "append-reply",     "snapshot-chunk",
    "snapshot-reply", "timeout-now", "append-request", "pre-vote-request", "pre-vote-reply"};
constexpr std::uint64_t kDrawnTypes = 7;

}  // namespace

void Nemesis::begin_network(Active& active) {
  const std::vector<NodeId> ids = node_ids();
  switch (active.kind) {
    case FaultKind::kDelay:
    case FaultKind::kBimodalDelay:
    case FaultKind::kLinkBias:
    case FaultKind::kLoss:
    case FaultKind::kDuplication:
    case FaultKind::kReordering:
    case FaultKind::kBitFlip:
    case FaultKind::kBandwidth:
    case FaultKind::kOneWayLoss:
      return refresh_links();
    case FaultKind::kClog:
      return clog(active);
    case FaultKind::kMessageTypeLoss: {
      const std::int64_t asked = parameter(active, "type");
      const std::size_t type = asked < 0 || asked >= static_cast<std::int64_t>(kTypes.size())
                                   ? random_.uniform(kDrawnTypes)
                                   : static_cast<std::size_t>(asked);
      const bool inbound = parameter(active, "inbound") != 0;
      active.rules.push_back(world_.network.lose_type(
          kTypes[type], static_cast<std::uint64_t>(parameter(active, "ppm")),
          inbound ? ids_of(active.victims) : std::vector<NodeId>{}));
      return;
    }
    case FaultKind::kPartitionHalves:
      return cut(active, partition_halves(ids, random_));
    case FaultKind::kPartitionMajorityMinority:
      return cut(active, partition_minority(ids, random_));
    case FaultKind::kPartitionIsolateOne:
    case FaultKind::kPartitionIsolateLeader: {
      const Process* leader = cluster_.leader();
      const bool wants_leader = active.kind == FaultKind::kPartitionIsolateLeader;
      if (wants_leader && leader == nullptr) return world_.counters.offer(active.kind);
      const NodeId one = wants_leader ? leader->id() : cluster_[active.victims.front()].id();
      return cut(active, isolate(ids, one));
    }
    case FaultKind::kPartitionBridge:
      return cut(active, partition_bridge(ids, random_, chosen_victim(active)));
    case FaultKind::kPartitionRing:
      return cut(active, partition_ring(ids, random_));
    case FaultKind::kPartitionRandom:
      return cut(active, partition_random(
                             ids, static_cast<std::uint64_t>(parameter(active, "percent")) * 10'000,
                             random_));
    default:
      return;
  }
}

std::vector<NodeId> Nemesis::ids_of(const std::vector<std::uint32_t>& victims) const {
  std::vector<NodeId> ids;
  for (const std::uint32_t victim : victims) ids.push_back(cluster_[victim].id());
  return ids;
}

// The one who was asked for, by number or by role; none where the fault is anybody's.
std::optional<NodeId> Nemesis::chosen_victim(const Active& active) const {
  if (active.victims.size() != 1) return std::nullopt;
  return cluster_[active.victims.front()].id();
}

void Nemesis::cut(Active& active, const LinkSet& links) {
  active.partitions.push_back(world_.network.partition(links, active.kind));
}

// A partition that follows the leader moves on to the new one; an operator who changes the
// membership for a while asks each new leader at once.
void Nemesis::on_leader(Process& leader) {
  for (const auto& each : active_) {
    if (each->kind == FaultKind::kMembershipChange) change_membership_at(leader, *each);
  }
  for (const auto& each : active_) {
    if (each->kind != FaultKind::kPartitionIsolateLeader) continue;
    const std::int64_t follow = parameter(*each, "follow-ms");
    if (follow == 0) continue;
    world_.kernel.after(milliseconds(follow), [this, serial = each->serial, id = leader.id()] {
      Active* active = find(serial);
      if (active == nullptr) return;
      for (const PartitionId old : active->partitions) world_.network.heal(old);
      active->partitions.clear();
      cut(*active, isolate(node_ids(), id));
      SOMETIMES(true, "a new leader was cut off as well");
    });
  }
}

void Nemesis::clog(Active& active) {
  const auto ppm = static_cast<std::uint64_t>(parameter(active, "percent")) * 10'000;
  const std::vector<NodeId> ids = node_ids();
  for (const NodeId from : ids) {
    for (const NodeId to : ids) {
      if (from == to || !random_.bernoulli(ppm)) continue;
      world_.network.clog(from, to);
      active.clogged.emplace_back(from, to);
    }
  }
}

void Nemesis::end_network(Active& active) {
  for (const RuleId rule : active.rules) world_.network.remove_rule(rule);
  for (const PartitionId partition : active.partitions) world_.network.heal(partition);
  for (const auto& [from, to] : active.clogged) world_.network.release(from, to);
  if (active.kind <= FaultKind::kOneWayLoss) refresh_links();
}

bool Nemesis::strikes(const Active& active, NodeId node) const {
  return std::any_of(active.victims.begin(), active.victims.end(),
                     [&](std::uint32_t victim) { return cluster_[victim].id() == node; });
}

// Links are what all faults under way make of their nature, in the order in which those began.
void Nemesis::refresh_links() {
  for (std::uint32_t i = 0; i < cluster_.size(); ++i) {
    const NodeId node = cluster_[i].id();
    for (const NodeId client : clients_) {
      world_.network.set_link(node, client, link_options(node, client, i, false));
      world_.network.set_link(client, node, link_options(client, node, i, true));
    }
    for (std::uint32_t j = 0; j < cluster_.size(); ++j) {
      if (i == j) continue;
      const NodeId peer = cluster_[j].id();
      LinkOptions options = link_options(node, peer, i, false);
      const LinkOptions inbound = link_options(node, peer, j, true);
      // A fault that strikes the receiver only shows there.
      if (options == links_) options = inbound;
      world_.network.set_link(node, peer, options);
    }
  }
}

LinkOptions Nemesis::link_options(NodeId from, NodeId to, std::uint32_t victim,
                                  bool towards_victim) {
  LinkOptions options = links_;
  const auto ppm = [&](const Active& active) {
    return static_cast<std::uint64_t>(parameter(active, "ppm"));
  };
  for (const auto& each : active_) {
    const Active& active = *each;
    if (std::find(active.victims.begin(), active.victims.end(), victim) == active.victims.end()) {
      continue;
    }
    switch (active.kind) {
      case FaultKind::kDelay:
        options.delay_min = microseconds(parameter(active, "min-us"));
        options.delay_mean = microseconds(parameter(active, "mean-us"));
        break;
      case FaultKind::kBimodalDelay:
        options.bimodal_ppm = ppm(active);
        options.bimodal_mean = microseconds(parameter(active, "slow-us"));
        break;
      case FaultKind::kLinkBias: {
        if (parameter(active, "among") != 0 && !(strikes(active, from) && strikes(active, to))) {
          break;
        }
        const std::int64_t most = parameter(active, "max-us");
        Stream draw = world_.streams.stream("link-bias", from.value, to.value);
        options.bias =
            microseconds(draw.uniform_between(std::min(parameter(active, "min-us"), most), most));
        break;
      }
      case FaultKind::kLoss:
        options.loss_ppm = ppm(active);
        break;
      case FaultKind::kDuplication:
        options.duplicate_ppm = ppm(active);
        options.duplicate_mean = microseconds(parameter(active, "late-us"));
        break;
      case FaultKind::kReordering:
        options.reorder_ppm = ppm(active);
        options.reorder_mean = microseconds(parameter(active, "late-us"));
        break;
      case FaultKind::kBitFlip:
        options.flip_ppm = ppm(active);
        break;
      case FaultKind::kBandwidth:
        options.bytes_per_second =
            static_cast<std::uint64_t>(parameter(active, "bytes-per-second"));
        options.max_in_flight = static_cast<std::uint32_t>(
            std::max<std::int64_t>(parameter(active, "buffer-bytes") / 512, 2));
        break;
      case FaultKind::kOneWayLoss:
        if ((parameter(active, "inbound") != 0) == towards_victim) {
          options.one_way_loss_ppm = ppm(active);
        }
        break;
      default:
        break;
    }
  }
  return options;
}

}  // namespace synchrodb::sim
