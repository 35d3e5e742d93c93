// One node: storage, the writer, and a replica for each group that it hosts.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "consensus/options.h"
#include "engine/env/env.h"
#include "engine/replica/replica.h"
#include "engine/replica/writer.h"
#include "engine/storage/storage.h"

namespace synchrodb {

struct NodeOptions {
  RaftOptions raft;
  StorageOptions storage;
  ReplicaOptions replica;
};

struct GroupOptions {
  GroupId id;
  // The founding members; empty on a node that joins later. Only looked at when the node's disk
  // holds nothing of the group yet.
  Configuration founders;
  // Who is told of what the group's entries change; null: nobody. Outlives the node.
  ChangeListener* changes = nullptr;
};

// Lives within one Env; destroyed before it, after its fibers have unwound.
class Node final : public PeerHandler {
 public:
  Node(Env& env, NodeOptions options, std::vector<GroupOptions> groups);
  ~Node() override;

  // The body of the node's first fiber: recovers from disk, then serves. Returns only when the node
  // cannot go on (Observer::on_fatal has been told why), otherwise ends by cancellation.
  void run();

  // Null until recovery is done.
  const Replica* replica(GroupId group) const;
  Replica* replica(GroupId group);

  void on_message(PeerMessage message) override;
  void on_request(ClientRequest request, std::unique_ptr<Responder> responder) override;

 private:
  struct Hosted {
    GroupId id;
    std::unique_ptr<Replica> replica;
  };

  Result<> recover();
  Result<> start_group(const GroupOptions& group, DurableState durable);

  Env& env_;
  NodeOptions options_;
  std::vector<GroupOptions> groups_;
  IoSequence io_;
  std::unique_ptr<Storage> storage_;
  std::unique_ptr<Writer> writer_;
  std::vector<Hosted> hosted_;
};

}  // namespace synchrodb
