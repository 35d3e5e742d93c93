#include "sim/world/view.h"

#include <algorithm>

#include "sim/world/cluster.h"

namespace synchrodb::sim {

TrueTime WorldView::now() const {
  return kernel_.now();
}

std::uint32_t WorldView::size() const {
  return cluster_.size();
}

std::vector<NodeView> WorldView::nodes() const {
  std::vector<NodeView> nodes;
  for (std::uint32_t i = 0; i < size(); ++i) nodes.push_back(node(i));
  return nodes;
}

NodeView WorldView::node(std::uint32_t index) const {
  SYNCHRODB_ASSERT(index < size(), "a world has no such machine");
  const Process& process = cluster_[index];
  NodeView view;
  view.index = index;
  view.id = process.id();
  view.founder = index < cluster_.founders();
  view.running = process.running();
  view.paused = process.paused();
  view.clock_error = process.clock().wall_error();
  if (const ProtocolContents* contents = process.contents()) {
    view.serving = true;
    view.keys = contents->size();
  }
  const Protocol* protocol = process.protocol();
  if (protocol == nullptr) return view;
  const ProtocolStatus status = protocol->status();
  view.serving = true;
  view.role = status.role;
  view.term = status.term;
  view.leader = status.leader;
  view.commit = status.commit;
  view.applied = status.applied;
  view.last = status.last;
  view.configuration = protocol->configuration();
  view.keys = process.replica()->state_machine().key_count();
  return view;
}

std::optional<std::string> WorldView::get(std::uint32_t index, const std::string& key) const {
  SYNCHRODB_ASSERT(index < size(), "a world has no such machine");
  if (const ProtocolContents* contents = cluster_[index].contents()) {
    const auto found = contents->find(key);
    return found == contents->end() ? std::nullopt : std::optional(found->second);
  }
  const Replica* replica = cluster_[index].replica();
  if (replica == nullptr) return std::nullopt;
  const std::vector<std::string> argv{"GET", key};
  const Reply reply = replica->state_machine().read(argv);
  if (reply.kind() != Reply::Kind::kBulk) return std::nullopt;
  return reply.text();
}

std::vector<std::string> WorldView::keys(std::uint32_t index) const {
  SYNCHRODB_ASSERT(index < size(), "a world has no such machine");
  std::vector<std::string> keys;
  if (const ProtocolContents* contents = cluster_[index].contents()) {
    for (const auto& [key, value] : *contents) keys.push_back(key);
    return keys;
  }
  const Replica* replica = cluster_[index].replica();
  if (replica == nullptr) return keys;
  const std::vector<std::string> argv{"KEYS", "*"};
  const Reply reply = replica->state_machine().read(argv);
  for (const Reply& key : reply.elements()) keys.push_back(key.text());
  std::sort(keys.begin(), keys.end());
  return keys;
}

}  // namespace synchrodb::sim
