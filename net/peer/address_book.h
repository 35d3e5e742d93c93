// Where the nodes of a cluster can be reached.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "consensus/types.h"
#include "engine/env/result.h"

namespace synchrodb::net {

struct NodeAddress {
  NodeId node;
  std::string rpc;   // host:port
  std::string resp;  // host:port; empty while unknown
  // Milliseconds since the epoch when the node itself announced it; 0: hearsay.
  std::uint64_t version = 0;
  bool operator==(const NodeAddress&) const = default;
};

// Raft's configurations name nodes; this says where they are. Nodes tell each other at every
// handshake, and what a node said of itself last wins.
class AddressBook {
 public:
  // True if that was news.
  bool learn(const NodeAddress& address);
  const NodeAddress* find(NodeId node) const;
  // By node.
  std::vector<NodeAddress> all() const;
  std::size_t size() const { return book_.size(); }

  // A line a node: "id version rpc resp". What the data folder keeps.
  std::string to_text() const;
  // kCorrupt, with the line's number, if it is not what to_text() writes.
  static Result<AddressBook> from_text(std::string_view text);

 private:
  std::map<NodeId, NodeAddress> book_;
};

}  // namespace synchrodb::net
