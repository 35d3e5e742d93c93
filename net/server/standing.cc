#include "net/server/standing.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "engine/env/sync.h"

namespace synchrodb::net {
namespace {

// Who has come this close is as far as the leader: the last few entries travel meanwhile.
constexpr std::uint64_t kCloseEnough = 64;
constexpr Duration kPatience = seconds(1);

std::string lag_text(Index has, Index of) {
  return "it has entry " + std::to_string(has.value) + " of " + std::to_string(of.value);
}

bool close_enough(Index has, Index of) {
  // However short the log is: who has nothing may not even be told anything.
  return has > Index{} && has.value + kCloseEnough >= of.value;
}

// What a node applies may not be durable there yet. Only the leader knows what is.
std::string lack_of_durable(const Replica& leader, NodeId node) {
  const Index last = leader.protocol().status().last;
  if (node == leader.protocol().status().leader) return "";
  const std::vector<PeerStatus> peers = leader.protocol().peers();
  const auto peer = std::find_if(peers.begin(), peers.end(),
                                 [node](const PeerStatus& p) { return p.node == node; });
  const Index durable = peer != peers.end() ? peer->match : Index{};
  return close_enough(durable, last) ? "" : lag_text(durable, last);
}

}  // namespace

std::optional<Standing> ask_standing(const ServerParts& parts, NodeId node, Duration patience) {
  struct Answer {
    explicit Answer(Loop& loop) : come(loop) {}
    Event come;
    std::optional<Result<ClientReply>> reply;
  };
  // Shared with the callback, which may outlive this fiber when the fiber is cancelled.
  auto answer = std::make_shared<Answer>(parts.loop);
  ClientRequest request;
  request.kind = ClientRequest::Kind::kStatus;
  request.group = kOnlyGroup;
  parts.transport.call(node, std::move(request), monotonic_now() + patience,
                       [answer](Result<ClientReply> reply) {
                         answer->reply.emplace(std::move(reply));
                         answer->come.set();
                       });
  answer->come.wait();
  const Result<ClientReply>& reply = *answer->reply;
  if (!reply || reply.value().status != ClientReply::Status::kOk) return std::nullopt;
  return Standing{reply.value().leader, reply.value().term, reply.value().index};
}

std::string what_it_lacks(const ServerParts& parts, NodeId node) {
  const NodeId leader = parts.leader();
  if (!leader) return "no leader is known";
  const std::optional<Standing> ahead = ask_standing(parts, leader, kPatience);
  if (!ahead || ahead->leader != leader) return "the leader does not answer";
  const std::optional<Standing> own = ask_standing(parts, node, kPatience);
  if (!own) return "it does not answer";
  if (own->term != ahead->term || own->leader != leader) return "it does not hear from the leader";
  if (!close_enough(own->applied, ahead->applied)) return lag_text(own->applied, ahead->applied);
  const Replica* replica = parts.replica();
  const bool leads = replica != nullptr && replica->protocol().status().role == Role::kLeader;
  return leads ? lack_of_durable(*replica, node) : "";
}

}  // namespace synchrodb::net
