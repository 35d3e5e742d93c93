#include "engine/node/node.h"

#include <map>
#include <utility>

#include "consensus/raft.h"

namespace synchrodb {

Node::Node(Env& env, NodeOptions options, std::vector<GroupOptions> groups)
    : env_(env), options_(options), groups_(std::move(groups)) {}

Node::~Node() = default;

const Replica* Node::replica(GroupId group) const {
  for (const Hosted& hosted : hosted_) {
    if (hosted.id == group) return hosted.replica.get();
  }
  return nullptr;
}

Replica* Node::replica(GroupId group) {
  return const_cast<Replica*>(std::as_const(*this).replica(group));
}

void Node::run() {
  Result<> ready = recover();
  if (!ready) {
    env_.observer.on_fatal(ready.error().message.c_str());
    return;
  }
  for (const Hosted& hosted : hosted_) {
    env_.fibers.spawn("replica", [replica = hosted.replica.get()] { replica->run(); });
  }
  env_.transport.serve(this);
  const Error failure = writer_->run();
  env_.transport.serve(nullptr);
  env_.observer.on_fatal(failure.message.c_str());
}

Result<> Node::recover() {
  storage_ = make_storage(env_.disk, env_.buggify, env_.observer, options_.storage);
  Result<std::map<GroupId, DurableState>> recovered = storage_->recover();
  if (!recovered) return recovered.error();
  writer_ = std::make_unique<Writer>(env_, *storage_, options_.storage);
  for (const GroupOptions& group : groups_) {
    if (Result<> started = start_group(group, std::move(recovered.value()[group.id])); !started) {
      return started;
    }
  }
  return {};
}

Result<> Node::start_group(const GroupOptions& group, DurableState durable) {
  env_.observer.on_recovered(group.id, durable);
  if (durable.fault) env_.observer.on_storage_fault(group.id, *durable.fault);
  const std::optional<SnapshotMeta> snapshot = durable.snapshot;
  auto protocol = make_raft(env_.self, options_.raft, group.founders, std::move(durable),
                            env_.random, io_, env_.clock.both());
  auto replica = std::make_unique<Replica>(env_, group.id, options_.replica, *storage_, *writer_,
                                           std::move(protocol));
  replica->listen(group.changes);
  if (snapshot) {
    if (Result<> restored = replica->restore_from_disk(*snapshot); !restored) return restored;
  }
  hosted_.push_back(Hosted{group.id, std::move(replica)});
  return {};
}

void Node::on_message(PeerMessage message) {
  if (Replica* replica = this->replica(message.group)) {
    replica->receive(message.from, std::move(message.message));
  }
}

void Node::on_request(ClientRequest request, std::unique_ptr<Responder> responder) {
  if (Replica* replica = this->replica(request.group)) {
    replica->request(std::move(request), std::move(responder));
    return;
  }
  ClientReply unknown_group;
  unknown_group.status = ClientReply::Status::kNotLeader;
  responder->reply(std::move(unknown_group));
}

}  // namespace synchrodb
