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
  std::uint16_t tls_port = 0;  // for clients, on the host of `resp`; 0: none, or unknown
  bool operator==(const NodeAddress&) const = default;
};

// Raft's configurations name nodes; this says where they are. Nodes tell each other at every
// handshake, and what a node said of itself last wins. A node's data folder is known from itself
// alone, and stays the same: of a node that left the cluster, too.
class AddressBook {
 public:
  // True if that was news.
  bool learn(const NodeAddress& address);
  // `folder`: 16 bytes, or empty. What was known is kept. True if that was news.
  bool learn_folder(NodeId node, const std::string& folder);
  const NodeAddress* find(NodeId node) const;
  // Empty: not known.
  std::string folder_of(NodeId node) const;
  // By node.
  std::vector<NodeAddress> all() const;
  std::size_t size() const { return book_.size(); }

  // A line a node: "id version rpc resp folder", without what is not known. What the data folder
  // keeps. A folder needs a resp before it; each node says both of itself.
  std::string to_text() const;
  // kCorrupt, with the line's number, if it is not what to_text() writes.
  static Result<AddressBook> from_text(std::string_view text);

 private:
  std::map<NodeId, NodeAddress> book_;
  std::map<NodeId, std::string> folders_;
};

}  // namespace synchrodb::net
